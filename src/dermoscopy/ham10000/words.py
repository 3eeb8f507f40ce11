"""The words of the metadata table: HAM10000's own, other ways to write them, and ages.

Case, blanks, hyphens and other separators do not count. Every other word is unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dermoscopy.core.suggestions import nearest_word
from dermoscopy.core.tables import DATASET, UNKNOWN
from dermoscopy.core.tables import DIAGNOSES as DIAGNOSES

if TYPE_CHECKING:
    import pandas as pd

DX_TYPES = ("confocal", "consensus", "follow_up", "histo")
SEXES = ("female", "male")
LOCALIZATIONS = (
    *("abdomen", "acral", "back", "chest", "ear", "face", "foot", "genital", "hand", "lower extremity", "neck"),
    *("scalp", "trunk", "upper extremity"),
    # Sites of the ISIC archive that are wider than one of HAM10000, or overlap several.
    *("anterior torso", "head/neck", "lateral torso", "oral/genital"),
)
FIELDS = ("dx", "dx_type", "age", "sex", "localization")
WORDS = {"dx": DIAGNOSES, "dx_type": DX_TYPES, "sex": SEXES, "localization": LOCALIZATIONS}
# How programs and people write a missing value; a hyphen, a full stop and blanks are empty.
MISSING = ("", "unknown", "na", "n a", "#n a", "<na>", "nan", "nat", "none", "null", "nil", "missing", "?")
# The names in the paper of HAM10000 and in popular copies of its table; then the words of the ISIC archive.
SYNONYMS = {
    "dx": {
        "actinic keratoses": "akiec",
        "actinic keratosis": "akiec",
        "actinic keratoses and intraepithelial carcinoma": "akiec",
        "actinic keratoses and intraepithelial carcinoma bowen s disease": "akiec",
        "bowen s disease": "akiec",
        "basal cell carcinoma": "bcc",
        "benign keratosis": "bkl",
        "benign keratosis like lesion": "bkl",
        "benign keratosis like lesions": "bkl",
        "lichen planus like keratosis": "bkl",
        "seborrheic keratosis": "bkl",
        "solar lentigo": "bkl",
        "dermatofibroma": "df",
        "melanoma": "mel",
        "melanocytic nevi": "nv",
        "melanocytic nevus": "nv",
        "nevus": "nv",
        "vascular lesion": "vasc",
        "vascular lesions": "vasc",
        "vascular skin lesions": "vasc",
    },
    "dx_type": {
        "followup": "follow_up",
        "histology": "histo",
        "histopathology": "histo",
        "serial imaging showing no change": "follow_up",
        "single image expert consensus": "consensus",
        "expert consensus": "consensus",
        "confocal microscopy": "confocal",
        "confocal microscopy with consensus dermoscopy": "confocal",
    },
    "sex": {"f": "female", "woman": "female", "m": "male", "man": "male"},
    "localization": {
        "posterior torso": "back",
        "torso": "trunk",
        "palms soles": "acral",
        "lower limb": "lower extremity",
        "upper limb": "upper extremity",
        "genitals": "genital",
        "genitalia": "genital",
    },
}
SOURCE = re.compile("[a-z0-9][a-z0-9_.-]{0,59}")
AGE = re.compile(r"[0-9]{1,3}(?:\.[0-9]*)?")
DECIMAL_COMMA = re.compile(r"[0-9]{1,3},[0-9]{1,2}")  # with three digits the comma may separate thousands
MAX_AGE = 120  # years


class Reading(NamedTuple):
    """A field of the table as it is understood.

    Attributes:
        value: A word of `WORDS`, or `UNKNOWN`; an age as a decimal number, or empty if it is missing or invalid.
        valid: Whether the field is a known word, a valid age or a missing value.
    """

    value: str
    valid: bool


def _key(text: str) -> str:
    return re.sub(r"[\s_,.'’()/\\-]+", " ", text.casefold()).strip()


KNOWN = {column: {_key(word): word for word in words} | SYNONYMS[column] for column, words in WORDS.items()}


def read(column: str, text: str) -> Reading:
    """Read a field.

    Args:
        column: "dx", "dx_type", "sex", "localization", "age" or "dataset".
        text: The field as written.
    """
    key = _key(text)
    if column == "age":
        return Reading("", True) if key in MISSING else _read_age(text.strip())
    if column == DATASET:
        return Reading("", True) if key in MISSING else _read_source(text)
    word = KNOWN[column].get(key)
    return Reading(word or UNKNOWN, word is not None or key in MISSING)


def _read_age(text: str) -> Reading:
    number = text.replace(",", ".") if DECIMAL_COMMA.fullmatch(text) else text
    valid = AGE.fullmatch(number) is not None and float(number) <= MAX_AGE
    return Reading(number if valid else "", valid)


def _read_source(text: str) -> Reading:
    name = re.sub(r"\s+", "_", text.strip().casefold())
    valid = SOURCE.fullmatch(name) is not None
    return Reading(name if valid else "", valid)


def read_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns of a table whose fields are read: `FIELDS`, and `DATASET` if the table has it."""
    return [*FIELDS, *([DATASET] if DATASET in frame else [])]


def nearest(column: str, text: str) -> str | None:
    """Return the known word of a column that is most similar to an unknown one, or None if none is similar."""
    known = KNOWN.get(column, {})
    key = nearest_word(_key(text), known)
    return known[key] if key else None


def normalize(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of texts with the words of `WORDS`; other words become `UNKNOWN`, invalid ages are empty."""
    return frame.assign(
        **{
            column: frame[column].map({text: read(column, text).value for text in frame[column].unique()})
            for column in read_columns(frame)
        }
    )
