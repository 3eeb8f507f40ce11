"""Diagram of the ensemble as SVG: image, members with their weights, combination, calibration, threshold, decision."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.report.blocks import blocks, count_weights
from dermoscopy.report.colours import css
from dermoscopy.report.diagrams import LINE, Diagram, Rect, Text, arrow, written
from dermoscopy.report.formatting import classifier, count, percent, rate, signed
from dermoscopy.report.inputs import Sources

METHODS: Mapping[str, str] = {
    "single": "none: a single member",
    "vote": "proportion of the members that predict malignant",
    "mean": "mean of the probabilities",
    "accuracy_weighted": "mean of the probabilities, weighted by accuracy on val",
    "log_loss_weighted": "mean of the probabilities, with the weights of the lowest log loss on val",
    "stacking": "weighted sum of the logits",
}
CALIBRATIONS: Mapping[str, str] = {"platt": "Platt scaling", "temperature": "temperature scaling"}

IMAGE, MEMBER, STEP, OUTCOME = 78, 162, 124, 78  # widths in pixels
TALL, SPACE = 62, 14  # pixels: height of a member, and space between two
SHORTEST = 190  # pixels: height of the diagram of a single member
FAN, WEIGHTS, NEXT = 38, 66, 26  # pixels: the space for arrows before the members, after them, and between two steps
EDGE = 1  # pixels around the drawing, for half a line
GAP = 4  # pixels between a frame and an arrow
LETTERS = 20  # of a line of text in a step

Steps = Mapping[str, list[str]]


def ensemble_diagram(
    sources: Sources,
    models: Mapping[str, Transfer | SmallCNN],
    classes: int,
    calibration: str,
    decision: tuple[str, float],
    suffix: str,
) -> Diagram:
    """Draw the ensemble, from the image to the decision.

    Args:
        sources: Outputs of the other stages.
        models: Parameters of all members.
        classes: Number of classes that the members predict, see `networks.target`.
        calibration: Method of calibration.
        decision: Display name of the operating point, and the probability from which it predicts malignant.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
    """
    names, weights = sources.choice.members, _weights(sources)
    height = max(SHORTEST, len(names) * (TALL + SPACE) - SPACE + 8)
    point, threshold = decision
    steps = {
        "combination": _combination(sources),
        "calibration": _calibration(sources, calibration),
        "threshold": [f"“{point}”:", "malignant from", f"{percent(threshold, 1)} on"],
    }
    weighted = ", ".join(f"{classifier(name)} ({rate(weights[name])})" for name in names)
    diagram = Diagram(
        title=f"Ensemble: from the image to the decision{suffix}",
        alt=f"Members with their weights: {weighted}. "
        + " ".join(f"{name.capitalize()}: {' '.join(lines)}." for name, lines in steps.items()),
        width=EDGE + IMAGE + FAN + MEMBER + WEIGHTS + len(steps) * (STEP + NEXT) + OUTCOME + EDGE,
        height=height,
        dots=[(EDGE + IMAGE / 2, height / 2)],
    )
    diagram.rects.append(Rect(EDGE, height / 2 - IMAGE / 2, IMAGE, IMAGE, "image"))
    diagram.texts += written(EDGE + IMAGE / 2, height / 2 + IMAGE / 2 + LINE + 2, ["image"], "name")
    top = (height - len(names) * (TALL + SPACE) + SPACE) / 2
    for number, name in enumerate(names):
        total = count_weights(blocks(models[name], classes))
        described = [f"{models[name].image_size} × {models[name].image_size} pixels"]
        if total is not None:
            described.append(f"{count(total)} parameters")
        _draw_member(diagram, name, described, weights[name], top + number * (TALL + SPACE))
    _draw_steps(diagram, steps, EDGE + IMAGE + FAN + MEMBER + WEIGHTS)
    return diagram


def _draw_member(diagram: Diagram, name: str, described: Sequence[str], weight: float, y: float) -> None:
    """Draw a member, the arrow from the image to it, and the arrow to the combination with its weight."""
    left, axis, middle = EDGE + IMAGE + FAN, diagram.height / 2, y + TALL / 2
    right = left + MEMBER
    diagram.rects += [Rect(left, y, MEMBER, TALL, "frame"), Rect(left, y, 5, TALL, css(name))]
    diagram.texts += written(left + MEMBER / 2, y + 21, [classifier(name)], "name")
    diagram.texts += written(left + MEMBER / 2, y + 21 + LINE, described)
    diagram.arrows += [
        arrow(EDGE + IMAGE + GAP, axis, left - GAP, middle),
        arrow(right + GAP, middle, right + WEIGHTS - GAP, axis),
    ]
    # Above the arrow, or in the lower half below it.
    diagram.texts.append(Text(right + GAP + 2, middle + (-6 if middle <= axis else 15), rate(weight), "", "start"))


def _draw_steps(diagram: Diagram, steps: Steps, x: float) -> None:
    """Draw the steps after the members from left to right, and the two decisions."""
    axis = diagram.height / 2
    for name, texts in steps.items():
        lines = [line for text in texts for line in wrap(text, LETTERS)]
        height = 34 + LINE * len(lines)
        diagram.rects.append(Rect(x, axis - height / 2, STEP, height, "frame"))
        diagram.texts += written(x + STEP / 2, axis - height / 2 + 20, [name], "name")
        diagram.texts += written(x + STEP / 2, axis - height / 2 + 22 + LINE, lines)
        x += STEP + NEXT
        if name != list(steps)[-1]:
            diagram.arrows.append(arrow(x - NEXT + GAP, axis, x - GAP, axis))
    for label, y in (("malignant", axis - 34), ("benign", axis + 34)):
        diagram.rects.append(Rect(x, y - 16, OUTCOME, 32, f"label-{label}"))
        diagram.texts += written(x + OUTCOME / 2, y + 4, [label], "name")
        diagram.arrows.append(arrow(x - NEXT + GAP, axis, x - GAP, y))


def _weights(sources: Sources) -> dict[str, float]:
    """Return the weight of each member in the ensemble."""
    rows = sources.weights
    own = rows[(rows["members"] == "+".join(sources.choice.members)) & (rows["method"] == sources.choice.method)]
    return dict(zip(own["member"], own["weight"], strict=True))


def _combination(sources: Sources) -> list[str]:
    described = METHODS[sources.choice.method]
    if sources.choice.method != "stacking":
        return [described]
    return [described, signed(_fitted(sources)["intercept"])]


def _calibration(sources: Sources, method: str) -> list[str]:
    if method not in CALIBRATIONS:
        return ["none"]
    fitted = _fitted(sources)
    scaled = [f"logit × {rate(fitted['slope'])}"]
    if method == "platt":
        scaled.append(signed(fitted["shift"]))
    return [f"{CALIBRATIONS[method]}:", *scaled]


def _fitted(sources: Sources) -> dict[str, float]:
    """Return the row of `ensemble.fit.CANDIDATES` of the ensemble."""
    rows = sources.candidates
    own = (rows["members"] == "+".join(sources.choice.members)) & (rows["method"] == sources.choice.method)
    return {name: float(rows.loc[own, name].iloc[0]) for name in ("intercept", "slope", "shift")}
