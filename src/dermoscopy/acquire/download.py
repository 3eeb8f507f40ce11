"""Download HAM10000 from the Harvard Dataverse."""

import logging
import shutil
from pathlib import Path

from dermoscopy.acquire.transfer import FetchError, Published, file_size, locked, retrieve
from dermoscopy.core.errors import DatasetError
from dermoscopy.core.params import GIGABYTE
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA

logger = logging.getLogger(__name__)

PAGE = "https://doi.org/10.7910/DVN/DBW86T"
ADDRESS = "https://dataverse.harvard.edu/api/access/datafile/"
# Version 4.0 of the page. The Dataverse converts tables to tab-separated files unless format=original is given.
FILES = (
    Published(METADATA, f"{ADDRESS}4338392?format=original", "8f85fb1aa29d80a2797247e434deb79d", 690_218),
    Published(f"{IMAGE_FOLDERS[0]}.zip", f"{ADDRESS}3172585", "4639bfa73ab251610530a97c898e6e46", 1_366_522_108),
    Published(f"{IMAGE_FOLDERS[1]}.zip", f"{ADDRESS}3172584", "da43d6cc50f6613013be07e8986b384b", 1_403_566_547),
)


def download(folder: Path) -> Path:
    """Download the missing files of HAM10000: its table and two zips, 2.8 GB in total.

    Args:
        folder: Folder that keeps the files between runs. Files that are present are not downloaded again, and an
            interrupted download is resumed. The folder may be deleted once the dataset is in `data/acquired/dataset`.

    Returns:
        The folder, which then contains the published dataset.

    Raises:
        DatasetError: A file cannot be downloaded, or the disk has no room. The message lists all missing files and
            says how to proceed without a network.
    """
    prepare_folder(folder)
    refuse_full_disk(folder)
    for file in FILES:
        try:
            retrieve(file, folder)
        except FetchError as error:
            # The other files are useless without this one, and the same server would probably fail again.
            raise download_error(file, error, folder) from None
    logger.info("HAM10000 as published is in %s", folder)
    return folder


def prepare_folder(folder: Path) -> None:
    """Create the folder and remove temporary files of a killed run.

    Raises:
        DatasetError: The folder cannot be written.
    """
    try:
        with locked(folder):
            for leftover in folder.glob("tmp*"):  # pooch's output, empty or a second name of a partial file
                leftover.unlink()
    except OSError as error:
        raise DatasetError(
            "HAM10000 cannot be stored", [f"{folder}: {error.strerror}"], "Make the folder writable, then run again."
        ) from None


def refuse_full_disk(folder: Path) -> None:
    """Raise DatasetError if the missing bytes do not fit on the folder's disk."""
    missing = sum(file.size - min(file.size, downloaded_size(file, folder)) for file in FILES)
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise DatasetError(
            "The disk has no room for HAM10000",
            [f"{folder}: {missing / GIGABYTE:.1f} GB are missing, {free / GIGABYTE:.1f} GB are free"],
            "Free some disk space, then run the same command again.",
        )


def downloaded_size(file: Published, folder: Path) -> int:
    """Return the number of bytes of a file that are in the folder, complete or partial."""
    return file_size(folder / file.name) or file_size(folder / f"{file.name}.part")


def download_error(failed: Published, error: FetchError, folder: Path) -> DatasetError:
    """Return the error that reports the cause, the missing files, and how to proceed without a network.

    Args:
        failed: The file that could not be downloaded.
        error: The cause.
        folder: Folder with the files that were downloaded before.
    """
    missing = [file for file in FILES if file is failed or not (folder / file.name).is_file()]
    present = [file.name for file in FILES if file not in missing]
    lines = [f"{failed.name}: {error}", f"present in {folder}: {', '.join(present) or 'none of the files'}"]
    for file in missing:
        size = file_size(folder / f"{file.name}.part")
        downloaded = f", {size:,} of them downloaded" if size else ""
        lines.append(f"missing: {file.name}, {file.size:,} bytes{downloaded}, md5 {file.md5}\n    {file.address}")
    return DatasetError(
        "HAM10000 could not be downloaded",
        lines,
        "Run the same command again to resume the download. Without a network: download the missing files\n"
        f"elsewhere, from these addresses or from {PAGE}, put them into one folder\n"
        f"{'with those that are present, ' if present else ''}and pass its path: "
        "make run PROFILE=ham10000-smoke DATA=path/to/that/folder",
    )
