"""Colours of the classifiers. They depend on the name only, so that no other member changes them.

The page, the charts of `dvc plots show` (.dvc/plots) and the images of README have the same colours.
"""

import re

from dermoscopy.core.members import member_names
from dermoscopy.core.tables import ENSEMBLE

# Members with a colour of templates/page.css.
CHOSEN = {"vgg19": "first", "inception_v3": "second", "cnn_a": "third", "cnn_b": "fourth"}

SATURATION, LIGHTNESS = 45, 38  # percent, of the other members on a light background
DASHES = ("3 3", "12 4", "6 3 1 3 1 3", "2 7", "8 2")
HUES = 157  # a prime number, so that every letter of the name counts
STEP = 59  # near 0.38 of HUES: names that differ by one letter or digit get very different hues


def hue(name: str) -> int:
    """Return the hue of a member that has no chosen colour, in degrees.

    It is from 68 to 149 (green) or from 258 to 332 (purple), between the hues of the chosen colours. The templates of
    .dvc/plots compute the same. Two names may get similar hues.

    Args:
        name: Name of the member. Only its last ten letters and digits count.
    """
    code = int(re.sub("[^a-z0-9]", "", name.lower())[-10:], 36) % HUES * STEP % HUES
    return code + (68 if code < 82 else 176)


def css(name: str) -> str:
    """Return the CSS class of a classifier's colour and dash, the same in all charts."""
    if name == ENSEMBLE:
        return "c-ensemble"
    if name in CHOSEN:
        return f"c-{CHOSEN[name]}"
    return f"c-hue-{hue(name)}" if name in member_names() else "c-other"


def rules() -> list[str]:
    """Return the CSS rules of the members that have no chosen colour."""
    hues = sorted({hue(name) for name in member_names() if name not in CHOSEN})
    return [
        f".c-hue-{degrees} {{ --own: hsl({degrees} {SATURATION}% var(--lightness)); }} "
        f".roc .c-hue-{degrees} {{ stroke-dasharray: {DASHES[degrees % len(DASHES)]}; }}"
        for degrees in hues
    ]
