"""Format names, numbers and images for the page; a missing or undefined number becomes a dash.

A number is first rounded as in the files of git. Otherwise the same value could be 0.842 from a table of DVC and 0.843
from git.
"""

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from numbers import Real
from pathlib import Path

from PIL import Image

from dermoscopy.core.files import rounded

# A name that is not listed is shown unchanged.
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
    "source": "Source (clinic and camera)",
    "dx_type": "dx_type (leaks the label)",
    "latent score": "Latent score (upper bound)",
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
    "member": "Members",
    "baseline": "Baselines",
    "ceiling": "Upper bound",
}


def classifier(name: str) -> str:
    """Return the display name of a classifier or combination method."""
    return CLASSIFIERS.get(name, name)


def diagnosis(dx: str) -> str:
    """Return the full name of a diagnosis, as written within a sentence."""
    return DIAGNOSES.get(dx, dx)


def listing(words: Sequence[str]) -> str:
    """Join words with commas and a final "and"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def opening(words: str) -> str:
    """Return a text with its first letter in upper case; `capitalize` would change the other letters."""
    return words[:1].upper() + words[1:]


DASH = "–"


def is_finite(value: object) -> bool:
    """Return whether a value is a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def rate(value: float | None) -> str:
    """Return a metric with three decimals."""
    return f"{rounded(value):.3f}".replace("-", "−") if value is not None and is_finite(value) else DASH


def percent(value: float | None, digits: int = 0) -> str:
    """Return a proportion from 0 to 1 as a percentage."""
    return f"{100 * rounded(value):.{digits}f} %" if value is not None and is_finite(value) else DASH


def signed(value: float | None) -> str:
    """Return a difference with its sign and three decimals."""
    return f"{rounded(value):+.3f}".replace("-", "−") if value is not None and is_finite(value) else DASH


def count(value: float | None) -> str:
    """Return a whole number with thousands separators."""
    return f"{value:,.0f}" if value is not None and is_finite(value) else DASH


def interval(low: float | None, high: float | None, write: Callable[[float | None], str] = rate) -> str:
    """Return both bounds of an interval, or one dash if a bound is missing."""
    return f"{write(low)} to {write(high)}" if is_finite(low) and is_finite(high) else DASH


def bounded(estimate: Mapping[str, float | None], confidence: str) -> str:
    """Return a proportion as a percentage with its confidence interval, if it has one.

    Args:
        estimate: Keys value, low and high, each from 0 to 1.
        confidence: Confidence level as written, for example "95 %".
    """
    low, high = estimate.get("low"), estimate.get("high")
    value = percent(estimate.get("value"))
    bounds = f", {confidence} confidence interval {percent(low)} to {percent(high)}"
    return value + bounds if is_finite(low) and is_finite(high) else value


def probability(value: float | None) -> str:
    """Return a p-value with its relation sign, for example "= 0.31" or "< 0.001"."""
    if value is None or not is_finite(value):
        return DASH
    return "< 0.001" if value < 0.001 else f"= {value:.3f}" if value < 0.01 else f"= {value:.2f}"


def ratio(part: float | None, whole: float | None) -> float | None:
    """Return part / whole, or None if it is undefined."""
    if part is None or whole is None or not is_finite(part) or not is_finite(whole) or whole == 0:
        return None
    return part / whole


def plural(value: float | None, noun: str, several: str | None = None) -> str:
    """Return a count with its noun in the singular or plural."""
    return f"{count(value)} {noun if value == 1 else several or noun + 's'}"


QUALITY = 82


def data_uri(path: Path, width: int) -> str | None:
    """Return an image file as a data URI, so that the page needs no other file.

    Args:
        path: Image file; it may be missing.
        width: Largest width in pixels; a wider image is made smaller.

    Returns:
        A JPEG as a data URI, or None if there is no such file.
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
