"""Starting weights, brought in under the names of `data.weights`."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dermoscopy.archive.hashes import sha256
from dermoscopy.errors import WeightsError
from dermoscopy.params.data import Weights

README = """\
Starting weights, by the names of `data.weights` in params.yaml, and what their files hash to.

{lines}
"""


@dataclass(frozen=True)
class Published:
    """A file that keras.applications publishes: weights learnt on ImageNet, without the top.

    Attributes:
        address: Where it is.
        md5: What it hashes to, as keras.applications has it.
    """

    address: str
    md5: str


ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/"
PUBLISHED = {
    "vgg19": Published(
        ADDRESS + "vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", "253f8cb515780f3b799900260a226db6"
    ),
    "inception_v3": Published(
        ADDRESS + "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
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
        raise WeightsError("\n".join(["Starting weights cannot be used:", *problems, "Nothing of data/ was changed."]))
    (folder / "README.md").write_text(README.format(lines="\n".join(lines) or "None are configured."))


def find(name: str, source: str) -> Path:
    """Return the path of a file of weights.

    Raises:
        WeightsError: It is not there.
    """
    path = Path(source).expanduser()
    if not path.is_file():
        raise WeightsError(
            f"data.weights.{name}.source: there is no file {source}.\n"
            f"    Set it to a file's path, to imagenet or to none."
        )
    return path


def fetch(name: str) -> Path:
    """Return the path of a backbone's ImageNet weights, downloaded into Keras's own cache.

    What Keras or an earlier run left there is not downloaded again.

    Args:
        name: The backbone's.

    Raises:
        WeightsError: None are published under that name, or they cannot be downloaded.
    """
    import pooch

    if name not in PUBLISHED:
        raise WeightsError(
            f"data.weights.{name}.source: imagenet is there for {', '.join(PUBLISHED)} only.\n"
            f"    Rename the entry, or set its source to a file's path."
        )
    published = PUBLISHED[name]
    cache = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models"
    pooch.get_logger().setLevel("WARNING")
    file = published.address.rsplit("/", 1)[-1]
    try:
        return Path(pooch.retrieve(published.address, f"md5:{published.md5}", fname=file, path=cache))
    # Without a network requests raises OSErrors; pooch raises ValueError for other bytes.
    except (OSError, ValueError) as error:
        reason = "other bytes than published" if isinstance(error, ValueError) else type(error).__name__
        raise WeightsError(
            f"data.weights.{name}: could not be downloaded ({reason}) from\n"
            f"    {published.address}\n"
            f"    Fetch {file} from there on a machine with a network, then set\n"
            f"    data.weights.{name}.source to its path, or put it into {cache}."
        ) from None
