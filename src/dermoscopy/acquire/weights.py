"""Starting weights, brought in under the names of `data.weights`."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from dermoscopy.acquire.params import Weights
from dermoscopy.acquire.sources import expand, holds
from dermoscopy.acquire.transfer import FetchError, Published, retrieve
from dermoscopy.core.errors import WeightsError
from dermoscopy.core.files import sha256
from dermoscopy.networks.backbones import ADDRESS, BACKBONES

README = """\
Starting weights, by the names of `data.weights` in params.yaml, and what their files hash to.

{lines}
"""

# What keras.applications publishes: weights learnt on ImageNet, without the top.
PUBLISHED = {
    name: Published(backbone.file, ADDRESS + backbone.weights, backbone.md5, backbone.size)
    for name, backbone in BACKBONES.items()
}


def copy_weights(weights: Mapping[str, Weights], folder: Path) -> None:
    """Write <name>.h5 for each set that has a source, and README.md saying which are there.

    Nothing written tells where a file was: the same weights from elsewhere re-run nothing.

    Args:
        weights: Name to source and sha256.
        folder: To be made.

    Raises:
        WeightsError: A file is missing, cannot be fetched or is not the one that was named; all
            of them are told.
    """
    folder.mkdir(parents=True)
    problems, lines = [], []
    for name, entry in sorted(weights.items()):
        if entry.source == "none":
            continue
        try:
            path = fetch(name) if entry.source == "imagenet" else find(name, entry.source)
            received = sha256(path)
            if entry.sha256 not in (None, received):
                raise WeightsError(
                    f"data.weights.{name}: {path} is another file.\n"
                    f"    Expected sha256 {entry.sha256}\n    received        {received}.\n"
                    f"    Set data.weights.{name}.source to the right file, or .sha256 to what this one hashes to."
                )
        except WeightsError as error:
            problems.append(f"  {error}")
        else:
            shutil.copyfile(path, folder / f"{name}.h5")
            lines.append(f"- {name}.h5: sha256 {received}")
    if problems:
        raise WeightsError(
            "\n".join(["Starting weights cannot be used:", *problems, "Nothing in data/ was changed but source.json."])
        )
    (folder / "README.md").write_text(README.format(lines="\n".join(lines) or "None are configured."))


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
