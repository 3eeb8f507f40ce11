"""Floats in the files that git keeps."""

import re
from pathlib import Path

from dermoscopy.core.files import DIGITS

NUMBER = re.compile(r"(?<![\w.])-?(\d+)\.(\d+)(?:e[+-]?\d+)?(?![\w.])")


def long_floats(path: Path) -> list[str]:
    """Return the floats of a JSON or CSV file that have more significant digits than a file in git may have."""
    return [match[0] for match in NUMBER.finditer(path.read_text()) if len((match[1] + match[2]).strip("0")) > DIGITS]
