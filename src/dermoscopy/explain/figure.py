"""Figures that come out the same, byte for byte, on every run."""

from pathlib import Path
from typing import Any

INK = "#1c1b19"
FAINT = "#6b6963"
DPI = 110


def new(width: float, height: float) -> Any:
    """Return an empty white figure, in inches; no window, no state shared with other figures."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, facecolor="white")


def save(figure: Any, path: Path) -> None:
    """Write a figure as PNG, without the name and version of what wrote it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", metadata={"Software": None})
