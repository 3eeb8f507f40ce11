"""Sources that are not on this machine: what follows from data/acquired runs without them, if git has their record."""

import json
import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.error import YAMLError

from dermoscopy.acquire.entries import check_path
from dermoscopy.acquire.params import Data
from dermoscopy.acquire.sources import expand, why_absent
from dermoscopy.check.outputs import missing_outputs
from dermoscopy.core.errors import UserError
from dermoscopy.core.params import PARAMS, read_yaml

logger = logging.getLogger(__name__)

SOURCE = Path("data/source.json")


def recorded_paths(data: Data) -> dict[str, str]:
    """Return the paths in `data` that are not on this machine and whose content `SOURCE` records, by their key.

    They are recorded if the last commit has this block `data` and this `SOURCE`. After any change, a missing path
    may be a typing error.

    Args:
        data: Block `data` of params.yaml.
    """
    files = {f"data.weights.{name}.source": entry.source for name, entry in data.weights.items()}
    paths = {key: text for key, text in files.items() if text not in ("none", "imagenet")}
    if data.source == "directory" and data.path is not None:
        paths = {"data.path": data.path, **paths}
    absent = {key: text for key, text in paths.items() if _is_absent(expand(text))}
    return absent if absent and _is_committed(data) else {}


def _is_absent(path: Path) -> bool:
    """Return whether a path does not exist, or is an empty folder: where nothing is mounted."""
    return why_absent(path) is not None or check_path(lambda: path.is_dir() and not any(path.iterdir()))


def _is_committed(data: Data) -> bool:
    try:
        params, record = read_yaml(_committed(PARAMS)), json.loads(_committed(SOURCE))
        same_record = record == json.loads(SOURCE.read_text(encoding="utf-8"))
        return same_record and record["source"] == data.source and Data(**params["data"]) == data
    except (OSError, subprocess.SubprocessError, YAMLError, ValidationError, ValueError, KeyError, TypeError):
        return False


def _committed(path: Path) -> str:
    """Return a file of the last commit.

    Raises:
        OSError: git is not installed.
        SubprocessError: There is no repository, commit or file.
    """
    return subprocess.run(["git", "show", f"HEAD:./{path}"], capture_output=True, encoding="utf-8", check=True).stdout


def read_record() -> dict[str, Any]:
    """Return the content of `SOURCE`."""
    record: dict[str, Any] = json.loads(SOURCE.read_text(encoding="utf-8"))
    return record


def require_record(source: Mapping[str, Any], absent: Mapping[str, str]) -> None:
    """Log that sources are not on this machine, or refuse if acquire would need them.

    Args:
        source: Fingerprint of the sources that are on this machine, completed from the record.
        absent: The others, from `recorded_paths`; nothing happens if there are none.

    Raises:
        UserError: A source has changed, so that acquire would run again.
    """
    if not absent:
        return
    paths = " and ".join(f"{key} {text!r}" for key, text in absent.items())
    record = read_record()
    if source != record:
        changed = "starting weights" if source["weights"] != record["weights"] else "dataset"
        raise UserError(
            f"Not on this machine: {paths}. But the {changed} changed since {SOURCE} was committed, so data/acquired "
            "must be written again, from all its sources.\n"
            "Set the path to where the file or folder is, or undo the change (git checkout HEAD params.yaml)."
        )
    logger.warning("Not on this machine: %s. Going on with data/acquired, as recorded in %s.", paths, SOURCE)
    if missing := missing_outputs():
        logger.warning("Missing: %s. Get them with: dvc pull", ", ".join(missing))
