"""Evaluate the trainings of a study on val, compare them with the reference row, and write its table."""

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from study_plan import Study, Training, reference_of
from study_queue import RUNS, show

from dermoscopy.core.errors import UserError
from dermoscopy.core.files import atomic_write
from dermoscopy.core.params import read_yaml
from dermoscopy.core.splits import read_val
from dermoscopy.core.tables import DIAGNOSIS_PROBABILITIES
from dermoscopy.evaluate.diagnoses import DiagnosisClassifier, score_diagnoses
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.networks.params import Runtime
from dermoscopy.stats.lesions import Unit, align, by_image
from dermoscopy.stats.paired import ThresholdedScores, delong
from dermoscopy.stats.roc import roc_auc_interval, roc_aucs

RESULTS = Path("docs")
COSTS = RUNS / "studies"
CONFIDENCE = 0.95
BATCH_SIZE = 64
VAL = "data/split/val"
FINISHED, DIVERGED, FAILED = "finished", "diverged", "failed"
COLUMNS = (
    *("row", "member", "outcome", "grid", "tuned", "images", "lesions", "malignant_lesions"),
    *("roc_auc", "low", "high", "difference", "difference_low", "difference_high", "p"),
    *("within", "within_low", "within_high", "class_distances", "epochs", "chosen_epoch", "seconds"),
)
COUNTS = ("images", "lesions", "malignant_lesions", "epochs", "chosen_epoch")


@dataclass(frozen=True)
class Evaluated:
    """What a training gave.

    Attributes:
        outcome: FINISHED, DIVERGED or FAILED.
        probability: Probability of malignancy of each val image; shape (images,). None if it did not finish.
        epochs: Number of epochs; None if it did not finish.
        chosen: Epoch whose weights are kept; None if it did not finish.
        seconds: Time of the train stage; None if it is not known.
        distances: Distance of val images to the centre of their class, see `class_distances`; None if it did not
            finish.
        diagnoses: Probability of each diagnosis of each val image, shape (images, diagnoses); None if it predicts none.
    """

    outcome: str
    probability: NDArray[np.float64] | None = None
    epochs: int | None = None
    chosen: int | None = None
    seconds: float | None = None
    distances: float | None = None
    diagnoses: NDArray[np.float64] | None = None


def evaluate(
    planned: Sequence[Training], commits: Mapping[str, str], runtime: Runtime
) -> tuple[pd.DataFrame, dict[str, Evaluated]]:
    """Predict val with the members of the experiments, and read their curves and costs.

    Args:
        planned: The trainings.
        commits: Commit of each finished experiment, by its name.
        runtime: The `runtime` block.

    Returns:
        The rows of val, and what each training gave, by the name of its experiment.

    Raises:
        UserError: An experiment has another val than the working tree.
    """
    val = read_val(Path("data/split"), "lesion")
    expected = val_hashes(Path("dvc.lock").read_text(encoding="utf-8"))
    others = [name for name, commit in commits.items() if val_hashes(show(commit, "dvc.lock")) != expected]
    if others:
        raise UserError(
            f"The val split of {', '.join(others)} is not that of the other experiments, so they cannot be compared. "
            "A row may not change the data, the splits or their seeds."
        )
    found = {}
    for training in planned:
        commit = commits.get(training.experiment)
        found[training.experiment] = _finished(training, commit, val, runtime) if commit else _unfinished(training)
    return val, found


def val_hashes(lock: str) -> list[str]:
    """Return the hashes of the images and the table of val.

    Args:
        lock: Text of a dvc.lock.
    """
    outs = read_yaml(lock)["stages"]["split"]["outs"]
    return [out["md5"] for out in outs if out["path"] in (VAL, f"{VAL}.csv")]


def _unfinished(training: Training) -> Evaluated:
    cost = _read(RUNS / training.experiment / f"{training.stage}.json")
    outcome = DIVERGED if cost.get("error") == "DivergedError" else FAILED
    return Evaluated(outcome, seconds=cost.get("seconds"))


def _finished(training: Training, commit: str, val: pd.DataFrame, runtime: Runtime) -> Evaluated:
    from dvc.api import DVCFileSystem

    from dermoscopy.networks.runtime import configure
    from dermoscopy.networks.saved import load_member
    from dermoscopy.predict.params import Predict
    from dermoscopy.predict.predict import predict_split

    files = DVCFileSystem(rev=commit)
    curve = pd.read_csv(io.BytesIO(files.read_bytes(f"data/curves/{training.member}.csv")))
    configure(runtime)
    with tempfile.TemporaryDirectory() as folder:
        files.get(f"data/models/{training.member}", folder, recursive=True)
        saved = next(Path(folder).rglob("model.yaml")).parent
        member, settings = load_member(saved), Predict(batch_size=BATCH_SIZE, turns_and_flips=False)
        predicted = predict_split(member, val, settings, runtime)
        distances = class_distances(member, val, runtime)
    probability = align(val, {"member": (Path(training.experiment), predicted)})["member"].to_numpy()
    measured = cost(training, show(commit, "dvc.lock"))
    # A training that was resumed has only the time of its last epochs.
    seconds = measured.get("seconds") if measured.get("epochs") == len(curve) else None
    chosen = int(curve.loc[curve["chosen"] == 1, "epoch"].iloc[0])
    columns = [name for name in DIAGNOSIS_PROBABILITIES if name in predicted]
    diagnoses = predicted.set_index("image_id").loc[list(val["image_id"]), columns].to_numpy() if columns else None
    return Evaluated(FINISHED, probability, len(curve), chosen, seconds, distances, diagnoses)


def class_distances(member: Any, val: pd.DataFrame, runtime: Runtime) -> float:
    """Return how far images are from the centre of their class, relative to the distance between centres.

    The features are those before the output layer, with length 1. Both distances are squared and means: over images,
    and over pairs of classes. Classes are those of the member's target.

    Args:
        member: Trained member, as `load_member` returns it.
        val: Rows of val.
        runtime: The `runtime` block.
    """
    from dermoscopy.networks.data import outputs, read_images
    from dermoscopy.train.center_loss import with_features

    paths = [Path(path) for path in val["path"]]
    images = read_images(paths, member.parameters.image_size, runtime.threads)
    joint, width = with_features(member.model)
    features = outputs(joint, [images], BATCH_SIZE)[:, -width:]
    unit = features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-9)
    return relative_distance(unit, val["label" if member.target.is_binary else "dx"].to_numpy())


def relative_distance(points: NDArray[np.float64], classes: NDArray[Any]) -> float:
    """Return the mean squared distance of points to the centre of their class, over that between centres.

    Args:
        points: Coordinates, shape (points, dimensions).
        classes: Class of each point, shape (points,).
    """
    _, numbers = np.unique(classes, return_inverse=True)
    centres = np.stack([points[numbers == number].mean(axis=0) for number in range(numbers.max() + 1)])
    within = np.square(points - centres[numbers]).sum(axis=1).mean()
    pairs = np.triu_indices(len(centres), k=1)
    return float(within / np.square(centres[pairs[0]] - centres[pairs[1]]).sum(axis=1).mean())


def cost(training: Training, lock: str) -> dict[str, Any]:
    """Return what the train stage wrote to runs/; empty if this is lost.

    DVC does not train again what it has trained, also for another experiment. So the cost is kept under a hash of what
    DVC recorded of the stage: its code, data, parameters and outputs.

    Args:
        training: The training.
        lock: Text of the experiment's dvc.lock.
    """
    recorded = json.dumps(read_yaml(lock)["stages"][training.stage], sort_keys=True)
    kept = COSTS / f"{hashlib.sha256(recorded.encode()).hexdigest()}.json"
    measured = RUNS / training.experiment / f"{training.stage}.json"
    if measured.is_file():
        COSTS.mkdir(parents=True, exist_ok=True)
        kept.write_text(measured.read_text(encoding="utf-8"), encoding="utf-8")
    return _read(kept)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


def table(study: Study, planned: Sequence[Training], val: pd.DataFrame, found: Mapping[str, Evaluated]) -> pd.DataFrame:
    """Return the table of a study, a row for each training.

    Differences are row minus reference. The rows of a grid are compared with each other by their ROC AUC on val.

    Args:
        study: The study.
        planned: Its trainings.
        val: Rows of val.
        found: What each training gave, by the name of its experiment.
    """
    unit = by_image(val)
    counts = {
        "images": len(val),
        "lesions": val["lesion_id"].nunique(),
        "malignant_lesions": val.loc[val["label"] == 1, "lesion_id"].nunique(),
    }
    grid_of = {row: grid for grid, rows in study.grids.items() for row in rows}
    lines = []
    for training in planned:
        of_row = found[training.experiment]
        line: dict[str, Any] = {"row": training.row, "member": training.member, "outcome": of_row.outcome}
        line |= {"grid": grid_of.get(training.row), **counts, "epochs": of_row.epochs}
        line |= {"chosen_epoch": of_row.chosen, "seconds": of_row.seconds, "class_distances": of_row.distances}
        if of_row.probability is not None:
            line |= _measures(unit, of_row.probability)
            reference = reference_of(training, study, planned)
            of_reference = found[reference.experiment].probability
            if reference != training and of_reference is not None:
                line |= _difference(unit, of_row.probability, of_reference)
        lines.append(line)
    result = pd.DataFrame(lines, columns=list(COLUMNS))
    best = result.dropna(subset=["grid", "roc_auc"]).groupby(["grid", "member"])["roc_auc"].idxmax()
    result["tuned"] = result.index.isin(best).astype(int)
    result[list(COUNTS)] = result[list(COUNTS)].astype("Int64")
    result["seconds"] = result["seconds"].astype("float64").round().astype("Int64")
    return result


def _measures(unit: Unit, probability: NDArray[np.float64]) -> dict[str, float]:
    measures: dict[str, float] = {}
    names = {"roc_auc": ("low", "high"), "within": ("within_low", "within_high")}
    for name, source in (("roc_auc", None), ("within", unit.source)):
        if name == "roc_auc" or source is not None:
            roc = roc_aucs(unit.label, probability[None], unit.lesion, source)
            value = float(roc.aucs[0])
            interval = roc_auc_interval(value, float(roc.covariance[0, 0]), roc.lesions, CONFIDENCE)
            measures |= {name: value} | dict(zip(names[name], interval, strict=True))
    return measures


def _difference(unit: Unit, first: NDArray[np.float64], second: NDArray[np.float64]) -> dict[str, float]:
    test = delong(unit, ThresholdedScores(first, 0.5), ThresholdedScores(second, 0.5), CONFIDENCE)
    bounds = {"difference_low": test.low, "difference_high": test.high}
    return {"difference": test.difference, **bounds, "p": test.p}


def diagnosis_table(
    planned: Sequence[Training], val: pd.DataFrame, found: Mapping[str, Evaluated], settings: Evaluate
) -> pd.DataFrame:
    """Return recall and ROC AUC of each diagnosis on val, by image, of the trainings that predict diagnoses.

    Args:
        planned: Trainings of a study.
        val: Rows of val.
        found: What each training gave, by the name of its experiment.
        settings: Parameters of the evaluation, for the intervals.
    """
    tables = []
    for training in planned:
        if (diagnoses := found[training.experiment].diagnoses) is not None:
            classifier = DiagnosisClassifier(training.member, "member", diagnoses)
            scores = score_diagnoses(val, [by_image(val)], [classifier], settings)["diagnoses"]
            scores.insert(0, "row", training.row)
            tables.append(scores.rename(columns={"name": "member"}).drop(columns=["kind", "unit"]))
    return pd.concat(tables) if tables else pd.DataFrame()


def write(folder: str, name: str, result: pd.DataFrame) -> Path:
    """Write a table of a study and return its path.

    Args:
        folder: Name of its folder in docs/: that of the file of the studies.
        name: Name of the table.
        result: Its table.
    """
    path = RESULTS / folder / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        result.to_csv(temporary, index=False, lineterminator="\n", float_format="%.4f")
    return path
