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
class Label:
    """A text in the drawing.

    Attributes:
        x: Horizontal position of the anchor, in pixels.
        y: Position of the baseline, in pixels.
        text: The text.
        anchor: Which point of the text is at `x`: "start", "middle" or "end".
        angle: Rotation about the anchor, clockwise in degrees.
    """

    x: float
    y: float
    text: str
    anchor: str = "middle"
    angle: int = 0


@dataclass(frozen=True)
class Rule:
    """A vertical dotted line with its label.

    Attributes:
        position: Horizontal position, in pixels.
        label: What the line marks.
    """

    position: float
    label: Label


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
        rules: Vertical dotted lines, each from the horizontal axis up to its label.
        labels: Other texts.
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
    rules: Sequence[Rule] = field(default=())
    labels: Sequence[Label] = field(default=())


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


def band(xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], x_scale: Scale, y_scale: Scale) -> str:
    """Return the area between two curves as attribute `d` of an SVG path, without the points that are not finite."""
    points = [(x, low, high) for x, low, high in zip(xs, lows, highs, strict=True) if isfinite(low) and isfinite(high)]
    around = [x for x, _, _ in points] + [x for x, _, _ in reversed(points)]
    bounds = [high for _, _, high in points] + [low for _, low, _ in reversed(points)]
    return path(around, bounds, x_scale, y_scale) + "Z" if points else ""


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most `most` + 1 round numbers from low to high, in steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10((high - low) / most))
    step = next(power * factor for factor in (1, 2, 5, 10) if (high - low) / (power * factor) <= most)
    first = -floor(-low / step + 1e-9)
    last = floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


LINE_HEIGHT = 13  # pixels between two lines of labels above a chart
BASELINE = 15  # pixels from the top of the drawing to the first of these lines


def below_labels(lines: int) -> int:
    """Return the position just below some lines of labels, in pixels from the top."""
    return LINE_HEIGHT * lines + BASELINE - 6


def label_rules(marks: Iterable[Tick], scale: Scale) -> list[Rule]:
    """Return vertical lines whose labels are above the chart, each in its own line of text, so that none overlap.

    The vertical axis must end below them, at `below_labels(lines)`.

    Args:
        marks: Positions and texts of the lines.
        scale: Horizontal axis. Labels in its left half are to the right of their line, the others to the left.
    """
    middle = (scale.start + scale.end) / 2
    # The outermost lines come first and are the longest, so that they pass beside the labels of the inner ones.
    ordered = sorted(marks, key=lambda mark: (mark.position >= middle, -abs(mark.position - middle)))
    rules = []
    for number, mark in enumerate(ordered):
        x, anchor = (mark.position + 3, "start") if mark.position < middle else (mark.position - 3, "end")
        rules.append(Rule(mark.position, Label(round(x, 1), LINE_HEIGHT * number + BASELINE, mark.text, anchor)))
    return rules
