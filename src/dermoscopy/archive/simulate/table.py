"""Who is in the archive: lesions, their latent scores and diagnoses, their patients, their photographs.

The latent score alone decides what is seen. A lesion's label shifts its score; its *looks* (the
diagnoses it resembles) are drawn from what its score makes likely, not from its label. A picture is
thus independent of the label once the score is known: a malignant lesion that looks benign and a
benign mimic of the same score are drawn alike, and no model of pictures can beat the score.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.archive.layout import COLUMNS
from dermoscopy.archive.simulate.diagnoses import (
    DIAGNOSES,
    NO_AGE,
    NO_SEX,
    NO_SITE,
    NOTHING_KNOWN,
    REPEATS,
    Diagnosis,
)
from dermoscopy.archive.simulate.seeds import Stream, generator
from dermoscopy.params.simulate import Simulate

FIRST_IMAGE = 24306  # HAM10000 runs from ISIC_0024306 to ISIC_0034320


def draw_table(params: Simulate) -> pd.DataFrame:
    """Draw everything about the archive but its pictures.

    Ids are dealt at random, so that neither they nor the folders they decide tell anything.

    Returns:
        A row a photograph, sorted by lesion_id and image_id: the columns `archive.layout.COLUMNS` as in HAM10000,
        and what is not published: malignant, score (latent, of the lesion), look and shade (the
        diagnoses it resembles most and second most), lesion and photograph (numbers from 0; the
        latter within its lesion), part (1 or 2: the folder).
    """
    rng = generator(params.seed, Stream.TABLE)
    lesions = _lesions(rng, params)
    images = lesions.loc[lesions.index.repeat(lesions.pop("photographs"))]
    images["photograph"] = images.groupby("lesion").cumcount()
    numbers = rng.permutation(len(images))
    images["image_id"] = [f"ISIC_{FIRST_IMAGE + number:07d}" for number in numbers]
    images["part"] = np.where(numbers < len(images) // 2, 1, 2)
    columns = [*COLUMNS, "malignant", "score", "look", "shade", "lesion", "photograph", "part"]
    return images.sort_values(["lesion_id", "image_id"], ignore_index=True)[columns]


def _lesions(rng: np.random.Generator, params: Simulate) -> pd.DataFrame:
    count = params.lesions
    malignant = rng.permutation(count) < round(params.malignant * count)
    score = rng.normal(params.separation * malignant, 1.0)
    look, shade = (_looks(rng, score, params) for _ in range(2))
    dx = _diagnoses(rng, malignant, look)

    several = np.array(list(REPEATS))
    repeated = rng.random(count) < params.repeated
    photographs = np.where(repeated, rng.choice(several, count, p=_shares(REPEATS)), 1)

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
        "photographs": photographs,
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
