"""What classifiers and diagnoses are called on the page.

How numbers are written; what is missing or undefined is a dash.

Images inside the page: it holds all it shows.
"""

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from numbers import Real
from pathlib import Path

from PIL import Image

from dermoscopy.core.members import member_names

# A name that is not here stands on the page as it is.
CLASSIFIERS: Mapping[str, str] = {
    "vgg19": "VGG19",
    "inception_v3": "Inception V3",
    "cnn_a": "CNN A",
    "cnn_b": "CNN B",
    "ensemble": "Ensemble",
    "vote": "Majority vote",
    "mean": "Mean",
    "accuracy_weighted": "Accuracy-weighted mean",
    "log_loss_weighted": "Mean weighted by log loss",
    "stacking": "Stacking",
    "single": "Single member",
    "prevalence": "Prevalence only",
    "age_sex_site": "Age, sex and site",
    "colours": "Colour statistics",
    "thumbnail": "Thumbnail",
    "dx_type": "dx_type, the leak",
    "latent score": "Latent score, the ceiling",
}

DIAGNOSES: Mapping[str, str] = {
    "akiec": "actinic keratosis or Bowen’s disease",
    "bcc": "basal cell carcinoma",
    "bkl": "benign keratosis",
    "df": "dermatofibroma",
    "mel": "melanoma",
    "nv": "melanocytic naevus",
    "vasc": "vascular lesion",
}

POINTS: Mapping[str, str] = {
    "half": "the paper’s 0.5",
    "balanced": "balanced",
    "sensitive": "sensitive",
}

KINDS: Mapping[str, str] = {
    "ensemble": "Ensemble",
    "member": "Its members",
    "baseline": "Baselines, which see little or the wrong thing",
    "ceiling": "The best one can expect of the images",
}


def classifier(name: str) -> str:
    """Return a classifier's name as one reads it."""
    return CLASSIFIERS.get(name, name)


def diagnosis(dx: str) -> str:
    """Return a diagnosis in full, as it stands within a sentence."""
    return DIAGNOSES.get(dx, dx)


def listing(words: Sequence[str]) -> str:
    """Return words as a sentence lists them."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def opening(words: str) -> str:
    """Return words as they open a line, their first letter large; `capitalize` would make the others small."""
    return words[:1].upper() + words[1:]


# Of a member in params.yaml; a ninth looks as the first.
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def css(name: str) -> str:
    """Return the class that gives a classifier its colour and dash, the same in every chart."""
    if name == "ensemble":
        return "c-ensemble"
    members = member_names()
    return f"c-{PLACES[members.index(name) % len(PLACES)] if name in members else 'other'}"


DASH = "–"


def known(value: object) -> bool:
    """Return whether a value is a number one can write."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def rate(value: float | None) -> str:
    """Return a metric with three decimals."""
    return f"{value:.3f}" if value is not None and known(value) else DASH


def percent(value: float | None, digits: int = 0) -> str:
    """Return a share from 0 to 1 in percent."""
    return f"{100 * value:.{digits}f} %" if value is not None and known(value) else DASH


def signed(value: float | None) -> str:
    """Return a difference with its sign and three decimals."""
    return f"{value:+.3f}".replace("-", "−") if value is not None and known(value) else DASH


def count(value: float | None) -> str:
    """Return a whole number, thousands apart."""
    return f"{value:,.0f}" if value is not None and known(value) else DASH


def interval(low: float | None, high: float | None, write: Callable[[float | None], str] = rate) -> str:
    """Return both bounds of an interval, or one dash if either is missing."""
    return f"{write(low)} to {write(high)}" if known(low) and known(high) else DASH


def bounded(of: Mapping[str, float | None]) -> str:
    """Return a share in percent with its interval; the interval, or all of it, is left out where it is missing."""
    low, high = of.get("low"), of.get("high")
    value = percent(of.get("value"))
    return f"{value}, interval {percent(low)} to {percent(high)}" if known(low) and known(high) else value


def probability(value: float | None) -> str:
    """Return a p with two decimals, or what it is below."""
    if value is None or not known(value):
        return DASH
    return "< 0.001" if value < 0.001 else f"= {value:.3f}" if value < 0.01 else f"= {value:.2f}"


def ratio(part: float | None, whole: float | None) -> float | None:
    """Return a share, None where it is undefined."""
    if part is None or whole is None or not known(part) or not known(whole) or whole == 0:
        return None
    return part / whole


def plural(value: float | None, noun: str, several: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count(value)} {noun if value == 1 else several or noun + 's'}"


QUALITY = 82


def data_uri(path: Path, width: int) -> str | None:
    """Return a image as a data URI, made smaller if it is wider than `width` pixels.

    Returns:
        A JPEG; None where there is no such file.
    """
    if not path.exists():
        return None
    with Image.open(path) as image:
        resized = image.convert("RGB")
    if resized.width > width:
        height = max(1, round(resized.height * width / resized.width))
        resized = resized.resize((width, height), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    resized.save(buffer, format="JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
