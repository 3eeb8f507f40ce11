"""Write the report page, the model card and the reporting checklists."""

from pathlib import Path

from dermoscopy.augment.params import Augment
from dermoscopy.core.params import load
from dermoscopy.core.stage import run
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.merge.params import Merge
from dermoscopy.networks.params import Models, Training
from dermoscopy.report.inputs import Parameters, read_sources
from dermoscopy.report.page import write_report
from dermoscopy.report.params import Report
from dermoscopy.split.params import Policy, Split


def report() -> None:
    """Write the report page, the model card and the reporting checklists."""
    parameters = Parameters(
        merge=load("merge", Merge),
        policy=load("policy", Policy),
        split=load("split", Split),
        augment=load("augment", Augment),
        training=load("training", Training),
        models=load("models", Models),
        ensemble=load("ensemble", Ensemble),
        evaluate=load("evaluate", Evaluate),
        report=load("report", Report),
    )
    write_report(read_sources(), parameters, Path("data/report"))


if __name__ == "__main__":
    run(report)
