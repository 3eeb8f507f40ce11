"""Write a bundle for others: that of the run, its origin in git, and the members in further formats."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dermoscopy.bundle.contents import CONTENTS
from dermoscopy.bundle.manifest import verify_sums, write_sums
from dermoscopy.core.errors import UserError
from dermoscopy.core.files import sha256, write_text
from dermoscopy.export.formats import FORMATS, Export
from dermoscopy.export.parity import PARITY, table
from dermoscopy.use.model import load_model
from dermoscopy.use.recorded import LOCK, is_outdated, read_stages
from dermoscopy.use.sources import require_recorded

BUNDLE = "data/bundle"
ORIGIN = "origin.json"
PARITY_FILE = "parity.csv"


def export_bundle(root: Path, folder: Path, formats: Sequence[str], commit: str | None) -> None:
    """Write the bundle of the last run into a folder, which appears complete or not at all.

    Args:
        root: Top folder of the project.
        folder: The folder; an earlier bundle in it is replaced.
        formats: Names of `FORMATS`; their packages are installed.
        commit: Commit whose files the run has; None if files were changed since.

    Raises:
        UserError: There is no bundle of the last run, or `folder` has other files.
    """
    require_replaceable(folder)
    _require_bundle(root)
    with _new_folder(folder) as temporary:
        shutil.copytree(root / BUNDLE, temporary, dirs_exist_ok=True)
        verify_sums(temporary)
        model = load_model(temporary)
        origin: dict[str, Any] = {"commit": commit, "dvc_lock_sha256": sha256(root / LOCK)}
        write_text(temporary / ORIGIN, json.dumps(origin, indent=2) + "\n")
        export = Export(model.members, root, model.recorded.runtime.threads)
        rows = [row for name in formats for row in FORMATS[name].write(export, temporary)]
        if rows:
            PARITY.write(table(rows), temporary / PARITY_FILE)
        write_sums(temporary)


def require_replaceable(folder: Path) -> None:
    """Check that a folder may be written: it does not exist, is empty, or is a bundle without other files.

    Args:
        folder: The folder.

    Raises:
        UserError: It is a file, or has other files.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder} is no folder; choose another one.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    try:
        is_bundle = CONTENTS in verify_sums(folder)
    except UserError:
        is_bundle = False
    if not is_bundle:
        raise UserError(f"{folder} has other files than those of a bundle; choose another folder. Nothing was written.")


def _require_bundle(root: Path) -> None:
    """Raise an error if data/bundle is missing, or is not that of the last run."""
    stages = read_stages(root)
    if "bundle" not in stages or not (root / BUNDLE).is_dir():
        raise UserError(f"{root / BUNDLE} does not exist. Run dvc repro, or dvc checkout if it has run before.")
    if is_outdated(stages, "bundle"):
        raise UserError(f"{root / BUNDLE} is of an earlier run than the files in data/. Finish the run: dvc repro")
    require_recorded(root, [BUNDLE])


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder` that takes its place when the block succeeds."""
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    temporary.mkdir()
    try:
        yield temporary
        for path in temporary.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        if folder.exists() and any(folder.iterdir()):
            require_replaceable(folder)  # it may have been changed meanwhile
            replaced = folder.with_name(f"{temporary.name}.replaced")
            folder.rename(replaced)
            temporary.rename(folder)
            shutil.rmtree(replaced)
        else:
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
