"""Write the report page and the model card."""

from pathlib import Path

from dermoscopy.core.params import load
from dermoscopy.core.stage import run
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.report.inputs import read_sources
from dermoscopy.report.page import write_report
from dermoscopy.report.params import Report
from dermoscopy.split.params import Policy, Split


def report() -> None:
    """Write the report page and the model card."""
    write_report(
        read_sources(),
        load("policy", Policy),
        load("split", Split),
        load("ensemble", Ensemble),
        load("evaluate", Evaluate),
        load("report", Report),
        Path("data/report"),
    )


if __name__ == "__main__":
    run(report)
