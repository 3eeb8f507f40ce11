"""What the audit checks, one function a kind of leak.

Each gets `rows`, the three tables as one with the part whose `table` a row stands in, and `files`,
the files on disk with the `part` whose folder they lie in and their `sha256`. Each returns a name
and a detail for all it found.
"""

from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from dermoscopy.archive.duplicates import join, same_bytes
from dermoscopy.tables.parts import LABELS

Found = Iterable[tuple[str, str]]
Check = Callable[[pd.DataFrame, pd.DataFrame], Found]


def _crossing(keys: "pd.Series[str]", parts: "pd.Series[str]") -> dict[str, str]:
    """Return the keys that stand in several parts, with those parts."""
    of_key = parts.groupby(keys).unique()
    return {str(key): ", ".join(names) for key, names in of_key.items() if len(names) > 1}


def lesions_cross(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """No lesion is in two parts."""
    return _crossing(rows["lesion_id"], rows["table"]).items()


def groups_cross(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """No group is in two parts."""
    return _crossing(rows["group"], rows["table"]).items()


def bytes_cross(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """No two files of the same bytes are in two parts."""
    crossing = _crossing(files["sha256"], files["part"])
    for _, paths in files[files["sha256"].isin(list(crossing))].groupby("sha256")["path"]:
        yield " = ".join(paths), ""


def copies_cross(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """Every copy is in train, beside its original and in its lesion and group."""
    copies = rows[rows["image_id"] != rows["source"]]
    originals = rows[rows["image_id"] == rows["source"]]
    beside = copies.merge(originals, "left", on=["source", "lesion_id", "group", "label", "table"], indicator=True)
    lost = beside[(beside["_merge"] == "left_only") | (beside["table"] != "train")]
    for copy, source, table in zip(lost["image_id_x"], lost["source"], lost["table"], strict=True):
        homes = originals.loc[originals["source"] == source, "table"].tolist()
        yield copy, f"in {table}, its original in {', '.join(homes) or 'no part'}"


def ids_repeat(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """No picture has two rows."""
    repeated = rows[rows["image_id"].duplicated(keep=False)]
    for image_id, tables in repeated.groupby("image_id")["table"]:
        yield str(image_id), ", ".join(tables)


def rows_astray(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """Every row stands in its own part's table and points to its own part's and label's folder."""
    kind = rows["image_id"].eq(rows["source"]).map({True: "split", False: "augmented"})
    label = rows["label"].map(dict(enumerate(LABELS)))
    expected = "data/" + kind + "/" + rows["table"] + "/" + label + "/" + rows["image_id"] + ".jpg"
    astray = rows[(rows["path"] != expected) | (rows["part"] != rows["table"])]
    for image_id, table, part, path in zip(
        astray["image_id"], astray["table"], astray["part"], astray["path"], strict=True
    ):
        yield image_id, f"in {table}.csv, part {part}, {path}"


def files_without_row(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """Every file has a row."""
    for path in files.loc[~files["path"].isin(rows["path"]), "path"]:
        yield path, ""


def rows_without_file(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """Every row has a file."""
    for path in rows.loc[~rows["path"].isin(files["path"]), "path"]:
        yield path, ""


def files_changed(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """Every original's file has the bytes it had when it was merged."""
    both = rows[rows["image_id"] == rows["source"]].merge(files, on="path", suffixes=("", "_found"))
    for path in both.loc[both["sha256"] != both["sha256_found"], "path"]:
        yield path, ""


def groups_differ(rows: pd.DataFrame, files: pd.DataFrame) -> Found:
    """Lesions that share bytes, as hashed anew, share a group."""
    originals = rows[rows["image_id"] == rows["source"]].drop(columns="sha256").merge(files, on="path")
    anew = join(originals["lesion_id"], same_bytes(originals["lesion_id"].tolist(), originals["sha256"].tolist()))
    groups = originals.groupby(originals["lesion_id"].map(anew))["group"].unique()
    for lesion, names in groups[groups.str.len() > 1].items():
        yield str(lesion), f"groups {', '.join(names)}"


CHECKS: Mapping[str, Check] = {
    "lesion in several parts": lesions_cross,
    "group in several parts": groups_cross,
    "same bytes in several parts": bytes_cross,
    "copy apart from its original": copies_cross,
    "image_id in several rows": ids_repeat,
    "row in another part's table or folder": rows_astray,
    "file without a row": files_without_row,
    "row without a file": rows_without_file,
    "file changed since it was merged": files_changed,
    "same bytes in several groups": groups_differ,
}
