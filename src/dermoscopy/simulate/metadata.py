"""Sample the table of the simulated dataset: lesions, latent scores, diagnoses, patients and images.

Only the latent score decides the appearance of a lesion. The label of a lesion shifts its score; its *looks* (the
diagnoses it resembles) are sampled given the score, not given the label. So an image is
independent of the label given the score: a malignant lesion that looks benign and a
benign mimic of the same score have the same distribution of images, and no model of images can be better than
the score. The camera of a lesion is sampled given its label, and images show their camera. So what no model of
images can exceed is the `latent` score: the score with what the camera says about the label. The numbers of each
diagnosis were counted over the 7,470 lesions of HAM10000.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.tables import DATASET
from dermoscopy.ham10000.metadata import COLUMNS
from dermoscopy.simulate.cameras import CAMERAS, log_likelihood_ratio, sample_cameras
from dermoscopy.simulate.noise import Stream, generator
from dermoscopy.simulate.params import Simulate


@dataclass(frozen=True)
class Diagnosis:
    """Frequency, patients, localizations and confirmation of one diagnosis.

    Attributes:
        malignant: Whether it is malignant.
        proportion: Proportion of the lesions of its class, as in HAM10000. The rare benign diagnoses have
            more: with 1 and 2 %, a small dataset could have none.
        age: Mean and standard deviation, in years.
        male: Proportion of men among patients of known sex.
        dx_type: Proportion of each method of confirmation.
        localization: Percentage of each site among lesions of known site.
    """

    malignant: bool
    proportion: float
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
        proportion=0.68,
        age=(47.3, 14.2),
        male=0.518,
        dx_type={"histo": 0.253, "follow_up": 0.686, "consensus": 0.061},
        localization=_sites(13.3, 0.1, 19.6, 2.1, 0.4, 1.1, 3.9, 0.8, 0.7, 22.7, 1.1, 0.4, 21.3, 9.3),
    ),
    "bkl": Diagnosis(
        malignant=False,
        proportion=0.18,
        age=(64.4, 14.0),
        male=0.576,
        dx_type={"histo": 0.670, "consensus": 0.283, "confocal": 0.047},
        localization=_sites(5.0, 0.0, 18.3, 6.9, 0.6, 26.7, 0.1, 0.1, 1.7, 15.0, 2.8, 3.3, 7.8, 9.2),
    ),
    "vasc": Diagnosis(
        malignant=False,
        proportion=0.07,
        age=(52.5, 20.4),
        male=0.510,
        dx_type={"histo": 0.337, "consensus": 0.663},
        localization=_sites(22.4, 0.0, 12.2, 3.1, 0.0, 5.1, 0.0, 0.0, 3.1, 16.3, 2.0, 2.0, 27.6, 6.1),
    ),
    "df": Diagnosis(
        malignant=False,
        proportion=0.07,
        age=(52.7, 13.2),
        male=0.479,
        dx_type={"histo": 0.397, "consensus": 0.603},
        localization=_sites(2.7, 0.0, 1.4, 0.0, 0.0, 0.0, 1.4, 1.4, 0.0, 74.0, 0.0, 0.0, 0.0, 19.2),
    ),
    "mel": Diagnosis(
        malignant=True,
        proportion=0.52,
        age=(61.3, 15.1),
        male=0.604,
        dx_type={"histo": 1.0},
        localization=_sites(5.0, 0.0, 30.1, 5.5, 1.6, 10.6, 2.4, 0.0, 0.2, 16.9, 2.9, 1.5, 4.1, 18.1),
    ),
    "bcc": Diagnosis(
        malignant=True,
        proportion=0.28,
        age=(66.9, 13.5),
        male=0.627,
        dx_type={"histo": 1.0},
        localization=_sites(2.8, 0.0, 37.6, 9.8, 0.0, 18.7, 0.6, 0.0, 0.3, 11.0, 3.4, 3.4, 1.8, 9.8),
    ),
    "akiec": Diagnosis(
        malignant=True,
        proportion=0.20,
        age=(66.6, 11.6),
        male=0.649,
        dx_type={"histo": 1.0},
        localization=_sites(1.3, 0.0, 9.6, 3.9, 0.9, 36.8, 0.0, 0.0, 3.5, 18.0, 3.5, 3.5, 0.4, 18.4),
    ),
}

# Proportions of lesions without any of age, sex and site, without age, without sex, without site.
NO_DATA, NO_AGE, NO_SEX, NO_SITE = 0.0047, 0.0010, 0.0010, 0.0187

# Proportions of lesions with two, three, four, five and six images, among those with more than one.
REPEATS: Mapping[int, float] = {2: 0.7275, 3: 0.2505, 4: 0.0174, 5: 0.0026, 6: 0.0020}


def sample_table(params: Simulate) -> pd.DataFrame:
    """Sample everything about the dataset except its images.

    Ids are assigned at random, so that ids and folders do not depend on the label. They are no ids of HAM10000.

    Args:
        params: The `simulate` block.

    Returns:
        One row per image, sorted by lesion_id and image_id: the columns `ham10000.metadata.COLUMNS` and `dataset` as
        in HAM10000, and the ground truth: malignant; score, which decides the appearance of the lesion; latent, the
        score with what the camera says about the label; look and shade (the diagnoses it resembles most and second
        most); lesion and image (numbers from 0; the latter within its lesion); part (1 or 2, the number of the image
        folder).
    """
    rng = generator(params.seed, Stream.TABLE)
    lesions = _sample_lesions(rng, params)
    images = lesions.loc[lesions.index.repeat(lesions.pop("images"))]
    images["image"] = images.groupby("lesion").cumcount()
    numbers = rng.permutation(len(images))
    images["image_id"] = [f"SIM_{number:07d}" for number in numbers]
    images["part"] = np.where(numbers < len(images) // 2, 1, 2)
    columns = [*COLUMNS, DATASET, "malignant", "score", "latent", "look", "shade", "lesion", "image", "part"]
    return images.sort_values(["lesion_id", "image_id"], ignore_index=True)[columns]


def _sample_lesions(rng: np.random.Generator, params: Simulate) -> pd.DataFrame:
    count = params.lesions
    malignant = rng.permutation(count) < round(params.malignant * count)
    score = rng.normal(params.separation * malignant, 1.0)
    look, shade = (_sample_looks(rng, score, params) for _ in range(2))
    dx = _sample_diagnoses(rng, malignant, look)

    several = np.array(list(REPEATS))
    repeated = rng.random(count) < params.repeated
    images = np.where(repeated, rng.choice(several, count, p=_normalized(REPEATS)), 1)

    camera = sample_cameras(generator(params.seed, Stream.CAMERA), malignant, params.cameras)
    latent = score + log_likelihood_ratio(camera, params.cameras) / params.separation

    patients = pd.DataFrame([_sample_patient(rng, DIAGNOSES[name]) for name in dx])
    ids = [f"SIM_L{number:07d}" for number in rng.permutation(count)]
    sampled = {
        "lesion": np.arange(count),
        "lesion_id": ids,
        "malignant": malignant,
        "score": score,
        "latent": latent,
        DATASET: np.array(list(CAMERAS))[camera],
        "look": look,
        "shade": shade,
        "dx": dx,
        "images": images,
    }
    return pd.concat([pd.DataFrame(sampled), patients], axis=1)


def _sample_looks(rng: np.random.Generator, score: NDArray[np.float64], params: Simulate) -> list[str]:
    """Sample a look for each score: Bayes' rule gives the class, the proportions of its diagnoses the look."""
    prior = np.log(params.malignant / (1 - params.malignant))
    logit = prior + params.separation * (score - params.separation / 2)
    resembles_malignant = rng.random(len(score)) < 1 / (1 + np.exp(-logit))
    return [_sample_of_class(rng, bool(malignant)) for malignant in resembles_malignant]


def _sample_diagnoses(rng: np.random.Generator, malignant: NDArray[np.bool_], look: list[str]) -> list[str]:
    """Return each lesion's look as its diagnosis if the class is right, else a diagnosis of its true class."""
    return [
        name if DIAGNOSES[name].malignant == truth else _sample_of_class(rng, bool(truth))
        for name, truth in zip(look, malignant, strict=True)
    ]


def _sample_of_class(rng: np.random.Generator, malignant: bool) -> str:
    proportions = {name: each.proportion for name, each in DIAGNOSES.items() if each.malignant == malignant}
    return _choose(rng, proportions)


def _sample_patient(rng: np.random.Generator, diagnosis: Diagnosis) -> dict[str, object]:
    """Sample dx_type, age, sex and localization, with gaps as in HAM10000; ages are rounded to five years."""
    mean, deviation = diagnosis.age
    # Adding 0 turns the -0.0 of a small negative number into 0.0.
    age = float(np.clip(5 * np.round(rng.normal(mean, deviation) / 5), 0, 85)) + 0.0
    sex = "male" if rng.random() < diagnosis.male else "female"
    site = _choose(rng, diagnosis.localization)
    dx_type = _choose(rng, diagnosis.dx_type)
    no_data = rng.random() < NO_DATA
    no_age, no_sex, no_site = rng.random(3) < (NO_AGE, NO_SEX, NO_SITE)
    return {
        "dx_type": dx_type,
        "age": np.nan if no_data or no_age else age,
        "sex": "unknown" if no_data or no_sex else sex,
        "localization": "unknown" if no_data or no_site else site,
    }


def _choose(rng: np.random.Generator, proportions: Mapping[str, float]) -> str:
    return list(proportions)[rng.choice(len(proportions), p=_normalized(proportions))]


def _normalized(proportions: Mapping[str, float] | Mapping[int, float]) -> NDArray[np.float64]:
    values = np.array(list(proportions.values()), np.float64)
    return np.asarray(values / values.sum())
