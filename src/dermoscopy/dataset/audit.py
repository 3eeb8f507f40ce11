"""The leak gate: what stands in one part stands in no other, on disk as in the tables."""

from pathlib import Path
from typing import Any

import pandas as pd

from dermoscopy.archive.hashes import sha256_all
from dermoscopy.archive.problems import Problem, summarize
from dermoscopy.dataset.checks import CHECKS
from dermoscopy.errors import LeakError
from dermoscopy.tables.parts import PART, PARTS

PROTOCOL = "lesion"
VERDICT = "clean"
FOLDERS = {
    "data/split/train": "train",
    "data/split/val": "val",
    "data/split/test": "test",
    "data/augmented/train": "train",
}


def read_rows(root: Path = Path()) -> pd.DataFrame:
    """Read the three tables as one, with the part whose table each row stands in as `table`.

    Args:
        root: The project's top folder.
    """
    tables = {part: PART.read(root / "data" / "split" / f"{part}.csv") for part in PARTS}
    return pd.concat([table.assign(table=part) for part, table in tables.items()], ignore_index=True)


def read_files(root: Path = Path()) -> pd.DataFrame:
    """List the files of all parts and hash them anew.

    Args:
        root: The project's top folder.

    Returns:
        Columns `path` (from the root, sorted within a part), `part` (by the folder), `sha256`.
    """
    found = [
        (path, part)
        for folder, part in FOLDERS.items()
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    ]
    hashes = sha256_all(path for path, _ in found)
    names = [path.relative_to(root).as_posix() for path, _ in found]
    return pd.DataFrame({"path": names, "part": [part for _, part in found], "sha256": hashes}, dtype="str")


def audit(rows: pd.DataFrame, files: pd.DataFrame) -> dict[str, Any]:
    """Make every check, and return what was checked and counted.

    Args:
        rows: What `read_rows` returned.
        files: What `read_files` returned.

    Returns:
        The protocol, the verdict, what each check found (nothing), and counts of each part.

    Raises:
        LeakError: A check found something; all of it is told.
    """
    found = {kind: [Problem(kind, *names) for names in check(rows, files)] for kind, check in CHECKS.items()}
    problems = [problem for members in found.values() for problem in members]
    if problems:
        raise LeakError(
            "The parts are not apart, and nothing can be learnt or judged on them",
            summarize(problems),
            "Undo changes in data/ with: dvc checkout. Or make the parts anew with: dvc repro --force split audit",
        )
    originals = rows["image_id"] == rows["source"]
    parts = {
        part: {
            "images": int((of_part & originals).sum()),
            "copies": int((of_part & ~originals).sum()),
            "lesions": int(rows.loc[of_part, "lesion_id"].nunique()),
            "groups": int(rows.loc[of_part, "group"].nunique()),
        }
        for part, of_part in ((part, rows["table"] == part) for part in PARTS)
    }
    joined = rows.drop_duplicates("lesion_id")["group"].value_counts() > 1
    return {
        "protocol": PROTOCOL,
        "verdict": VERDICT,
        "found": {kind: len(members) for kind, members in found.items()},
        "parts": parts,
        "groups_of_several_lesions": int(joined.sum()),
    }
