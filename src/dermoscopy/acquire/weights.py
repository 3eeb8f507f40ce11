"""Copy or download the starting weights, and write them into one folder per member."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from dermoscopy.acquire.entries import check_path
from dermoscopy.acquire.params import Weights
from dermoscopy.acquire.sources import expand
from dermoscopy.acquire.transfer import FetchError, Published, retrieve
from dermoscopy.core.errors import WeightsError
from dermoscopy.core.files import sha256
from dermoscopy.networks.backbones import BACKBONES, BASE_URL

ABOUT = """\
Starting weights of {member}.

{line}
"""

# ImageNet weights without the top layers, as keras.applications publishes them.
PUBLISHED = {
    name: Published(backbone.file, BASE_URL + backbone.weights, backbone.md5, backbone.size)
    for name, backbone in BACKBONES.items()
}


def copy_weights(
    members: Sequence[str], starting_weights: Mapping[str, str], weights: Mapping[str, Weights], folder: Path
) -> None:
    """Write a folder for each member: <name>.h5 if the member starts from weights, and README.md with its checksum.

    The path of the source is not written: the same weights from another path re-run nothing.

    Args:
        members: Names of all members.
        starting_weights: For each member that starts from weights, their key in `weights`.
        weights: Block `data.weights` of params.yaml.
        folder: Folder that receives the members' folders; it is created.

    Raises:
        WeightsError: Files are missing, cannot be downloaded or have the wrong checksum; the message lists all of them.
    """
    problems = []
    found: dict[str, tuple[Path, str]] = {}
    for name in sorted(set(starting_weights.values())):
        try:
            found[name] = _verified(name, weights[name])
        except WeightsError as error:
            problems.append(f"  {error}")
    if problems:
        raise WeightsError(
            "\n".join(["Starting weights cannot be used:", *problems, "Nothing in data/ was changed but source.json."])
        )
    for member in members:
        target = folder / member
        target.mkdir(parents=True)
        line = "None are configured."
        if member in starting_weights:
            path, received = found[starting_weights[member]]
            shutil.copyfile(path, target / f"{starting_weights[member]}.h5")
            line = f"- {starting_weights[member]}.h5: sha256 {received}"
        (target / "README.md").write_text(ABOUT.format(member=member, line=line))


def _verified(name: str, entry: Weights) -> tuple[Path, str]:
    """Return path and SHA-256 of a file of weights after verifying the configured checksum."""
    path = download_weights(name) if entry.source == "imagenet" else existing_weights(name, entry.source)
    received = sha256(path)
    if entry.sha256 not in (None, received):
        raise WeightsError(
            f"data.weights.{name}: {path} has another checksum.\n"
            f"    Expected sha256 {entry.sha256}\n    received        {received}.\n"
            f"    Set data.weights.{name}.source to the right file, or .sha256 to the received checksum."
        )
    return path, received


def existing_weights(name: str, source: str) -> Path:
    """Return the path of a file of weights.

    Args:
        name: Key in `data.weights`.
        source: Path of the file, as configured.

    Raises:
        WeightsError: The file does not exist.
    """
    path = expand(source)
    if not check_path(path.is_file):
        raise WeightsError(
            f"data.weights.{name}.source: there is no file {source}.\n"
            f"    Set it to the path of a file, to imagenet or to none."
        )
    return path


def download_weights(name: str) -> Path:
    """Return the path of a backbone's ImageNet weights, downloaded into Keras's own cache.

    A file that Keras or an earlier run downloaded is reused; an interrupted download is resumed.

    Args:
        name: Key in `data.weights`, which is the backbone's name.

    Raises:
        WeightsError: No weights are published under that name, or they cannot be downloaded.
    """
    if name not in PUBLISHED:
        raise WeightsError(
            f"data.weights.{name}.source: imagenet is available for {', '.join(PUBLISHED)} only.\n"
            f"    Rename the entry, or set its source to the path of a file."
        )
    published = PUBLISHED[name]
    checksum = f", md5 {published.md5}" if published.md5 else ""
    cache = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models"
    try:
        return retrieve(published, cache)
    except FetchError as error:
        raise WeightsError(
            f"data.weights.{name}: {published.name} could not be downloaded: {error}.\n"
            f"    Run the same command again to resume the download. Without a network, download it elsewhere,\n"
            f"    {published.size:,} bytes{checksum}, from\n"
            f"    {published.address}\n"
            f"    and put it into {cache}, or set data.weights.{name}.source to its path."
        ) from None
