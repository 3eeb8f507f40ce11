"""Write the page that tells what was found."""

from pathlib import Path

from dermoscopy.params.ensemble import Ensemble
from dermoscopy.params.evaluate import Evaluate
from dermoscopy.params.file import load
from dermoscopy.params.policy import Policy
from dermoscopy.params.report import Report
from dermoscopy.params.split import Split
from dermoscopy.report.page import write_report
from dermoscopy.report.sources import read_sources
from dermoscopy.stage import run


def report() -> None:
    """Write the page that tells what was found, for a reader who doubts, and the model card."""
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
