"""The blocks of the diagrams are computed from the parameters; they must be those of the Keras models."""

from collections.abc import Mapping
from functools import cache
from itertools import accumulate
from typing import Any, cast

import pytest

from dermoscopy.core.params import load
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import backbone_layers, build_member, unfreeze
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.target import Target
from dermoscopy.report.backbone_parts import PARTS
from dermoscopy.report.blocks import blocks, count_weights, parts, reduced, trained_phases
from dermoscopy.report.diagrams import network_diagram
from tests.tiny import small_cnn

SEVEN = Target({name: number % 2 for number, name in enumerate("abcdefg")})


def transfer(**changes: Any) -> Transfer:
    return load("models.inception_v3", Transfer).model_copy(update=changes)


@cache
def backbone(end: str | None) -> list[Any]:
    """Return the layers of the backbone of Inception V3 up to its `output_layer`."""
    parameters = transfer(weights="none", output_layer=end)
    return backbone_layers(built(parameters), parameters)


def built(parameters: Transfer | SmallCNN, classes: int = 1) -> Any:
    return build_member("member", parameters, 1, None, *([SEVEN] if classes == 7 else []))


def test_the_parts_have_all_layers_of_the_backbone() -> None:
    assert PARTS.keys() <= BACKBONES.keys()
    for name in PARTS:
        row = BACKBONES[name]
        layers = accumulate((part.layers for part in PARTS[name]), initial=1)  # the input layer comes first
        until = dict(zip((part.end for part in PARTS[name]), list(layers)[1:], strict=True))
        assert until | row.outputs == until  # each output_layer is the end of a part
        assert list(until.values())[-1] == row.layers


@pytest.mark.parametrize("name", PARTS)
def test_the_parts_are_those_of_the_keras_model(name: str) -> None:
    import keras

    size = BACKBONES[name].min_image_size + 14
    model = built(transfer(backbone=name, image_size=size))
    layers = backbone_layers(model, transfer(backbone=name))
    first, convolutions = 0, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    for part in PARTS[name]:
        own = layers[first : first + part.layers]
        size = reduced(size, part.windows)
        assert tuple(own[-1].output.shape[1:]) == (size, size, part.channels), part.end
        assert sum(layer.count_params() for layer in own) == part.parameters, part.end
        last = next(count for count, layer in enumerate(reversed(own), 1) if isinstance(layer, convolutions))
        assert last == part.last_conv, part.end
        first += part.layers


SMALL: Mapping[str, dict[str, Any]] = {
    "as in the paper": {"image_size": 80, "conv_layers": 3, "filters": 32, "units": 64},
    "padding": {"image_size": 33, "conv_layers": 2, "padding": "same", "pooling": "average", "kernel_size": 5},
    "no dense layer": {"dense_layers": 0},
    "two dense layers": {"dense_layers": 2, "dropout": 0.0, "pool_size": 2},
}


@pytest.mark.parametrize("classes", [1, 7])
@pytest.mark.parametrize("changes", SMALL.values(), ids=SMALL)
def test_the_blocks_of_a_small_cnn_are_those_of_the_keras_model(changes: dict[str, Any], classes: int) -> None:
    parameters = small_cnn(**changes)
    model, drawn = built(parameters, classes), blocks(parameters, classes)
    assert sum(block.parameters for block in drawn) == model.count_params()
    pooled = [layer.output.shape[1:] for layer in model.layers if layer.name.startswith("pool_")]
    assert [(block.size, block.size, block.channels) for block in drawn if block.size] == [
        (parameters.image_size, parameters.image_size, 3),
        *map(tuple, pooled),
    ]
    dense = [layer.units for layer in model.layers if hasattr(layer, "units")]
    assert [block.channels for block in drawn if block.size is None] == dense
    dropped = sum("dropout 0.5" in block.kinds for block in drawn)
    assert dropped == sum(layer.name.startswith("dropout") for layer in model.layers)


@pytest.mark.parametrize(
    "changes",
    [{}, {"dense": []}, {"dense": [32, 16], "dropout": 0.0}, {"output_layer": "mixed1"}],
    ids=["one dense layer", "no dense layer", "two dense layers", "a shorter backbone"],
)
def test_the_blocks_of_a_network_with_a_backbone_are_those_of_the_keras_model(changes: dict[str, Any]) -> None:
    parameters = transfer(**changes)
    model, drawn = built(parameters), blocks(parameters)
    assert sum(block.parameters for block in drawn) == model.count_params()
    assert sum(block.backbone_layers for block in drawn) == len(backbone_layers(model, parameters))
    assert [block.channels for block in drawn if block.size is None] == [*parameters.dense, 1]


def test_modules_of_one_size_are_drawn_in_one_block() -> None:
    names = [", ".join(block.names) for block in blocks(transfer())]
    assert names == [
        "image",
        "5 convolutions, 2 pooling layers",
        "3 Inception modules",
        "reduction module, 4 Inception modules",
        "reduction module, 2 Inception modules",
        "mean over positions, dense layer, ReLU, dropout 0.5",
        "dense layer, sigmoid",
    ]


@pytest.mark.parametrize("unfrozen", [150, "all", "none", "last_conv"])
@pytest.mark.parametrize("end", [None, "mixed1"])
def test_the_phases_train_the_layers_that_training_unfreezes(unfrozen: Any, end: str | None) -> None:
    parameters = transfer(weights="inception_v3", output_layer=end, unfrozen_layers=unfrozen, frozen_batch_norm=False)
    if end and unfrozen == 150:
        parameters = parameters.model_copy(update={"unfrozen_layers": 30})
    first, second = trained_phases(parameters)
    assert (first.epochs, first.layers, second.epochs) == (parameters.frozen_epochs, 0, parameters.epochs)
    layers = backbone(end)
    unfreeze(layers, parameters.unfrozen_layers, frozen_batch_norm=False)
    assert sum(layer.trainable for layer in layers) == (len(layers) if second.layers is None else second.layers)


def test_random_weights_and_small_networks_have_one_phase_that_trains_all_layers() -> None:
    for parameters in (transfer(weights="none"), small_cnn()):
        (phase,) = trained_phases(parameters)
        assert (phase.epochs, phase.layers) == (parameters.epochs, None)


def test_parts_end_at_the_output_layer() -> None:
    assert [part.end for part in parts(transfer(output_layer="mixed0"))] == ["stem", "mixed0"]


def test_a_backbone_without_parts_is_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(cast("dict[str, Any]", PARTS), "inception_v3")
    parameters = transfer(weights="inception_v3", dense=[128])
    image, backbone, hidden, output = blocks(parameters)
    assert (backbone.names, backbone.backbone_layers, backbone.shape) == (["InceptionV3"], 310, "")
    assert (hidden.channels, hidden.parameters, output.parameters) == (128, None, 129)
    assert count_weights([image, backbone, hidden, output]) is None
    assert trained_phases(parameters) == []
    diagram = network_diagram("inception_v3", parameters, 1, "")
    assert "InceptionV3" in [text.text for text in diagram.texts]
