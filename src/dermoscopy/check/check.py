"""Checks of params.yaml that need several blocks, or the machine: layers, image sizes, weights, devices, members."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dermoscopy.acquire.params import Data, Weights
from dermoscopy.acquire.sources import expand, why_absent
from dermoscopy.baselines.params import BASELINES
from dermoscopy.check.devices import batch_size_problems
from dermoscopy.check.pipeline import pipeline_problems
from dermoscopy.check.recorded import recorded_paths
from dermoscopy.check.source import location_problems, source_problems
from dermoscopy.core.files import sha256
from dermoscopy.core.suggestions import did_you_mean
from dermoscopy.core.tables import ENSEMBLE, LATENT
from dermoscopy.ensemble.params import METHODS, SINGLE, Ensemble
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import NO_WEIGHTS, backbone_length, feature_map_size
from dermoscopy.networks.params import LARGEST_IMAGE_SIZE, Member, Runtime, SmallCNN, Training, Transfer
from dermoscopy.search.params import Search
from dermoscopy.search.space import grid_problems


def layer_problems(name: str, member: Transfer) -> list[str]:
    """Return the problem of a member's `output_layer` or `unfrozen_layers`: layers that its backbone does not have.

    Args:
        name: Name of the member.
        member: Parameters of the member.
    """
    outputs = BACKBONES[member.backbone].outputs
    if member.output_layer is not None and member.output_layer not in outputs:
        return [
            f"models.{name}.output_layer: received {member.output_layer!r}; expected null or a layer of "
            f"{member.backbone}: {', '.join(outputs)}.{did_you_mean(member.output_layer, outputs)}"
        ]
    layers = backbone_length(member)
    if isinstance(member.unfrozen_layers, str) or member.unfrozen_layers <= layers:
        return []
    return [
        f"models.{name}.unfrozen_layers: received {member.unfrozen_layers}; "
        f"{member.backbone} has {layers} layers, including its input"
        f"{f', up to {member.output_layer}' if member.output_layer else ''}. Did you mean all?"
    ]


def size_problems(name: str, member: Transfer | SmallCNN) -> list[str]:
    """Return the problem of a member's `image_size`, if there is one: it is too small for its layers.

    Args:
        name: Name of the member.
        member: Parameters of the member.
    """
    key = f"models.{name}.image_size: received {member.image_size}; "
    if isinstance(member, Transfer):
        smallest = BACKBONES[member.backbone].min_image_size
        if member.image_size >= smallest:
            return []
        return [key + f"{member.backbone} needs {smallest} pixels or more. Did you mean {smallest}?"]
    if feature_map_size(member):
        return []
    failing = next(
        count for count in range(1, member.conv_layers + 1) if not _feature_map_size(member, conv_layers=count)
    )
    received = _feature_map_size(member, conv_layers=failing - 1) if failing > 1 else member.image_size
    layer = f"convolution {member.kernel_size}, padding {member.padding}, pooling {member.pool_size}"
    return [
        f"{key}the feature map of layer {failing} of {member.conv_layers} ({layer}) is empty: "
        f"the layer receives {received} x {received} pixels. {_size_advice(member)}"
    ]


def _size_advice(member: SmallCNN) -> str:
    for image_size in range(member.image_size, LARGEST_IMAGE_SIZE + 1):
        if _feature_map_size(member, image_size=image_size):
            return f"The smallest image_size that works is {image_size}."
    return f"No image_size up to {LARGEST_IMAGE_SIZE} works: use fewer conv_layers or a smaller pool_size."


def _feature_map_size(member: SmallCNN, **changes: Any) -> int:
    return feature_map_size(member.model_copy(update=changes))


def weights_problems(weights: Mapping[str, Weights]) -> list[str]:
    """Return the problems of `data.weights`, one line each.

    Args:
        weights: Block `data.weights`.
    """
    problems = []
    for name, entry in weights.items():
        key = f"data.weights.{name}"
        if name == NO_WEIGHTS or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            problems.append(f"{key}: invalid name; expected letters, digits, - and _, and not none.")
        elif entry.source == "imagenet":
            if name not in BACKBONES:
                available = ", ".join(BACKBONES)
                problems.append(f"{key}.source: received 'imagenet'; it is available for {available} only.")
        elif entry.source != "none":
            problems += _weights_file_problems(key, entry)
    return problems


def _weights_file_problems(key: str, entry: Weights) -> list[str]:
    path = expand(entry.source)
    reason = why_absent(path)
    expected = "expected none, imagenet or the path of a file"
    if reason or not path.is_file():
        question = did_you_mean(entry.source, ("none", "imagenet"))
        return [f"{key}.source: received {entry.source!r}; {expected}, and this {reason or 'is a folder'}.{question}"]
    if entry.sha256 is None:
        return []
    try:
        received = sha256(path)
    except OSError as error:
        return [f"{key}.source: received {entry.source!r}; it cannot be read ({error.strerror})."]
    if received == entry.sha256:
        return []
    return [f"{key}.sha256: received {entry.sha256}; the sha256 of {entry.source} is {received}."]


def member_weights_problems(name: str, member: Transfer, weights: Mapping[str, Weights]) -> list[str]:
    """Return the problem of a member's `weights`, if there is one: they are unknown or of another backbone.

    Args:
        name: Name of the member.
        member: Parameters of the member.
        weights: Block `data.weights`.
    """
    if member.weights == NO_WEIGHTS:
        return []
    key = f"models.{name}.weights: received {member.weights!r}; "
    if member.weights not in weights:
        line = f"{key}expected none or a key of data.weights ({', '.join(weights)})."
        if member.weights == "imagenet":
            return [f"{line} Set data.weights.{member.backbone}.source to imagenet, and this to {member.backbone}."]
        return [line + did_you_mean(member.weights, (NO_WEIGHTS, *weights))]
    source = weights[member.weights].source
    if source == "none":
        return [
            f"{key}data.weights.{member.weights}.source is none. Set it to imagenet, which downloads "
            f"{BACKBONES[member.backbone].file}, or to the path of that file; or set this key to none."
        ]
    if source == "imagenet" and member.weights in BACKBONES and member.weights != member.backbone:
        return [f"{key}these weights are of {member.weights}, and the backbone is {member.backbone}."]
    return []


def name_problems(key: str, names: Sequence[str], known: Sequence[str], what: str) -> list[str]:
    """Return one line for each unknown name in a list of members.

    Args:
        key: Key of the list in params.yaml.
        names: Names in the list.
        known: Names that are allowed.
        what: Plural noun for the allowed names.
    """
    return [
        f"{key}.{index}: received {name!r}; expected one of the {what} ({', '.join(known)}).{did_you_mean(name, known)}"
        for index, name in enumerate(names)
        if name not in known
    ]


OTHER_CLASSIFIERS = (ENSEMBLE, SINGLE, *METHODS, *BASELINES, LATENT)


def member_name_problems(names: Sequence[str]) -> list[str]:
    """Return one line for each member with the name of another classifier, with which tables would confuse it.

    Args:
        names: Keys of `models`.
    """
    return [
        f"models.{name}: {name} is the name of another classifier. Rename the member; these names are taken: "
        f"{', '.join(OTHER_CLASSIFIERS)}."
        for name in names
        if name in OTHER_CLASSIFIERS
    ]


def starting_weights(models: Mapping[str, Transfer | SmallCNN]) -> dict[str, str]:
    """Return the members that start from weights, with the key of these weights in `data.weights`.

    Args:
        models: Parameters by member.
    """
    return {
        name: member.weights
        for name, member in models.items()
        if isinstance(member, Transfer) and member.weights != NO_WEIGHTS
    }


def file_problems(tree: Any) -> list[str]:
    """Return the problems of params.yaml that no single block shows, one line each.

    A check is skipped if a block it needs is invalid, so that its problems can be reported together with those
    of the block.

    Args:
        tree: The parsed file, not validated.
    """
    problems: list[str] = []
    data = _valid_block(Data, tree, "data")
    if data:
        absent = recorded_paths(data)
        weights = {name: row for name, row in data.weights.items() if f"data.weights.{name}.source" not in absent}
        problems += location_problems(data)
        problems += [] if "data.path" in absent else source_problems(data)
        problems += weights_problems(weights)
    runtime, training = _valid_block(Runtime, tree, "runtime"), _valid_block(Training, tree, "training")
    if runtime and training:
        problems += batch_size_problems(runtime, training)
    models = tree.get("models") if isinstance(tree, dict) else None
    blocks = {str(name): _valid_block(Member, models, name) for name in models} if isinstance(models, dict) else {}
    if blocks:
        problems += pipeline_problems(list(blocks))
        problems += member_name_problems(list(blocks))
    for name, member in blocks.items():
        if member:
            problems += size_problems(name, member)
        if isinstance(member, Transfer):
            problems += layer_problems(name, member)
        if isinstance(member, Transfer) and data:
            problems += member_weights_problems(name, member, data.weights)
    search, ensemble = _valid_block(Search, tree, "search"), _valid_block(Ensemble, tree, "ensemble")
    if search:
        problems += grid_problems(search)
    if search and blocks:
        # The kind of an invalid block is unknown, so it may be a small_cnn.
        small = [name for name, member in blocks.items() if not isinstance(member, Transfer)]
        problems += name_problems("search.promote", search.promote, small, "members of kind small_cnn")
    if ensemble and blocks:
        problems += name_problems("ensemble.members", ensemble.members, list(blocks), "members")
    return problems


def _valid_block(kind: Any, tree: Any, *keys: str) -> Any:
    """Return a block of params.yaml as its class, or None if it is invalid.

    Args:
        kind: Class of the block.
        tree: The parsed file, or a part of it.
        keys: Keys that lead to the block.
    """
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    try:
        return TypeAdapter(kind).validate_python(tree)
    except ValidationError:
        return None
