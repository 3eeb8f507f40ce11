"""The archive from a folder of the user's, laid out as it was published."""

import shutil
from pathlib import Path

from dermoscopy.archive.layout import IMAGE_FOLDERS, METADATA, photographs
from dermoscopy.errors import ArchiveError


def copy_archive(source: str | None, raw: Path) -> None:
    """Copy an archive as it is; what it lacks, verification tells.

    Args:
        source: Value of data.path; only read.
        raw: Folder to be made.

    Raises:
        ArchiveError: There is no such folder.
    """
    remedy = f"Set data.path to the folder that holds {', '.join(IMAGE_FOLDERS)} and {METADATA}."
    if source is None:
        raise ArchiveError("data.source is directory, but no folder is named", ["data.path: null"], remedy)
    archive = Path(source).expanduser()
    if not archive.is_dir():
        raise ArchiveError("The archive's folder is not there", [f"data.path: {source}"], remedy)

    raw.mkdir(parents=True)
    for name in IMAGE_FOLDERS:
        if (archive / name).is_dir():
            (raw / name).mkdir()
    for path in photographs(archive):
        shutil.copyfile(path, raw / path.relative_to(archive))
    if (archive / METADATA).is_file():
        shutil.copyfile(archive / METADATA, raw / METADATA)
