"""HTML of the page to try the ensemble, with the look of the report."""

import base64
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dermoscopy.core.tables import DIAGNOSIS_PROBABILITIES
from dermoscopy.demo.examples import Example
from dermoscopy.report import colours, formatting
from dermoscopy.report.page import TEMPLATES as REPORT
from dermoscopy.use.model import RAW, Model

TEMPLATES = Path(__file__).parent / "templates"
FILTERS = ("classifier", "diagnosis", "listing", "opening", "percent", "plural", "rate")


class View:
    """Renders the page, its style, and the predictions.

    Args:
        model: The ensemble.
        examples: Images to choose from.
        dataset: What the images of the run are, as written within a sentence; may be empty.
        max_bytes: Largest size of a file.
    """

    def __init__(self, model: Model, examples: Sequence[Example], dataset: str, max_bytes: int) -> None:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        self._environment = Environment(
            loader=FileSystemLoader([TEMPLATES, REPORT]),
            autoescape=lambda name: name is not None and ".html" in name,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for name in FILTERS:
            self._environment.filters[name] = getattr(formatting, name)
        self._environment.filters["css"] = css
        sets = model.sets
        self._members = list(model.members)
        self._values: dict[str, Any] = {
            "model": model,
            "point": model.recorded.point,
            "threshold": model.thresholds[model.recorded.point],
            # Between these probabilities both labels are possible, or none.
            "refer_from": min(sets.malignant_from, sets.benign_until),
            "refer_until": max(sets.malignant_from, sets.benign_until),
            "malignant": {
                dx for member in model.members.values() for dx, label in member.target.classes.items() if label
            },
            "examples": examples,
            "dataset": dataset,
            "max_bytes": max_bytes,
        }

    def page(self) -> str:
        """Return the page without predictions."""
        return self._environment.get_template("demo.html.j2").render(self._values)

    def style(self) -> str:
        """Return the CSS of the page: that of the report, and what only this page has."""
        names = [name for name in self._members if name not in colours.CHOSEN]
        rules = [
            f".{css(name)} {{ --own: hsl({colours.hue(name)} {colours.SATURATION}% var(--lightness)); }}"
            for name in names
        ]
        report = self._environment.get_template("page.css").render(colour_rules=rules)
        return report + self._environment.get_template("demo.css").render()

    def prediction(self, row: Mapping[str, Any], overlay: Path | None, example: Example | None = None) -> str:
        """Return the HTML of a prediction.

        Args:
            row: Row of the table of `Model.predict`.
            overlay: PNG file of the Grad-CAM map; None if the image could not be read.
            example: The image, if it is one of the examples.
        """
        diagnoses = {name: row[name] for name in DIAGNOSIS_PROBABILITIES if not math.isnan(row.get(name, math.nan))}
        return self._environment.get_template("demo_prediction.html.j2").render(
            self._values,
            row=row,
            raw={name: row[f"{RAW}{name}"] for name in self._members},
            diagnoses=sorted(
                ((name.removeprefix("p_"), value) for name, value in diagnoses.items()), key=lambda pair: -pair[1]
            ),
            unsuitable=row.get("unsuitable", ""),
            overlay=overlay and base64.b64encode(overlay.read_bytes()).decode("ascii"),
            example=example,
        )

    def problem(self, reason: str) -> str:
        """Return the HTML of an image that is not predicted.

        Args:
            reason: Why not.
        """
        return self._environment.get_template("demo_prediction.html.j2").render(
            self._values, row={"problem": reason, "note": ""}, example=None
        )


def css(name: str) -> str:
    """Return the CSS class of a member's colour, as in the report; here a member need not be in params.yaml."""
    return f"c-{colours.CHOSEN[name]}" if name in colours.CHOSEN else f"c-hue-{colours.hue(name)}"
