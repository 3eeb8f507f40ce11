"""Evaluate the ensemble of a finished run on a labelled folder, after comparing the folder with the run's images."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from dermoscopy.core.errors import DatasetError, LeakError, TableError
from dermoscopy.core.files import sha256_all
from dermoscopy.core.progress import progress
from dermoscopy.evaluate.tables import SCORES
from dermoscopy.external.labels import find_table, left_out_rows, read_labelled, same_bytes
from dermoscopy.external.overlap import Overlap, find_overlap
from dermoscopy.external.scores import External, Settings, evaluate_external, read_settings
from dermoscopy.ham10000.problems import Problem, printable, summarize
from dermoscopy.report.dataset import Dataset, describe
from dermoscopy.use.inputs import Found
from dermoscopy.use.model import CHUNK, load_model
from dermoscopy.use.reading import MIN_SIZE, Reader
from dermoscopy.use.recorded import Recorded, read_recorded

OnOverlap = Literal["refuse", "leave-out", "keep"]

REMEDY = (
    "To evaluate the set without these images and the other images of their lesions: --overlap leave-out\n"
    "To evaluate all images, as a set that is not external: --overlap keep"
)
UNREADABLE = "image that cannot be read"
UNSUITABLE = "image that is not suitable, evaluated all the same"
SIMILAR = "similar images of different lesions"
OVERLAPS = "left out: also in the run, or of a lesion with such an image"


@dataclass(frozen=True)
class Results:
    """Results on a labelled folder.

    Attributes:
        name: Name of the folder.
        rows: A row for each labelled image, with its label, its prediction, `overlap`, the image of the run that it is
            like, and `problem`, for which it is not evaluated.
        external: Metrics of the evaluated images.
        has_lesions: Whether the table names lesions; otherwise each image is a lesion of its own.
        problems: What was left out, or used and is worth reporting.
        overlap: Images that the run has, too.
        kept: Whether these are evaluated.
        settings: Parameters of the run.
        point: Operating point of the run's headline.
        dataset: Images with which the ensemble was trained.
        warning: Warning if the splits of the run share lesions; otherwise empty.
        on_test: Metrics of the run on its test split, rows of `evaluate.tables.SCORES`; without rows if there are none.
    """

    name: str
    rows: pd.DataFrame
    external: External
    has_lesions: bool
    problems: Sequence[Problem]
    overlap: Overlap
    kept: bool
    settings: Settings
    point: str
    dataset: Dataset
    warning: str
    on_test: pd.DataFrame

    @property
    def is_external(self) -> bool:
        """Whether no evaluated image is known to the run, and the comparison with its images was complete."""
        return not self.overlap.incomplete and not (self.kept and len(self.overlap.images))

    @property
    def left_out(self) -> list[Problem]:
        """Problems for which rows or images are not evaluated."""
        return [problem for problem in self.problems if problem.outcome == "left out"]


def evaluate_folder(folder: Path, table: Path | None, on_overlap: OnOverlap, root: Path) -> Results:
    """Evaluate the ensemble of a finished run on the labelled images of a folder.

    Args:
        folder: Folder of the images.
        table: Table with their labels; None finds it in the folder.
        on_overlap: What to do if images of the folder are also images of the run.
        root: Top folder of the project.

    Raises:
        UserError: There is no finished run, or no table.
        DatasetError: The table cannot be used, or no image is left; all problems are listed.
        LeakError: Images of the folder are also images of the run, and `on_overlap` is "refuse".
    """
    recorded, settings = read_recorded(root), read_settings(root)
    labelled = read_labelled(folder, table or find_table(folder), settings.malignant)
    rows = _decode(labelled.rows, recorded)
    valid = rows.loc[rows["problem"] == "", "path"]
    sha256 = dict(zip(valid, sha256_all(map(Path, valid)), strict=True))
    problems = [*labelled.problems, *same_bytes(rows, sha256)]
    rows = rows[~left_out_rows(rows, problems)].reset_index(drop=True)
    problems += _unreadable(rows)
    _require_images(rows, folder, problems)
    overlap = find_overlap(rows[rows["problem"] == ""], sha256, root, settings.distance)
    if len(overlap.images) and on_overlap == "refuse":
        raise LeakError(
            f"{folder} is not an external set: {len(overlap.images):,} of {len(rows):,} images are also in the run",
            overlap.lines(),
            REMEDY,
        )
    problems += [
        Problem(SIMILAR, f"{first} = {second}", f"{distance} bits", (first, second), "kept")
        for first, second, distance in overlap.within
    ]
    descriptions = overlap.descriptions()
    rows["overlap"] = [descriptions.get(name, "") for name in rows["image_id"]]
    if on_overlap == "leave-out":
        rows.loc[overlap.touches(rows["lesion_id"]) & (rows["problem"] == ""), "problem"] = OVERLAPS
        _require_images(rows, folder, [*problems, Problem("image of the run", f"{len(overlap.images):,} images")])
    model = load_model(root)
    chosen = rows.index[rows["problem"] == ""]
    predicted = model.predict(list(rows.loc[chosen, "path"])).set_index(chosen)
    rows = rows.join(predicted.drop(columns=["image", "problem"]))
    rows.loc[chosen, "problem"] = predicted["problem"]
    problems += _unsuitable(rows.loc[chosen])
    evaluated = rows[rows["problem"] == ""].reset_index(drop=True)
    return Results(
        name=printable(folder.name),
        rows=rows,
        external=evaluate_external(evaluated, model, root / "data" / "ensemble", settings.evaluate),
        has_lesions=labelled.has_lesions,
        problems=problems,
        overlap=overlap,
        kept=on_overlap == "keep",
        settings=settings,
        point=recorded.point,
        dataset=_dataset(root / "data" / "source.json"),
        warning=model.warning,
        on_test=_scores_on_test(root),
    )


def _decode(rows: pd.DataFrame, recorded: Recorded) -> pd.DataFrame:
    """Return the rows, of which those of images that cannot be read have the reason in `problem`."""
    found = [
        Found(path, Path(path), problem=problem) for path, problem in zip(rows["path"], rows["problem"], strict=True)
    ]
    reasons: list[str] = []
    with progress("Reading images", len(found)) as advance:
        for chunk, decoded in Reader([MIN_SIZE], recorded.limits).read(found, CHUNK):
            reasons += [image.problem for image in decoded]
            advance(len(chunk))
    return rows.assign(problem=pd.Series(reasons, rows.index, dtype="str"))


def _unreadable(rows: pd.DataFrame) -> list[Problem]:
    broken = rows[rows["problem"] != ""]
    return [
        Problem(UNREADABLE, image_id, problem, (image_id,))
        for image_id, problem in zip(broken["image_id"], broken["problem"], strict=True)
    ]


def _unsuitable(rows: pd.DataFrame) -> list[Problem]:
    flagged = rows[rows["unsuitable"] != ""]
    return [
        Problem(UNSUITABLE, image_id, reason, (image_id,), "kept")
        for image_id, reason in zip(flagged["image_id"], flagged["unsuitable"], strict=True)
    ]


def _require_images(rows: pd.DataFrame, folder: Path, problems: Sequence[Problem]) -> None:
    if not (rows["problem"] == "").any():
        raise DatasetError(
            f"{folder} has no image to evaluate", summarize(problems), "Correct the table or the images."
        )


def _dataset(path: Path) -> Dataset:
    return describe(json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {})


def _scores_on_test(root: Path) -> pd.DataFrame:
    try:
        return SCORES.read(root / "data" / "evaluation" / "scores.csv")
    except TableError:
        return pd.DataFrame(columns=list(SCORES.columns))
