"""Scales, lines and ticks of the charts of the page, which are drawn as SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite, log10


@dataclass(frozen=True)
class Scale:
    """A linear map from values to pixels.

    Attributes:
        low: Value at `start`.
        high: Value at `end`.
        start: First position of the axis, in pixels.
        end: Last position of the axis, in pixels.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the position of a value in pixels, rounded to a tenth."""
        span = self.high - self.low
        return round(self.start + (value - self.low) / span * (self.end - self.start), 1)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis.

    Attributes:
        position: Position along the axis, in pixels.
        text: Label of the mark.
    """

    position: float
    text: str


@dataclass(frozen=True)
class Line:
    """A curve.

    Attributes:
        path: Points as attribute `d` of an SVG path.
        css: CSS classes of the line.
    """

    path: str
    css: str


@dataclass(frozen=True)
class Dot:
    """A highlighted point.

    Attributes:
        x: Horizontal position, in pixels.
        y: Vertical position, in pixels.
        css: CSS classes of the point.
    """

    x: float
    y: float
    css: str


@dataclass(frozen=True)
class Chart:
    """A chart that is ready to draw.

    Attributes:
        title: Title of the chart.
        alt: Text description of the chart, for readers who cannot see it.
        width: Width of the drawing in pixels, before it is scaled to the page.
        height: Height of the drawing in pixels, before it is scaled to the page.
        x_label: Label of the horizontal axis, with its unit.
        y_label: Label of the vertical axis, with its unit.
        x_scale: Scale of the horizontal axis.
        y_scale: Scale of the vertical axis; it starts at the bottom.
        x_ticks: Ticks of the horizontal axis, from left to right.
        y_ticks: Ticks of the vertical axis, from bottom to top.
        lines: Lines, from back to front.
        dots: Points, drawn over the lines.
        rules: Vertical dotted lines.
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
    """Return a curve as attribute `d` of an SVG path, with a gap at points that are not finite."""
    commands, command = [], "M"
    for x, y in zip(xs, ys, strict=True):
        if not (isfinite(x) and isfinite(y)):
            command = "M"
            continue
        commands.append(f"{command}{x_scale(x):g} {y_scale(y):g}")
        command = "L"
    return "".join(commands)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most `most` + 1 round numbers from low to high, in steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10((high - low) / most))
    step = next(power * factor for factor in (1, 2, 5, 10) if (high - low) / (power * factor) <= most)
    first = -floor(-low / step + 1e-9)
    last = floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]
