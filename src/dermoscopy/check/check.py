"""The rules that need more than one block of params.yaml, or the machine.

More layers to unfreeze than there are.

Images too small for a network.

Starting weights that are not there, and members that name none that are.

Batches that cannot be shared out, and graphics cards that nobody would use.
"""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dermoscopy.acquire.params import Data, Weights
from dermoscopy.acquire.sources import absence, expand
from dermoscopy.check.source import source_problems
from dermoscopy.core.files import sha256
from dermoscopy.core.members import PIPELINE, meant, trained_members
from dermoscopy.core.nearest import nearest_word
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import feature_map_size
from dermoscopy.networks.devices import visible_gpus
from dermoscopy.networks.params import LARGEST_IMAGE_SIZE, Member, Runtime, SmallCNN, Training, Transfer
from dermoscopy.search.params import Search
from dermoscopy.search.space import grid_problems

logger = logging.getLogger(__name__)


def layer_problems(name: str, member: Transfer) -> list[str]:
    """Return what is wrong with a member's `unfrozen_layers`: one line, or none.

    Args:
        name: The member's.
        member: Its parameters.
    """
    layers = BACKBONES[member.backbone].layers
    if isinstance(member.unfrozen_layers, str) or member.unfrozen_layers <= layers:
        return []
    return [
        f"models.{name}.unfrozen_layers: received {member.unfrozen_layers}; "
        f"{member.backbone} has {layers} layers, its input counted. Did you mean all?"
    ]


def size_problems(name: str, member: Transfer | SmallCNN) -> list[str]:
    """Return what is wrong with a member's `image_size`, given its layers: one line, or none.

    Args:
        name: The member's.
        member: Its parameters.
    """
    key = f"models.{name}.image_size: received {member.image_size}; "
    if isinstance(member, Transfer):
        smallest = BACKBONES[member.backbone].min_image_size
        if member.image_size >= smallest:
            return []
        return [key + f"{member.backbone} takes {smallest} pixels or more. Did you mean {smallest}?"]
    if feature_map_size(member):
        return []
    lost = next(count for count in range(1, member.conv_layers + 1) if not _side(member, conv_layers=count))
    left = _side(member, conv_layers=lost - 1) if lost > 1 else member.image_size
    layer = f"convolution {member.kernel_size}, padding {member.padding}, pooling {member.pool_size}"
    return [
        f"{key}the {left} x {left} pixels that reach layer {lost} of {member.conv_layers} ({layer}) are too few. "
        + _way_out(member)
    ]


def _way_out(member: SmallCNN) -> str:
    for side in range(member.image_size, LARGEST_IMAGE_SIZE + 1):
        if _side(member, image_size=side):
            return f"The smallest image_size that works is {side}."
    return f"No image_size up to {LARGEST_IMAGE_SIZE} works: use fewer conv_layers or a smaller pool_size."


def _side(member: SmallCNN, **changes: Any) -> int:
    return feature_map_size(member.model_copy(update=changes))


def weights_problems(weights: Mapping[str, Weights]) -> list[str]:
    """Return what is wrong with `data.weights`, one line a problem.

    Args:
        weights: Name to source and sha256.
    """
    problems = []
    for name, entry in weights.items():
        key = f"data.weights.{name}"
        if name == "none" or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            problems.append(f"{key}: not a name; expected letters, digits, - and _, and not none.")
        elif entry.source == "imagenet":
            if name not in BACKBONES:
                problems.append(f"{key}.source: received 'imagenet'; that is there for {', '.join(BACKBONES)} only.")
        elif entry.source != "none":
            problems += _file_problems(key, entry)
    return problems


def _file_problems(key: str, entry: Weights) -> list[str]:
    path = expand(entry.source)
    absent = absence(path)
    expected = "expected none, imagenet or the path of a file"
    if absent or not path.is_file():
        meant = nearest_word(entry.source, ("none", "imagenet"))
        question = f" Did you mean {meant}?" if meant else ""
        return [f"{key}.source: received {entry.source!r}; {expected}, and this {absent or 'is a folder'}.{question}"]
    if entry.sha256 is None:
        return []
    try:
        received = sha256(path)
    except OSError as error:
        return [f"{key}.source: received {entry.source!r}; it cannot be read ({error.strerror})."]
    if received == entry.sha256:
        return []
    return [f"{key}.sha256: received {entry.sha256}; {entry.source} hashes to {received}."]


def member_weights_problems(name: str, member: Transfer, weights: Mapping[str, Weights]) -> list[str]:
    """Return what is wrong with the starting weights a member names: one line, or none.

    Args:
        name: The member's.
        member: Its parameters.
        weights: `data.weights`.
    """
    if member.weights == "none":
        return []
    key = f"models.{name}.weights: received {member.weights!r}; "
    if member.weights not in weights:
        meant = nearest_word(member.weights, ("none", *weights))
        question = f" Did you mean {meant}?" if meant else ""
        line = f"{key}expected none or a key of data.weights ({', '.join(weights)})."
        if member.weights == "imagenet":
            question = f" Set data.weights.{member.backbone}.source to imagenet, and this to {member.backbone}."
        return [line + question]
    source = weights[member.weights].source
    if source == "none":
        return [
            f"{key}data.weights.{member.weights}.source is none. Set that to imagenet, which downloads "
            f"{BACKBONES[member.backbone].file}, or to the path of that file, or this to none."
        ]
    if source == "imagenet" and member.weights in BACKBONES and member.weights != member.backbone:
        return [f"{key}these are of {member.weights}, and the backbone is {member.backbone}."]
    return []


FOR_PROCESSORS = "tensorflow-cpu"


def device_problems(runtime: Runtime, training: Training) -> list[str]:
    """Return what is wrong with `training.batch_size`, given `runtime.devices`: one line, or none.

    Devices with unequal shares would count alike, so that a image's weight would depend on its device.

    Args:
        runtime: How the machine is used.
        training: What all members share.
    """
    shares, rest = divmod(training.batch_size, runtime.devices)
    if rest == 0:
        return []
    fitting = [str(count * runtime.devices) for count in (shares, shares + 1) if count]
    return [
        f"training.batch_size: received {training.batch_size}; runtime.devices is {runtime.devices}, "
        f"and each takes an equal share of a batch. Did you mean {' or '.join(fitting)}?"
    ]


def warn_unused_gpus() -> None:
    """Tell of GPUs that are here while TensorFlow for processors alone is installed."""
    try:
        distribution(FOR_PROCESSORS)
    except PackageNotFoundError:
        return
    if gpus := visible_gpus(os.environ):
        logger.warning(
            "This machine has %d GPU%s, but %s is installed, which computes on the processor. To use them, first: "
            "pip uninstall --yes %s && pip install --editable '.[gpu]'",
            *(len(gpus), "s" if len(gpus) > 1 else "", FOR_PROCESSORS, FOR_PROCESSORS),
        )


def name_problems(key: str, names: Sequence[str], known: Sequence[str], what: str) -> list[str]:
    """Return which names in a list of members are not known, one line each.

    Args:
        key: Of the list.
        names: What it holds.
        known: What it may hold.
        what: What these are called.
    """
    return [
        f"{key}.{place}: received {name!r}; expected one of the {what} ({', '.join(known)}).{meant(name, known)}"
        for place, name in enumerate(names)
        if name not in known
    ]


def pipeline_problems(names: Sequence[str]) -> list[str]:
    """Return which members only one of params.yaml and dvc.yaml has, one line each.

    Args:
        names: The keys of `models`.
    """
    if not PIPELINE.is_file():
        return []
    trained = trained_members()
    missing = [name for name in trained if name not in names]
    return [
        *(
            f"models.{name}: dvc.yaml does not train it. Add {name} to the matrix of train there, and its files "
            f"wherever those of another member stand; or remove this block.{meant(name, missing)}"
            for name in names
            if name not in trained
        ),
        *(
            f"models.{name}: missing; dvc.yaml trains it. Add the block; or remove {name} from the matrix of train "
            "there, and its files."
            for name in missing
        ),
    ]


def starting_weights(models: Mapping[str, Transfer | SmallCNN]) -> dict[str, str]:
    """Return which members start from weights: member to key of `data.weights`.

    Args:
        models: Member to its parameters.
    """
    return {
        name: member.weights
        for name, member in models.items()
        if isinstance(member, Transfer) and member.weights != "none"
    }


def preflight(tree: Any) -> list[str]:
    """Return what is wrong with params.yaml beyond its single blocks, one line a problem.

    A rule is left out where a block it needs is wrong in itself, so that it can be told together
    with what is wrong there.

    Args:
        tree: The whole file, unchecked.
    """
    problems: list[str] = []
    data = _checked(Data, tree, "data")
    if data:
        problems += source_problems(data)
        problems += weights_problems(data.weights)
    runtime, training = _checked(Runtime, tree, "runtime"), _checked(Training, tree, "training")
    if runtime and training:
        problems += device_problems(runtime, training)
    models = tree.get("models") if isinstance(tree, dict) else None
    blocks = {str(name): _checked(Member, models, name) for name in models} if isinstance(models, dict) else {}
    if blocks:
        problems += pipeline_problems(list(blocks))
    for name, member in blocks.items():
        if member:
            problems += size_problems(name, member)
        if isinstance(member, Transfer):
            problems += layer_problems(name, member)
        if isinstance(member, Transfer) and data:
            problems += member_weights_problems(name, member, data.weights)
    search, ensemble = _checked(Search, tree, "search"), _checked(Ensemble, tree, "ensemble")
    if search:
        problems += grid_problems(search)
    if search and blocks:
        # A block that is wrong in itself may be of any kind.
        small = [name for name, member in blocks.items() if not isinstance(member, Transfer)]
        problems += name_problems("search.promote", search.promote, small, "members of kind small_cnn")
    if ensemble and blocks:
        problems += name_problems("ensemble.members", ensemble.members, list(blocks), "members")
    return problems


def _checked(kind: Any, tree: Any, *keys: str) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    try:
        return TypeAdapter(kind).validate_python(tree)
    except ValidationError:
        return None
