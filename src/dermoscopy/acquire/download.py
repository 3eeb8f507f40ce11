"""HAM10000 from the Harvard Dataverse."""

import logging
import shutil
from pathlib import Path

from dermoscopy.acquire.transfer import FetchError, Published, held, locked, retrieve
from dermoscopy.core.errors import DatasetError
from dermoscopy.core.params import GIGABYTE
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA

logger = logging.getLogger(__name__)

PAGE = "https://doi.org/10.7910/DVN/DBW86T"
ADDRESS = "https://dataverse.harvard.edu/api/access/datafile/"
# As version 4.0 of the page has them. The Dataverse gives a table out as a tab file of its own making, unless
# asked for the original.
FILES = (
    Published(METADATA, f"{ADDRESS}4338392?format=original", "8f85fb1aa29d80a2797247e434deb79d", 690_218),
    Published(f"{IMAGE_FOLDERS[0]}.zip", f"{ADDRESS}3172585", "4639bfa73ab251610530a97c898e6e46", 1_366_522_108),
    Published(f"{IMAGE_FOLDERS[1]}.zip", f"{ADDRESS}3172584", "da43d6cc50f6613013be07e8986b384b", 1_403_566_547),
)


def download(folder: Path) -> Path:
    """Fetch what is missing of HAM10000's table and two zips, 2.8 GB in all.

    Args:
        folder: Where they are kept, so that a further run fetches nothing, and goes on where one broke off.
            May be deleted once the dataset is in `data/raw`; a run that needs them again fetches them again.

    Returns:
        The folder, which then holds the dataset as it is published.

    Raises:
        DatasetError: They cannot be fetched, or the disk has no room for them. All that is missing is told,
            with what to do where there is no network.
    """
    prepare(folder)
    refuse_full_disk(folder)
    for file in FILES:
        try:
            retrieve(file, folder)
        except FetchError as error:
            # The others would be of no use without it, and mostly come from where it did not.
            raise failure(file, error, folder) from None
    logger.info("HAM10000 as published is in %s", folder)
    return folder


def prepare(folder: Path) -> None:
    """Make the folder, and rid it of what a killed run left of no use; raise DatasetError if it is not ours."""
    try:
        with locked(folder):
            for left in folder.glob("tmp*"):  # pooch's output, empty or a second name of a part
                left.unlink()
    except OSError as error:
        raise DatasetError(
            "HAM10000 has no place to go", [f"{folder}: {error.strerror}"], "Make the folder writable, then run again."
        ) from None


def refuse_full_disk(folder: Path) -> None:
    """Raise DatasetError if what is still to come does not fit onto the folder's disk."""
    coming = sum(file.size - min(file.size, held_of(file, folder)) for file in FILES)
    free = shutil.disk_usage(folder).free
    if coming > free:
        raise DatasetError(
            "The disk has no room for HAM10000",
            [f"{folder}: {coming / GIGABYTE:.1f} GB are still to come, {free / GIGABYTE:.1f} GB are free"],
            "Free some space, then run the same again.",
        )


def held_of(file: Published, folder: Path) -> int:
    """Return how many bytes of a file are there, finished or not."""
    return held(folder / file.name) or held(folder / f"{file.name}.part")


def failure(failed: Published, error: FetchError, folder: Path) -> DatasetError:
    """Return what to tell whoever cannot download: why, what is missing, and the way round it.

    Args:
        failed: The file that could not be fetched.
        error: Why.
        folder: Holds what came before.
    """
    missing = [file for file in FILES if file is failed or not (folder / file.name).is_file()]
    there = [file.name for file in FILES if file not in missing]
    lines = [f"{failed.name}: {error}", f"here, in {folder}: {', '.join(there) or 'none of the files'}"]
    for file in missing:
        begun = held(folder / f"{file.name}.part")
        some = f", {begun:,} of them here" if begun else ""
        lines.append(f"missing: {file.name}, {file.size:,} bytes{some}, md5 {file.md5}\n    {file.address}")
    return DatasetError(
        "HAM10000 could not be downloaded",
        lines,
        "Run the same again, and it goes on where it stopped. Without a network here: fetch the missing files\n"
        f"elsewhere, from these addresses or from {PAGE}, put them into one folder\n"
        f"{'with those that are here, ' if there else ''}and name it: "
        "make run PROFILE=ham10000-smoke DATA=path/to/that/folder",
    )
