"""The figures of the paper in their order, each with the place where this run shows the same."""

from collections.abc import Iterable
from dataclasses import dataclass

INCEPTION = "inception_v3"  # the member whose activations the paper shows


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper.

    Attributes:
        number: Number in the paper, or the first and the last number of several.
        shows: What it shows.
        here: What this run shows in its place.
        anchor: Id in the page of what this run shows; None if this run does not have it.
    """

    number: str
    shows: str
    here: str
    anchor: str | None


def paper_figures(
    sheets: Iterable[str], activations: Iterable[str], orders: int, point: str, *, wrong: bool
) -> list[PaperFigure]:
    """Return the figures of the paper in their order.

    Args:
        sheets: Diagnoses of which the page has examples.
        activations: Members of which the page has activation maps.
        orders: Number of charts of the accuracy as members are added.
        point: Display name of the operating point of the headline.
        wrong: Whether the page has wrongly classified images.
    """
    examples = set(sheets)
    shown = sorted(activations, key=lambda name: name != INCEPTION)
    maps = f"activations-{shown[0]}" if shown else None

    def sheet(dx: str) -> str | None:
        return f"examples-{dx}" if dx in examples else None

    return [
        PaperFigure("1", "images of HAM10000", "examples of each diagnosis", "examples" if examples else None),
        PaperFigure("2", "results of Romero López et al.", "the same results beside those of this run", "published"),
        PaperFigure("3", "networks with transfer learning", "diagrams of all members", "networks"),
        PaperFigure(
            "4",
            "training of Inception V3 with its last 150 layers unfrozen",
            "training curves of all members",
            "training",
        ),
        PaperFigure(
            "5", "accuracy as four members are added", "the same chart with intervals", "sizes-1" if orders else None
        ),
        PaperFigure(
            "6", "the same without the first member", "the same chart with intervals", "sizes-2" if orders > 1 else None
        ),
        PaperFigure("7", "the ensemble", "diagram of the ensemble with its weights", "ensemble-diagram"),
        PaperFigure("8", "naevi and melanomas", "examples of melanomas", sheet("mel")),
        PaperFigure("9", "basal cell carcinomas", "examples of basal cell carcinomas", sheet("bcc")),
        PaperFigure(
            "10",
            "confusion matrix at the threshold 0.5",
            f"confusion matrix at the operating point “{point}”",
            "matrix",
        ),
        PaperFigure("11", "ROC curve", "ROC curves of the ensemble and its members", "roc"),
        PaperFigure("12", "image whose activations follow", "the images at the left of the activation maps", maps),
        PaperFigure(
            "13 to 17",
            "activations of the 1st, 4th, 101st, 200th and 299th layer",
            "activation maps of layers from the first to the last",
            maps,
        ),
        PaperFigure(
            "18", "wrongly classified images", "wrongly classified images of both labels", "wrong" if wrong else None
        ),
    ]
