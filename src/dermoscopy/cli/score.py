"""Score a finished run as if other diagnoses were malignant, without training and without changing its files.

A member with the target dx predicts the seven diagnoses. Its probability of malignancy under another policy is the sum
over the diagnoses that this policy calls malignant. The ensemble is fitted again on val with the new labels, and
evaluated on test, as the stages `ensemble` and `evaluate` do. The baselines are left out: they are fitted on train.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from dermoscopy.cli.compare import plain_table
from dermoscopy.cli.held_out import require_writable_file
from dermoscopy.cli.repository import top_folder
from dermoscopy.core.errors import ProblemsError, UserError
from dermoscopy.core.members import member_names
from dermoscopy.core.params import load, read_yaml, validate
from dermoscopy.core.protocol import is_leaky, read_audited_protocol
from dermoscopy.core.splits import LABELS, read_split, read_val
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.ensemble.fit import fit_ensemble
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.ensemble.thresholds import read_thresholds
from dermoscopy.evaluate.diagnoses import read_diagnosis_probabilities
from dermoscopy.evaluate.evaluate import fitted_classifiers
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.scores import score_classifiers
from dermoscopy.evaluate.tables import SCORES
from dermoscopy.split.params import Policy
from dermoscopy.stats.headline import HEADLINE, TITLES
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import align, by_image, by_lesion
from dermoscopy.use.recorded import is_outdated

LOCK = Path("dvc.lock")
POLICY_HELP = "Malignant diagnoses, joined by +, as policy.malignant in params.yaml."
OUTPUT_HELP = "CSV file for all metrics, with the columns of data/evaluation/scores.csv."


def score(
    policy: Annotated[str, typer.Option(help=POLICY_HELP)],
    output: Annotated[Path | None, typer.Option(help=OUTPUT_HELP)] = None,
) -> None:
    """Score the predictions of the finished run under another policy: which diagnoses are malignant.

    Members with the target dx need no training for that. The files of the run stay as they are.
    """
    output = output and output.absolute()
    if output:
        require_writable_file(output)
    os.chdir(top_folder())
    malignant = read_policy(policy)
    trained = trained_policy(LOCK)
    settings = load("evaluate", Evaluate)
    rescored = rescore(malignant, trained, Path("data"), load("ensemble", Ensemble), settings)
    print(render(rescored, malignant, trained, settings))
    if output:
        SCORES.write(rescored.scores, output)


def read_policy(text: str) -> tuple[str, ...]:
    """Return the malignant diagnoses.

    Args:
        text: The diagnoses, joined by +.

    Raises:
        ParameterError: A name is unknown or repeated, or no diagnosis is malignant, or none is benign.
    """
    remedy = "Example: dermoscopy score --policy mel"
    policy = validate({"malignant": text}, "policy", Policy, subject="--policy has", remedy=remedy)
    return tuple(policy.malignant.split("+"))


def trained_policy(lock: Path) -> tuple[str, ...]:
    """Return the malignant diagnoses of the run whose predictions are in data/predictions.

    Args:
        lock: dvc.lock.

    Raises:
        UserError: No run has predicted, or its predictions are of other models than those trained since.
    """
    recorded: Mapping[str, Any] = read_yaml(lock.read_text(encoding="utf-8"))["stages"] if lock.is_file() else {}
    if "predict" not in recorded:
        raise UserError(f"{lock} has no finished run. Run the pipeline first: dvc repro")
    if is_outdated(recorded, "predict"):
        raise UserError(
            "The predictions are of earlier models or images: the last run ended before the stage predict.\n"
            "Finish it first: dvc repro"
        )
    policy = Policy.model_validate(recorded["split"]["params"]["params.yaml"]["policy"])
    return tuple(policy.malignant.split("+"))


@dataclass(frozen=True)
class Rescored:
    """A run under another policy.

    Attributes:
        scores: Rows of `evaluate.tables.SCORES`, by image and by lesion.
        members: Members of the ensemble that was chosen on val under this policy.
        binary: Members that predict no diagnoses: their probabilities are for the policy that they were trained with.
        counts: Images and lesions of test, then malignant images and malignant lesions.
        leaky: Whether splits share lesions.
    """

    scores: pd.DataFrame
    members: Sequence[str]
    binary: Sequence[str]
    counts: tuple[int, int, int, int]
    leaky: bool


def rescore(
    malignant: Sequence[str], trained: Sequence[str], data: Path, ensemble: Ensemble, evaluate: Evaluate
) -> Rescored:
    """Fit the ensemble on val and evaluate it and its members on test, with the labels of a policy.

    Args:
        malignant: Malignant diagnoses.
        trained: Malignant diagnoses of the policy of the run.
        data: Folder that holds audited, split/ and predictions/. It is only read.
        ensemble: Parameters of the ensemble.
        evaluate: Parameters of the evaluation.

    Raises:
        UserError: The labels of val or test are not of the policy of the run.
        ProblemsError: Val or test has one label only; all such splits are listed.
        TableError: A file is missing or does not match its split.
    """
    protocol = read_audited_protocol(data / "audited")
    stored = {"val": read_val(data / "split", protocol), "test": read_split(data / "split" / "test.csv", "test")}
    if any((table["label"] != table["dx"].isin(trained)).any() for table in stored.values()):
        raise UserError(
            f"{data / 'split'} is of another run than {LOCK}, whose policy is {'+'.join(trained)}.\n"
            "Restore its files with: dvc checkout"
        )
    rows = {split: table.assign(label=table["dx"].isin(malignant).astype(int)) for split, table in stored.items()}
    _require_both_labels(rows, malignant)
    probabilities, of_diagnoses = {}, []
    for split, table in stored.items():
        found, members = _probabilities(table, data / "predictions" / split, malignant)
        probabilities[split] = found
        of_diagnoses.append(set(members))
    fitted = fit_ensemble(rows["val"], probabilities["val"], probabilities["val"][[]], ensemble)
    with TemporaryDirectory() as folder:
        fitted.write(Path(folder))
        thresholds = read_thresholds(Path(folder, "points.csv"))
        classifiers = list(fitted_classifiers(probabilities["test"], Path(folder), thresholds))
    scores = []
    for unit in (images := by_image(rows["test"]), lesions := by_lesion(rows["test"])):
        generator = np.random.default_rng(evaluate.seed)
        resamples = resample_lesions(unit.lesion, unit.label, evaluate.resamples, generator)
        scores.append(score_classifiers(classifiers, unit, resamples, evaluate.confidence))
    return Rescored(
        scores=pd.concat(scores, ignore_index=True),
        members=fitted.choice.members,
        binary=[member for member in member_names() if member not in set.intersection(*of_diagnoses)],
        counts=(len(images.label), len(lesions.label), int(images.label.sum()), int(lesions.label.sum())),
        leaky=is_leaky(protocol),
    )


def _probabilities(rows: pd.DataFrame, folder: Path, malignant: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return the members' probabilities of malignancy under a policy, and the members that predict diagnoses.

    Args:
        rows: Images of a split, with the labels of the run.
        folder: data/predictions/<split>.
        malignant: Malignant diagnoses.
    """
    paths = {name: folder / f"{name}.csv" for name in member_names()}
    probabilities = align(rows, {name: (path, PREDICTIONS.read(path)) for name, path in paths.items()})
    of_diagnoses = read_diagnosis_probabilities(rows, folder)
    sums = {name: table[[f"p_{dx}" for dx in malignant]].sum(axis=1) for name, table in of_diagnoses.items()}
    clipped = {name: total.clip(0, 1) for name, total in sums.items()}  # they sum to 1 up to rounding
    return probabilities.assign(**clipped), list(of_diagnoses)


def _require_both_labels(rows: Mapping[str, pd.DataFrame], malignant: Sequence[str]) -> None:
    problems = [
        f"{split}: no {name} image; its diagnoses are {', '.join(sorted(set(table['dx'])))}."
        for split, table in rows.items()
        for label, name in enumerate(LABELS)
        if not (table["label"] == label).any()
    ]
    if problems:
        raise ProblemsError(
            f"--policy {'+'.join(malignant)} leaves a split with one label",
            problems,
            "Name other diagnoses, or use more lesions (merge.lesions, simulate.lesions) and run dvc repro.",
        )


def render(rescored: Rescored, malignant: Sequence[str], trained: Sequence[str], settings: Evaluate) -> str:
    """Return the headline metrics of ensemble and members as tables of plain text, by image and by lesion.

    Args:
        rescored: The run under the policy.
        malignant: Malignant diagnoses of the policy.
        trained: Malignant diagnoses of the policy that the run was trained with.
        settings: Parameters of the evaluation; point and confidence are used.
    """
    images, lesions, malignant_images, malignant_lesions = rescored.counts
    of_unit = {
        "image": f"{images:,} images, {malignant_images:,} of them malignant",
        "lesion": f"{lesions:,} lesions, {malignant_lesions:,} of them malignant",
    }
    lines = [
        f"Policy {'+'.join(malignant)}. The run was trained with {'+'.join(trained)}.",
        f"Ensemble, fitted again on val: {', '.join(rescored.members)}.",
    ]
    for unit, counts in of_unit.items():
        lines += ["", f"Test, by {unit}: {counts}.", _table(rescored.scores, unit, settings.point)]
    lines += [
        "",
        f"Values with {100 * settings.confidence:g} % intervals. Threshold: operating point {settings.point}, chosen "
        "on val.",
        "Baselines are left out: they are fitted on the labels of train.",
    ]
    if rescored.binary:
        lines.append(
            f"No diagnoses (training.target binary): {', '.join(rescored.binary)}. The probability is for the policy "
            f"{'+'.join(trained)}."
        )
    if rescored.leaky:
        lines.append("WARNING: the protocol is leaky, so these metrics are too optimistic.")
    return "\n".join(lines)


def _table(scores: pd.DataFrame, unit: str, point: str) -> str:
    own = scores[(scores["unit"] == unit) & scores["point"].isin(["", point])]
    values = own.set_index(["name", "metric"])[["value", "low", "high"]].to_dict("index")
    names = ["ensemble", *own.loc[own["kind"] == "member", "name"].unique()]
    metrics = [metric for metric in HEADLINE if metric in set(own["metric"])]
    rows = [[name, *(_cell(values[name, metric]) for metric in metrics)] for name in names]
    return plain_table([["", *(TITLES[metric] for metric in metrics)], *rows])


def _cell(bounded: Mapping[Any, float]) -> str:
    value, low, high = (bounded[bound] for bound in ("value", "low", "high"))
    if np.isnan(value):
        return "undefined"
    return f"{value:.3f}" if np.isnan(low) else f"{value:.3f} ({low:.3f}-{high:.3f})"
