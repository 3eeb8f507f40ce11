"""Starting weights, brought in for each member under the names of `data.weights`."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from dermoscopy.acquire.params import Weights
from dermoscopy.acquire.sources import expand, holds
from dermoscopy.acquire.transfer import FetchError, Published, retrieve
from dermoscopy.core.errors import WeightsError
from dermoscopy.core.files import sha256
from dermoscopy.networks.backbones import BACKBONES, BASE_URL

README = """\
Starting weights of {member}.

{line}
"""

# What keras.applications publishes: weights learnt on ImageNet, without the top.
PUBLISHED = {
    name: Published(backbone.file, BASE_URL + backbone.weights, backbone.md5, backbone.size)
    for name, backbone in BACKBONES.items()
}


def copy_weights(
    members: Sequence[str], starting: Mapping[str, str], weights: Mapping[str, Weights], folder: Path
) -> None:
    """Write a folder for each member: <name>.h5 if it starts from weights, and README.md saying which are there.

    Nothing written tells where a file was: the same weights from elsewhere re-run nothing.

    Args:
        members: All of them.
        starting: Those that start from weights, each to its key of `weights`.
        weights: Name to source and sha256.
        folder: To be made.

    Raises:
        WeightsError: A file is missing, cannot be fetched or is not the one that was named; all
            of them are told.
    """
    problems = []
    found: dict[str, tuple[Path, str]] = {}
    for name in sorted(set(starting.values())):
        try:
            found[name] = _verified(name, weights[name])
        except WeightsError as error:
            problems.append(f"  {error}")
    if problems:
        raise WeightsError(
            "\n".join(["Starting weights cannot be used:", *problems, "Nothing in data/ was changed but source.json."])
        )
    for member in members:
        own = folder / member
        own.mkdir(parents=True)
        line = "None are configured."
        if member in starting:
            path, received = found[starting[member]]
            shutil.copyfile(path, own / f"{starting[member]}.h5")
            line = f"- {starting[member]}.h5: sha256 {received}"
        (own / "README.md").write_text(README.format(member=member, line=line))


def _verified(name: str, entry: Weights) -> tuple[Path, str]:
    """Return the path and the sha256 of a file of weights, which is the one that was named."""
    path = fetch(name) if entry.source == "imagenet" else find(name, entry.source)
    received = sha256(path)
    if entry.sha256 not in (None, received):
        raise WeightsError(
            f"data.weights.{name}: {path} is another file.\n"
            f"    Expected sha256 {entry.sha256}\n    received        {received}.\n"
            f"    Set data.weights.{name}.source to the right file, or .sha256 to what this one hashes to."
        )
    return path, received


def find(name: str, source: str) -> Path:
    """Return the path of a file of weights.

    Raises:
        WeightsError: It is not there.
    """
    path = expand(source)
    if not holds(path.is_file):
        raise WeightsError(
            f"data.weights.{name}.source: there is no file {source}.\n"
            f"    Set it to a file's path, to imagenet or to none."
        )
    return path


def fetch(name: str) -> Path:
    """Return the path of a backbone's ImageNet weights, downloaded into Keras's own cache.

    What Keras or an earlier run left there is not downloaded again; what broke off is gone on with.

    Args:
        name: The backbone's.

    Raises:
        WeightsError: None are published under that name, or they cannot be downloaded.
    """
    if name not in PUBLISHED:
        raise WeightsError(
            f"data.weights.{name}.source: imagenet is there for {', '.join(PUBLISHED)} only.\n"
            f"    Rename the entry, or set its source to a file's path."
        )
    published = PUBLISHED[name]
    checksum = f", md5 {published.md5}" if published.md5 else ""
    cache = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models"
    try:
        return retrieve(published, cache)
    except FetchError as error:
        raise WeightsError(
            f"data.weights.{name}: {published.name} could not be downloaded: {error}.\n"
            f"    Run the same again, and it goes on where it stopped. Without a network here, fetch it elsewhere,\n"
            f"    {published.size:,} bytes{checksum}, from\n"
            f"    {published.address}\n"
            f"    and put it into {cache}, or set data.weights.{name}.source to its path."
        ) from None
