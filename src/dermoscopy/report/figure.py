"""Axes and lines of a chart, as the page's SVG draws them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite, log10


@dataclass(frozen=True)
class Scale:
    """A linear map from values to a length of the page."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where a value stands, to a tenth of a pixel."""
        span = self.high - self.low
        return round(self.start + (value - self.low) / span * (self.end - self.start), 1)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    place: float
    text: str


@dataclass(frozen=True)
class Line:
    """A curve.

    Attributes:
        path: As SVG's `d`.
        css: Its classes.
    """

    path: str
    css: str


@dataclass(frozen=True)
class Dot:
    """A point one should notice."""

    x: float
    y: float
    css: str


@dataclass(frozen=True)
class Chart:
    """A chart, ready to draw.

    Attributes:
        title: Says what it shows.
        alt: Says what one sees, for who does not see it.
        width: Of the drawing, in pixels where it is not scaled.
        height: Likewise.
        x_label: With the unit, if any.
        y_label: Likewise.
        x_scale: Of the horizontal axis.
        y_scale: Of the vertical axis; it starts at the bottom.
        x_ticks: From left to right.
        y_ticks: From bottom to top.
        lines: Back to front.
        dots: Over the lines.
        rules: Vertical lines, each with a word.
    """

    title: str
    alt: str
    width: int
    height: int
    x_label: str
    y_label: str
    x_scale: Scale
    y_scale: Scale
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: Sequence[Line]
    dots: Sequence[Dot] = field(default=())
    rules: Sequence[Tick] = field(default=())


def path(xs: Iterable[float], ys: Iterable[float], x_scale: Scale, y_scale: Scale) -> str:
    """Return a curve through points as SVG's `d`; it breaks where a point has no number."""
    splits, command = [], "M"
    for x, y in zip(xs, ys, strict=True):
        if not (isfinite(x) and isfinite(y)):
            command = "M"
            continue
        splits.append(f"{command}{x_scale(x):g} {y_scale(y):g}")
        command = "L"
    return "".join(splits)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers from low to high: steps of 1, 2 or 5 times a power of ten, at most `most` + 1 of them."""
    power = 10.0 ** floor(log10((high - low) / most))
    step = next(power * factor for factor in (1, 2, 5, 10) if (high - low) / (power * factor) <= most)
    first = -floor(-low / step + 1e-9)
    last = floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]
