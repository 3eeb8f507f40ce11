"""Save and load trained members: the folders data/models/<member>."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import TypeAdapter

from dermoscopy.core.errors import UserError
from dermoscopy.core.files import atomic_write, write_text
from dermoscopy.networks.build import build_member
from dermoscopy.networks.params import Member, SmallCNN, Transfer
from dermoscopy.networks.target import Target
from dermoscopy.networks.weights_file import load_weights

WEIGHTS = "model.weights.h5"
CARD = "model.yaml"
BYTES, OVERHEAD = 4, 2**20  # of a weight in the file, and at most of the names of its layers


class SavedMember(NamedTuple):
    """A trained member.

    Attributes:
        model: Keras model from images of shape (batch, image_size, image_size, 3), red, green, blue, 0 to 255, to the
            probabilities of the target's classes, shape (batch, classes), float32.
        parameters: Parameters of the member.
        target: Classes that it predicts.
    """

    model: Any
    parameters: Transfer | SmallCNN
    target: Target


def save_member(member: str, parameters: Transfer | SmallCNN, target: Target, model: Any, folder: Path) -> None:
    """Save the weights and parameters of a member; each of the two files is written completely or not at all.

    The format is `.weights.h5`, since a `.keras` file contains the time and its bytes do not repeat.

    Args:
        member: Name of the member.
        parameters: Parameters of the member.
        target: Classes that the member predicts.
        model: Keras model of the member.
        folder: data/models/<member>.
    """
    import keras

    with atomic_write(folder / WEIGHTS) as temporary:
        _require_space(temporary, model)
        # A new model of the same layers, not compiled: save_weights would otherwise save the optimizer's state.
        keras.Model(model.inputs, model.outputs, name=member).save_weights(temporary)
    card = {"member": member, "kind": parameters.kind, "parameters": parameters.model_dump(exclude={"kind"})}
    card["classes"] = dict(target.classes)
    write_text(folder / CARD, yaml.safe_dump(card, sort_keys=False))


def _require_space(path: Path, model: Any) -> None:
    """Raise the error of a full disk in time: HDF5 would print its own tracebacks and end the process.

    Args:
        path: A file that may be written: it takes the space of the weights for a moment.
        model: Keras model that is going to be saved there.

    Raises:
        OSError: The disk is full.
    """
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BYTES * model.count_params() + OVERHEAD)


def read_card(folder: Path) -> tuple[str, Transfer | SmallCNN, Target]:
    """Read the name, the parameters and the classes of a member that `save_member` saved.

    Args:
        folder: data/models/<member>.

    Raises:
        UserError: The folder has no member.
    """
    path = folder / CARD
    if not path.is_file():
        raise UserError(f"{path} does not exist. Run dvc repro, or dvc checkout if it has run before.")
    card = yaml.safe_load(path.read_text())
    block: TypeAdapter[Transfer | SmallCNN] = TypeAdapter(Member)
    parameters = block.validate_python({"kind": card["kind"], **card["parameters"]})
    return card["member"], parameters, Target(card["classes"])


def load_network(member: str, parameters: Transfer | SmallCNN, target: Target, weights: Path) -> SavedMember:
    """Build the network of a member and read its weights; no code or configuration of the file is used.

    Args:
        member: Name of the member.
        parameters: Parameters of the member.
        target: Classes that it predicts.
        weights: File of its weights, `.weights.h5`.

    Raises:
        WeightsError: The file of weights is missing, damaged or refused, see `networks.weights_file`.
    """
    model = build_member(member, parameters, seed=0, target=target)
    load_weights(model, weights)
    return SavedMember(model, parameters, target)


def load_member(folder: Path) -> SavedMember:
    """Load a member that `save_member` saved; params.yaml is not needed.

    Args:
        folder: data/models/<member>.

    Raises:
        UserError: The folder has no member.
        WeightsError: Its file of weights is missing, damaged or refused, see `networks.weights_file`.
    """
    return load_network(*read_card(folder), folder / WEIGHTS)
