"""Read a labelled folder of images: its table, the label of each row, and the image that the row belongs to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dermoscopy.acquire.entries import Entry
from dermoscopy.acquire.tables import read_header
from dermoscopy.core.errors import DatasetError, UserError, first_few
from dermoscopy.core.splits import LABELS
from dermoscopy.core.suggestions import nearest_word
from dermoscopy.core.tables import DATASET, UNKNOWN
from dermoscopy.ham10000.metadata import RawTable, read_raw
from dermoscopy.ham10000.problems import Problem, printable, summarize
from dermoscopy.ham10000.words import DIAGNOSES, KNOWN, normalize, read
from dermoscopy.use.inputs import WITHOUT_IMAGES, Found, find_images

# Names of a column, HAM10000's first: the first one that the table has is read.
IMAGE, LABEL, LESION = ("image_id", "image"), ("dx", "label"), ("lesion_id", "lesion")
DESCRIBING = ("dx_type", "age", "sex", "localization", DATASET)  # optional
ENDINGS = (".csv", ".tsv", ".tab")  # of a table
MAX_SHOWN = 200  # characters of a header that a message shows
REMEDY = "Correct the table. Its columns: image_id, dx and optionally lesion_id; or image, label and optionally lesion."


@dataclass(frozen=True)
class Labelled:
    """The labelled images of a folder.

    Attributes:
        rows: A row for each image, sorted by image_id: `image_id` as the table has it; `path` of the file; `lesion_id`;
            `dx`, empty if only the label is known; `label`, 0 benign, 1 malignant; `problem`, the reason for which
            there is no image, else empty; dx_type, age, sex, localization and dataset as in HAM10000.
        problems: What is left out, and what is used and worth reporting.
        has_lesions: Whether the table has a column of lesions. Otherwise each image is a lesion of its own.
    """

    rows: pd.DataFrame
    problems: Sequence[Problem]
    has_lesions: bool


def find_table(folder: Path) -> Path:
    """Return the table of labels in a folder: the only file with its columns, or else the only table.

    Raises:
        UserError: There is no table, or there are several.
    """
    tables = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
    headers = {path: read_header(Entry((path.name,), path)) for path in tables if not path.name.startswith(".")}
    labelled = [path for path, names in headers.items() if names & set(IMAGE) and names & set(LABEL)]
    candidates = labelled or list(headers)
    if len(candidates) == 1:
        return candidates[0]
    names = printable(", ".join(first_few([path.name for path in candidates])))
    found = f"several tables: {names}" if candidates else f"no table that ends with {', '.join(ENDINGS)}"
    raise UserError(f"{folder} has {found}. Name the table of labels with: --table FILE")


def read_labelled(folder: Path, table: Path, malignant: Sequence[str]) -> Labelled:
    """Read the labels of a folder's images.

    Args:
        folder: Folder of the images, which may be in folders inside.
        table: Table with a row for each image.
        malignant: Malignant diagnoses of the run's policy.

    Raises:
        DatasetError: The table cannot be used, or none of its rows has a label and an image; all problems are listed.
    """
    problems: list[Problem] = []
    raw = _read(table, problems)
    frame = _columns(raw, problems)
    if frame is not None:
        images = [image for image in find_images(str(folder)) if image.name != str(folder)]
        if not images:
            problems.append(Problem("folder without images", folder.name, WITHOUT_IMAGES, outcome="fatal"))
        frame = _match(_read_labels(frame, malignant, problems), images, folder, problems)
        frame = _one_row_each(frame, problems)
        frame = _one_diagnosis_each(frame, problems)
        if not frame.empty:
            lesions = "lesion_id" in frame
            return Labelled(_complete(frame), problems, lesions)
        problems.append(Problem("no row with a label and an image", table.name, outcome="fatal"))
    raise DatasetError(f"{table} cannot be used", summarize(problems), REMEDY)


def _read(table: Path, problems: list[Problem]) -> RawTable:
    try:
        return read_raw(table)
    except OSError as error:
        problems.append(Problem("table that cannot be read", table.name, error.strerror or "", outcome="fatal"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        detail = f"byte {error.object[error.start]:#04x} in line {line}"
        problems.append(Problem("table that is not UTF-8", table.name, detail, outcome="fatal"))
    except ValueError as error:
        problems.append(Problem("table that cannot be read", table.name, str(error), outcome="fatal"))
    return RawTable(pd.DataFrame(), {})


def _columns(raw: RawTable, problems: list[Problem]) -> pd.DataFrame | None:
    """Return the columns that are read, under HAM10000's names; None if the table cannot be used."""
    if problems:
        return None
    frame = raw.frame.rename(columns=lambda name: name.strip().lower())
    names = list(frame.columns)
    known = [*IMAGE, *LABEL, *LESION, *DESCRIBING]
    unknown = [name for name in names if name not in known]
    repeated = [name for name in dict.fromkeys(names) if name in known and names.count(name) > 1]
    problems += [Problem("column twice in the table", name, outcome="fatal") for name in repeated]
    chosen: dict[str, str] = {}
    for column in (IMAGE, LABEL, LESION, *((name,) for name in DESCRIBING)):
        name = next((name for name in column if name in names), None)
        if name:
            chosen[column[0]] = name
            continue
        similar = next(filter(None, (nearest_word(name, unknown) for name in column)), None)
        if column in (IMAGE, LABEL):
            detail = f"is it {similar!r}?" if similar else f"received {', '.join(names)[:MAX_SHOWN]!r}"
            problems.append(Problem("column missing from the table", " or ".join(column), detail, outcome="fatal"))
        elif similar and column == LESION:  # without it, intervals are too narrow
            problems.append(Problem("column that is not read", similar, f"is it {LESION[0]}?", outcome="kept"))
    if raw.frame.empty and not raw.ragged:
        problems.append(Problem("table without rows", "only a header", outcome="fatal"))
    for line, fields in raw.ragged.items():
        detail = f"{len(fields)} instead of {len(names)}"
        problems.append(Problem("line with too many or too few fields", f"line {line}", detail))
    if any(problem.outcome == "fatal" for problem in problems):
        return None
    return pd.DataFrame({column: frame[name].str.strip() for column, name in chosen.items()})


def _read_labels(frame: pd.DataFrame, malignant: Sequence[str], problems: list[Problem]) -> pd.DataFrame:
    """Return the rows with a label, in columns `dx` and `label`."""
    read_as = {}
    for text in map(str, frame["dx"].unique()):
        label = text.casefold()
        if label in LABELS:
            read_as[text] = ("", LABELS.index(label))
            continue
        dx, missing = read("dx", text)
        if dx != UNKNOWN:
            read_as[text] = (dx, int(dx in malignant))
            continue
        rows = frame[frame["dx"] == text]
        number = f"{len(rows):,} row{'s' if len(rows) > 1 else ''}"
        images = tuple(rows["image_id"])
        if missing:
            problems.append(Problem("missing label", repr(text), number, images))
        else:
            kind = f"label other than {', '.join((*LABELS, *DIAGNOSES))}"
            similar = nearest_word(text, [*LABELS, *KNOWN["dx"]])
            detail = number + (f"; is it {KNOWN['dx'].get(similar, similar)}?" if similar else "")
            problems.append(Problem(kind, repr(text[:MAX_SHOWN]), detail, images))
    frame = frame[frame["dx"].isin(list(read_as))]
    unnamed = frame["image_id"] == ""
    problems += [Problem("row without the name of an image", f"line {line}") for line in frame.index[unnamed]]
    frame = frame[~unnamed]
    pairs = [read_as[text] for text in frame["dx"]]
    return frame.assign(dx=[dx for dx, _ in pairs], label=[label for _, label in pairs])


def _match(frame: pd.DataFrame, images: Sequence[Found], folder: Path, problems: list[Problem]) -> pd.DataFrame:
    """Return the rows that have an image, with columns `path` and `problem`.

    A row names an image by its path in the folder or by its name, each with or without the ending.
    """
    by_name: list[dict[str, list[Found]]] = [defaultdict(list) for _ in range(4)]
    for image in images:
        path = Path(image.name)
        inside = path.relative_to(folder)
        for names, name in zip(
            by_name, (inside.as_posix(), inside.with_suffix("").as_posix(), inside.name, inside.stem), strict=True
        ):
            names[name].append(image)
    chosen: dict[int, Found] = {}
    used = set()
    for line, name in zip(frame.index, map(str, frame["image_id"]), strict=True):
        key = Path(name.replace("\\", "/")).as_posix()
        matches = next((names[key] for names in by_name if key in names), [])
        used |= {image.name for image in matches}
        if len(matches) == 1:
            chosen[line] = matches[0]
        elif matches:
            files = ", ".join(first_few([str(Path(image.name).relative_to(folder)) for image in matches]))
            problems.append(Problem("row with several images", name, files, (name,)))
        else:
            problems.append(Problem("row without an image", name, "", (name,)))
    mentioned = {image for problem in problems for image in problem.images}
    for image in images:
        path = Path(image.name)
        name = path.relative_to(folder).as_posix()
        if image.name not in used and not mentioned & {name, path.name, path.stem}:
            kind = "file that is not read" if image.problem else "image without a row"
            problems.append(Problem(kind, name, image.problem, (path.stem,)))
    frame = frame.loc[list(chosen)]
    return frame.assign(
        path=[chosen[line].name for line in frame.index], problem=[chosen[line].problem for line in frame.index]
    )


def _one_row_each(frame: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Return the rows of images that have one row; equal rows count once."""
    keys = ["dx", "label", *(["lesion_id"] if "lesion_id" in frame else [])]
    left_out: list[int] = []
    for _, rows in frame[frame["path"].duplicated(keep=False)].groupby("path", sort=False):
        lines = f"lines {', '.join(map(str, rows.index))}"
        name = str(rows["image_id"].iloc[0])
        if len(rows[keys].drop_duplicates()) > 1:
            problems.append(Problem("image with rows that differ", name, lines, (name,)))
            left_out += list(rows.index)
        else:
            problems.append(Problem("row repeated, used once", name, lines, (name,), "kept"))
            left_out += list(rows.index[1:])
    return frame.drop(index=left_out)


def _one_diagnosis_each(frame: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Return the rows of lesions that have one diagnosis."""
    if "lesion_id" not in frame:
        return frame
    words = frame["dx"].where(frame["dx"] != "", frame["label"].map(dict(enumerate(LABELS))))
    several = words[frame["lesion_id"] != ""].groupby(frame["lesion_id"]).agg(lambda of: sorted(set(of)))
    several = several[several.map(len) > 1]
    for lesion, found in several.items():
        images = tuple(frame.loc[frame["lesion_id"] == lesion, "image_id"])
        problems.append(Problem("lesion with several labels", str(lesion), ", ".join(found), images))
    return frame[~frame["lesion_id"].isin(several.index)]


def _complete(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with all columns of `Labelled.rows`; an image without a lesion is a lesion of its own."""
    frame = frame.sort_values("image_id", kind="stable", ignore_index=True)
    missing = [name for name in DESCRIBING if name not in frame]
    described = normalize(frame.assign(**dict.fromkeys(missing, "")))
    own = "image " + frame["image_id"]
    lesion = frame["lesion_id"].where(frame["lesion_id"] != "", own) if "lesion_id" in frame else own
    return described.assign(
        dx=frame["dx"], lesion_id=lesion, age=described["age"].replace("", "nan").astype("float64")
    ).reset_index(drop=True)


def same_bytes(rows: pd.DataFrame, sha256: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the images of the folder that are the same file under several names.

    Args:
        rows: Columns image_id, path and label.
        sha256: SHA-256 by path.
    """
    digest = rows["path"].map(sha256)
    for _, same in rows[digest.duplicated(keep=False) & digest.notna()].groupby(digest):
        names = " = ".join(same["image_id"])
        if len(set(same["label"])) > 1:
            yield Problem("same bytes with several labels", names, "", tuple(same["image_id"]))
        else:
            yield Problem("same bytes under several names", names, "", tuple(same["image_id"]), "kept")


def left_out_rows(rows: pd.DataFrame, problems: Iterable[Problem]) -> "pd.Series[bool]":
    """Return whether each row is of an image that a problem leaves out; image_id is unique."""
    names = {name for problem in problems if problem.outcome == "left out" for name in problem.images}
    return rows["image_id"].isin(list(names))
