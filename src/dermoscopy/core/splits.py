"""data/split/<split>.csv: who is where; a row a image, original or planned copy.

The splits that something is fitted or chosen on, read by whoever does so.

The audit's line, which every later figure carries: how splits were drawn, and whether they leak.
"""

from pathlib import Path

import pandas as pd

from dermoscopy.core.errors import LeakError, TableError, first_few
from dermoscopy.core.tables import Table

SPLITS = ("train", "val", "test")

LABELS = ("benign", "malignant")  # their labels are 0 and 1, their folders bear their names

README = "README.md"  # in each folder of copies, most of which hold none

SPLIT = Table(
    columns={
        "image_id": "str",  # a copy's is its original's, "_copy" and a number
        "lesion_id": "str",
        "group": "str",
        "dx": "str",
        "dx_type": "str",
        "age": "float64",
        "sex": "str",
        "localization": "str",
        "label": "int64",
        "split": "str",
        "source": "str",  # image_id of the original; an original's own
        "path": "str",  # from the project's top folder
        "sha256": "str",  # of an original's file; empty for a copy, which is not made yet
    },
    order=("image_id",),
)


def locate(rows: pd.DataFrame, split: "str | pd.Series[str]") -> "pd.Series[str]":
    """Return where the images of a split lie, from the project's top folder.

    Args:
        rows: Columns `image_id`, `source`, `label`.
        split: Its name, or one for each row.
    """
    stage = rows["image_id"].eq(rows["source"]).map({True: "split", False: "augmented"})
    folder = rows["label"].map(dict(enumerate(LABELS)))
    return "data/" + stage + "/" + split + "/" + folder + "/" + rows["image_id"] + ".jpg"


def read_split(path: Path, split: str) -> pd.DataFrame:
    """Read a split's table and make sure that it is that split and no other.

    Every stage that learns, chooses or judges reads its splits through this.

    Args:
        path: data/split/<split>.csv.
        split: Its name.

    Raises:
        LeakError: A row says it belongs to another split, its file is not its own or lies in another
            split's folder, or a image stands in the table twice.
    """
    rows = SPLIT.read(path)
    stray = rows[(rows["split"] != split) | (rows["path"] != locate(rows, split))]
    twice = rows.loc[rows["image_id"].duplicated(), "image_id"]
    problems = [f"{row.image_id}: split {row.split}, file {row.path}" for row in stray.itertuples()]
    problems += [f"{image_id}: listed twice" for image_id in twice]
    if problems:
        raise LeakError(
            f"{path} holds rows that are not of {split}, or not once",
            first_few(problems),
            "Make the splits as they were: dvc repro split",
        )
    return rows


# What train and val never share, by protocol.
NEVER_SHARED = {
    "lesion": ("lesion_id", "group", "source"),
    "image": ("source",),
    "paper": ("image_id",),
}
REMEDY = "Make the splits as they were: dvc repro split"


def read_train_and_val(split: Path, protocol: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the two splits of training, and make sure that they are apart.

    Args:
        split: Folder of the tables.
        protocol: How the splits were drawn.

    Raises:
        LeakError: A table holds rows of another split, or the two share what the protocol keeps apart.
    """
    train, val = read_split(split / "train.csv", "train"), read_val(split, protocol)
    shared = [
        f"{key} {name}: {', '.join(train.loc[train[key] == name, 'path'].head(1))}, "
        f"{', '.join(val.loc[val[key] == name, 'path'].head(1))}"
        for key in NEVER_SHARED[protocol]
        for name in sorted(set(train[key]) & set(val[key]))
    ]
    if shared:
        raise LeakError("train and val are not apart", first_few(shared), REMEDY)
    return train, val


def read_val(split: Path, protocol: str) -> pd.DataFrame:
    """Read the split that chooses, and make sure that it holds images as they were taken.

    Args:
        split: Folder of the tables.
        protocol: How the splits were drawn; "paper" deals copies to all splits.

    Raises:
        LeakError: The table holds rows of another split, or copies.
    """
    val = read_split(split / "val.csv", "val")
    copies = val.loc[val["image_id"] != val["source"], "path"]
    if len(copies) and protocol != "paper":
        raise LeakError("val holds copies, which are of train alone", first_few(copies.tolist()), REMEDY)
    return val


VERDICTS = {"lesion": "clean", "image": "leaky", "paper": "leaky"}

# Key of metrics/audit.json under a leaky protocol: the share of test's images whose lesion is also in train.
SHARED_LESIONS = "test_images_of_train_lesions"


def read_audited_protocol(path: Path) -> str:
    """Return the protocol that the splits were audited by.

    Args:
        path: data/audited, one line: the protocol, then `clean` or `leaky`.

    Raises:
        TableError: The file is missing or holds another line.
    """
    try:
        line = path.read_text().strip()
    except FileNotFoundError:
        raise TableError(f"{path} is not here: run `dvc repro`.") from None
    lines = {f"{protocol} {verdict}": protocol for protocol, verdict in VERDICTS.items()}
    if line not in lines:
        known = ", ".join(map(repr, lines))
        raise TableError(f"{path} must say a protocol and clean or leaky ({known}); received {line!r}.")
    return lines[line]


def read_protocol_title(path: Path) -> str:
    """Return the protocol as figures and titles show it.

    Args:
        path: data/audited.

    Returns:
        The protocol alone where it is clean ("lesion"), else with its warning
        ("image (leaky protocol)").

    Raises:
        TableError: The file is missing or holds another line.
    """
    return protocol_title(read_audited_protocol(path))


def protocol_title(protocol: str) -> str:
    """Return a protocol as figures and titles show it, with a warning where it leaks."""
    return protocol if VERDICTS[protocol] == "clean" else f"{protocol} (leaky protocol)"


def leak_warning(protocol: str) -> str:
    """Return what a image says below its title where splits leak, and nothing where they do not."""
    return "" if VERDICTS[protocol] == "clean" else "leaky protocol: splits share lesions"
