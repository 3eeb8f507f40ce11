"""data/models/<member>/: a trained member, and all that is needed to rebuild and feed it."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from dermoscopy.core.errors import UserError
from dermoscopy.core.files import atomic_write, write_text
from dermoscopy.networks.build import build_member
from dermoscopy.networks.params import Member, SmallCNN, Transfer


def save_member(member: str, parameters: Transfer | SmallCNN, model: Any, folder: Path) -> None:
    """Write a member; each of its two files appears whole or not at all.

    Weights as `.weights.h5`, whose bytes repeat: a `.keras` file holds the time.
    """
    import keras

    with atomic_write(folder / "model.weights.h5") as beside:
        # Over the same layers but never compiled: save_weights would keep the optimizer's state as well.
        keras.Model(model.inputs, model.outputs, name=member).save_weights(beside)
    card = {"member": member, "kind": parameters.kind, "parameters": parameters.model_dump(exclude={"kind"})}
    write_text(folder / "model.yaml", yaml.safe_dump(card, sort_keys=False))


def load_member(folder: Path) -> tuple[Any, Transfer | SmallCNN]:
    """Rebuild a member that `save_member` wrote, without params.yaml.

    Args:
        folder: data/models/<member>.

    Returns:
        A Keras model: images of shape (batch, side, side, 3), red, green, blue, 0 to 255, to
        the probability that the lesion is malignant, shape (batch, 1), float32; and its parameters,
        `image_size` of which is the side.

    Raises:
        UserError: The folder holds no member.
    """
    path = folder / "model.yaml"
    if not path.is_file():
        raise UserError(f"{path} is not here: run dvc repro, or dvc checkout if it has run before.")
    card = yaml.safe_load(path.read_text())
    block: TypeAdapter[Transfer | SmallCNN] = TypeAdapter(Member)
    parameters = block.validate_python({"kind": card["kind"], **card["parameters"]})
    model = build_member(card["member"], parameters, seed=0)
    model.load_weights(folder / "model.weights.h5")
    return model, parameters
