"""Diagrams of the members' networks as SVG: blocks from the image to the output, and the layers each phase trains."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log2
from textwrap import wrap

from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.report.blocks import Block, TrainedPhase, blocks, trained_phases
from dermoscopy.report.colours import css
from dermoscopy.report.formatting import classifier, count, plural

LINE = 14  # pixels between two lines of text


@dataclass(frozen=True)
class Rect:
    """A rectangle.

    Attributes:
        x: Left edge, in pixels.
        y: Upper edge, in pixels.
        width: Width in pixels.
        height: Height in pixels.
        css: CSS classes.
        radius: Radius of the corners, in pixels.
    """

    x: float
    y: float
    width: float
    height: float
    css: str
    radius: float = 2


@dataclass(frozen=True)
class Text:
    """A line of text.

    Attributes:
        x: Horizontal position of the anchor, in pixels.
        y: Position of the baseline, in pixels.
        text: The text.
        css: CSS classes: "name" for what a block is, else "".
        anchor: Which point of the text is at `x`: "start", "middle" or "end".
    """

    x: float
    y: float
    text: str
    css: str = ""
    anchor: str = "middle"


@dataclass
class Diagram:
    """A diagram, to which shapes are added until it is drawn.

    Attributes:
        title: Title of the diagram.
        alt: Text description of the diagram, for readers who cannot see it.
        width: Width of the drawing, in pixels.
        height: Height of the drawing, in pixels.
        dots: Centre of the lesion in each image, (x, y) in pixels.
        rects: Rectangles, from back to front.
        arrows: Arrows, each as attribute `d` of an SVG path.
        texts: Texts.
    """

    title: str
    alt: str
    width: float
    height: float
    dots: list[tuple[float, float]]
    rects: list[Rect] = field(default_factory=list)
    arrows: list[str] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


HEAD = 4  # length of an arrow's head, in pixels


def arrow(x: float, y: float, end_x: float, end_y: float) -> str:
    """Return an arrow that leaves and arrives horizontally, as attribute `d` of an SVG path."""
    middle = round((x + end_x) / 2, 1)
    line = f"H{end_x:g}" if y == end_y else f"C{middle:g} {y:g} {middle:g} {end_y:g} {end_x:g} {end_y:g}"
    return f"M{x:g} {y:g}{line}m{-HEAD} {-HEAD}l{HEAD} {HEAD}l{-HEAD} {HEAD}"


def written(x: float, y: float, lines: Sequence[str], css: str = "") -> list[Text]:
    """Return lines of text below each other, centred at x; y is the baseline of the first."""
    return [Text(round(x, 1), round(y + LINE * number, 1), line, css) for number, line in enumerate(lines)]


COLUMN = 110  # pixels between the centres of two blocks
UNBROKEN = "\u00a0×\u00a0"  # with spaces at which no line ends
LETTERS = 18  # of a line of text in a column
TALLEST = 108  # pixels: the height of a feature map of the size of the image
AXIS = 62  # pixels from the top to the middle of all blocks
GAP = 5  # pixels between a block and an arrow
BAR, PHASE, MARGIN = 6, 36, 6  # pixels: height of the bar of a phase, of a phase with its text, space beside a bar


def network_diagram(name: str, parameters: Transfer | SmallCNN, classes: int, suffix: str) -> Diagram:
    """Draw the network of a member.

    Args:
        name: Name of the member.
        parameters: Parameters of the member.
        classes: Number of classes that it predicts, see `networks.target`.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
    """
    drawn, phases = blocks(parameters, classes), trained_phases(parameters)
    middles = [COLUMN * (number + 0.5) for number in range(len(drawn))]
    shapes = [_shape(block, middle, drawn[0], css(name)) for block, middle in zip(drawn, middles, strict=True)]
    diagram = Diagram(
        title=f"{classifier(name)}: network{suffix}",
        alt=_alt(drawn, phases),
        width=COLUMN * len(drawn),
        height=0,
        dots=[(middles[0], AXIS)],
        rects=list(shapes),
        arrows=[
            arrow(round(left.x + left.width + GAP, 1), AXIS, round(right.x - GAP, 1), AXIS)
            for left, right in pairwise(shapes)
        ],
        texts=_described(drawn, middles),
    )
    top = max(text.y for text in diagram.texts) + 12
    for number, phase in enumerate(phases, 1):
        label = f"phase {number} trains" if len(phases) > 1 else "trained"
        diagram.texts.append(Text(COLUMN / 2, top + 13, label))
        _draw_phase(diagram, phase, drawn, css(name), top + 6)
        top += PHASE
    diagram.height = top
    return diagram


def _shape(block: Block, middle: float, image: Block, colour: str) -> Rect:
    """Return a rectangle whose height shows the size of the feature map, and whose width shows the channels."""
    if block is image:
        width, height, colour = 78.0, 78.0, "image"
    elif block.channels is None:
        width, height = 60.0, 60.0
    elif block.size is None:
        width, height = 12.0, 12 + 8 * log2(block.channels)
    else:
        width = 8 + 5 * log2(block.channels)
        height = 14 + (TALLEST - 14) * log2(block.size) / log2(max(2, image.size or 2))
    x, y = round(middle - width / 2, 1), round(AXIS - height / 2, 1)
    return Rect(x, y, round(width, 1), round(height, 1), colour)


def _described(drawn: Sequence[Block], middles: Sequence[float]) -> list[Text]:
    """Return the texts below the blocks."""
    # Words with a multiplication sign are not broken.
    parts = [[part.replace(" × ", UNBROKEN) for part in block.names] for block in drawn]
    names = [[line for part in own for line in wrap(part, LETTERS)] for own in parts]
    first = AXIS + TALLEST / 2 + 22
    second = first + LINE * max(map(len, names)) + 4
    texts = []
    for block, lines, middle in zip(drawn, names, middles, strict=True):
        texts += written(middle, first, lines, "name")
        below = wrap(_output(block, block is drawn[-1]), LETTERS)
        if block.parameters:
            below += [count(block.parameters), "parameters"]
        texts += written(middle, second, below)
    return texts


def _output(block: Block, last: bool) -> str:
    if not last:
        return block.shape
    if block.channels == 1:
        return "probability of malignancy"
    return f"{block.channels} probabilities, malignant ones summed"


def _draw_phase(diagram: Diagram, phase: TrainedPhase, drawn: Sequence[Block], colour: str, y: float) -> None:
    """Draw a bar below the trained layers.

    In a block of which only some layers are trained, the bar begins at their proportion of its layers.
    """
    left, frozen = COLUMN, 0
    if phase.layers is not None:
        frozen = max(0, sum(block.backbone_layers for block in drawn) - phase.layers)
    for number, block in enumerate(drawn[1:], 1):
        if frozen < block.backbone_layers or not block.backbone_layers:
            trained = block.backbone_layers - frozen
            left = COLUMN * number
            if frozen:
                left += round(COLUMN * frozen / block.backbone_layers)
                text = f"{trained} of {block.backbone_layers} layers"
                diagram.texts.append(Text(left + MARGIN, y + 20, text, "", "start"))
            break
        frozen -= block.backbone_layers
    diagram.rects.append(Rect(left + MARGIN, y, COLUMN * len(drawn) - left - 2 * MARGIN, BAR, f"{colour} bar", BAR / 2))


def _alt(drawn: Sequence[Block], phases: Sequence[TrainedPhase]) -> str:
    described = []
    for block in drawn:
        known = [block.shape, plural(block.parameters, "parameter") if block.parameters else ""]
        described.append(": ".join(filter(None, [", ".join(block.names), ", ".join(filter(None, known))])))
    of_phases = [trained_layers(phase, drawn) for phase in phases]
    return f"{'; '.join(described)}." + (f" Trained: {', then '.join(of_phases)}." if of_phases else "")


def trained_layers(phase: TrainedPhase, drawn: Sequence[Block]) -> str:
    """Return which layers a phase trains, as words."""
    layers = sum(block.backbone_layers for block in drawn)
    if phase.layers is None or phase.layers >= layers > 0:
        return "all layers"
    if phase.layers == 0:
        return "the layers after the backbone"
    return f"the last {phase.layers} of {layers} layers of the backbone, and those after it"
