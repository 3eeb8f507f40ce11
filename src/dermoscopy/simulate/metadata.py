"""Who is in the dataset: lesions, their latent scores and diagnoses, their patients, their images.

The latent score alone decides what is seen. A lesion's label shifts its score; its *looks* (the
diagnoses it resembles) are drawn from what its score makes likely, not from its label. A image is
thus independent of the label once the score is known: a malignant lesion that looks benign and a
benign mimic of the same score are drawn alike, and no model of images can beat the score.

HAM10000's seven diagnoses in numbers, counted over its 7,470 lesions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.ham10000.metadata import COLUMNS
from dermoscopy.simulate.noise import Stream, generator
from dermoscopy.simulate.params import Simulate


@dataclass(frozen=True)
class Diagnosis:
    """One diagnosis: how often it is met, in whom, where, and how it was confirmed.

    Attributes:
        malignant: Whether its class is malignant.
        share: Of the lesions of its class. HAM10000's, but for the rare benign ones: so few of them
            (1 and 2 %) would leave a small dataset without any.
        age: Mean and standard deviation, in years.
        male: Share of men among those whose sex is known.
        dx_type: Share of each way of confirming it.
        localization: Share of each site among those whose site is known, in percent.
    """

    malignant: bool
    share: float
    age: tuple[float, float]
    male: float
    dx_type: Mapping[str, float]
    localization: Mapping[str, float]


SITES = (
    "abdomen", "acral", "back", "chest", "ear", "face", "foot", "genital",
    "hand", "lower extremity", "neck", "scalp", "trunk", "upper extremity",
)  # fmt: skip


def _sites(*percent: float) -> Mapping[str, float]:
    return dict(zip(SITES, percent, strict=True))


DIAGNOSES: Mapping[str, Diagnosis] = {
    "nv": Diagnosis(
        malignant=False,
        share=0.68,
        age=(47.3, 14.2),
        male=0.518,
        dx_type={"histo": 0.253, "follow_up": 0.686, "consensus": 0.061},
        localization=_sites(13.3, 0.1, 19.6, 2.1, 0.4, 1.1, 3.9, 0.8, 0.7, 22.7, 1.1, 0.4, 21.3, 9.3),
    ),
    "bkl": Diagnosis(
        malignant=False,
        share=0.18,
        age=(64.4, 14.0),
        male=0.576,
        dx_type={"histo": 0.670, "consensus": 0.283, "confocal": 0.047},
        localization=_sites(5.0, 0.0, 18.3, 6.9, 0.6, 26.7, 0.1, 0.1, 1.7, 15.0, 2.8, 3.3, 7.8, 9.2),
    ),
    "vasc": Diagnosis(
        malignant=False,
        share=0.07,
        age=(52.5, 20.4),
        male=0.510,
        dx_type={"histo": 0.337, "consensus": 0.663},
        localization=_sites(22.4, 0.0, 12.2, 3.1, 0.0, 5.1, 0.0, 0.0, 3.1, 16.3, 2.0, 2.0, 27.6, 6.1),
    ),
    "df": Diagnosis(
        malignant=False,
        share=0.07,
        age=(52.7, 13.2),
        male=0.479,
        dx_type={"histo": 0.397, "consensus": 0.603},
        localization=_sites(2.7, 0.0, 1.4, 0.0, 0.0, 0.0, 1.4, 1.4, 0.0, 74.0, 0.0, 0.0, 0.0, 19.2),
    ),
    "mel": Diagnosis(
        malignant=True,
        share=0.52,
        age=(61.3, 15.1),
        male=0.604,
        dx_type={"histo": 1.0},
        localization=_sites(5.0, 0.0, 30.1, 5.5, 1.6, 10.6, 2.4, 0.0, 0.2, 16.9, 2.9, 1.5, 4.1, 18.1),
    ),
    "bcc": Diagnosis(
        malignant=True,
        share=0.28,
        age=(66.9, 13.5),
        male=0.627,
        dx_type={"histo": 1.0},
        localization=_sites(2.8, 0.0, 37.6, 9.8, 0.0, 18.7, 0.6, 0.0, 0.3, 11.0, 3.4, 3.4, 1.8, 9.8),
    ),
    "akiec": Diagnosis(
        malignant=True,
        share=0.20,
        age=(66.6, 11.6),
        male=0.649,
        dx_type={"histo": 1.0},
        localization=_sites(1.3, 0.0, 9.6, 3.9, 0.9, 36.8, 0.0, 0.0, 3.5, 18.0, 3.5, 3.5, 0.4, 18.4),
    ),
}

# Shares of lesions of which nothing, not the age, not the sex, not the site is known.
NOTHING_KNOWN, NO_AGE, NO_SEX, NO_SITE = 0.0047, 0.0010, 0.0010, 0.0187

# Share of those imaged more than once that have two, three, four, five, six images.
REPEATS: Mapping[int, float] = {2: 0.7275, 3: 0.2505, 4: 0.0174, 5: 0.0026, 6: 0.0020}

FIRST_IMAGE = 24306  # HAM10000 runs from ISIC_0024306 to ISIC_0034320


def draw_table(params: Simulate) -> pd.DataFrame:
    """Draw everything about the dataset but its images.

    Ids are dealt at random, so that neither they nor the folders they decide tell anything.

    Returns:
        A row a image, sorted by lesion_id and image_id: the columns `dataset.layout.COLUMNS` as in HAM10000,
        and what is not published: malignant, score (latent, of the lesion), look and shade (the
        diagnoses it resembles most and second most), lesion and image (numbers from 0; the
        latter within its lesion), part (1 or 2: the folder).
    """
    rng = generator(params.seed, Stream.TABLE)
    lesions = _lesions(rng, params)
    images = lesions.loc[lesions.index.repeat(lesions.pop("images"))]
    images["image"] = images.groupby("lesion").cumcount()
    numbers = rng.permutation(len(images))
    images["image_id"] = [f"ISIC_{FIRST_IMAGE + number:07d}" for number in numbers]
    images["part"] = np.where(numbers < len(images) // 2, 1, 2)
    columns = [*COLUMNS, "malignant", "score", "look", "shade", "lesion", "image", "part"]
    return images.sort_values(["lesion_id", "image_id"], ignore_index=True)[columns]


def _lesions(rng: np.random.Generator, params: Simulate) -> pd.DataFrame:
    count = params.lesions
    malignant = rng.permutation(count) < round(params.malignant * count)
    score = rng.normal(params.separation * malignant, 1.0)
    look, shade = (_looks(rng, score, params) for _ in range(2))
    dx = _diagnoses(rng, malignant, look)

    several = np.array(list(REPEATS))
    repeated = rng.random(count) < params.repeated
    images = np.where(repeated, rng.choice(several, count, p=_shares(REPEATS)), 1)

    patients = pd.DataFrame([_patient(rng, DIAGNOSES[name]) for name in dx])
    ids = [f"HAM_{number:07d}" for number in rng.permutation(count)]
    drawn = {
        "lesion": np.arange(count),
        "lesion_id": ids,
        "malignant": malignant,
        "score": score,
        "look": look,
        "shade": shade,
        "dx": dx,
        "images": images,
    }
    return pd.concat([pd.DataFrame(drawn), patients], axis=1)


def _looks(rng: np.random.Generator, score: NDArray[np.float64], params: Simulate) -> list[str]:
    """Draw a look for each score: Bayes' rule gives the class, its diagnoses' shares the look."""
    prior = np.log(params.malignant / (1 - params.malignant))
    odds = prior + params.separation * (score - params.separation / 2)
    resembles_malignant = rng.random(len(score)) < 1 / (1 + np.exp(-odds))
    return [_of_class(rng, bool(malignant)) for malignant in resembles_malignant]


def _diagnoses(rng: np.random.Generator, malignant: NDArray[np.bool_], look: list[str]) -> list[str]:
    """Give each lesion the diagnosis it looks like, or one of its class where its look deceives."""
    return [
        name if DIAGNOSES[name].malignant == truth else _of_class(rng, bool(truth))
        for name, truth in zip(look, malignant, strict=True)
    ]


def _of_class(rng: np.random.Generator, malignant: bool) -> str:
    shares = {name: each.share for name, each in DIAGNOSES.items() if each.malignant == malignant}
    return _choose(rng, shares)


def _patient(rng: np.random.Generator, diagnosis: Diagnosis) -> dict[str, object]:
    """Draw dx_type, age, sex and localization, with HAM10000's gaps; ages are rounded to five years."""
    mean, deviation = diagnosis.age
    age = float(np.clip(5 * np.round(rng.normal(mean, deviation) / 5), 0, 85))
    sex = "male" if rng.random() < diagnosis.male else "female"
    site = _choose(rng, diagnosis.localization)
    dx_type = _choose(rng, diagnosis.dx_type)
    nothing = rng.random() < NOTHING_KNOWN
    no_age, no_sex, no_site = rng.random(3) < (NO_AGE, NO_SEX, NO_SITE)
    return {
        "dx_type": dx_type,
        "age": np.nan if nothing or no_age else age,
        "sex": "unknown" if nothing or no_sex else sex,
        "localization": "unknown" if nothing or no_site else site,
    }


def _choose(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    return list(shares)[rng.choice(len(shares), p=_shares(shares))]


def _shares(shares: Mapping[str, float] | Mapping[int, float]) -> NDArray[np.float64]:
    values = np.array(list(shares.values()), np.float64)
    return np.asarray(values / values.sum())
