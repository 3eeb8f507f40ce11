from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dermoscopy.core.errors import WeightsError
from dermoscopy.networks.build import backbone_layers, build_transfer
from dermoscopy.networks.params import Transfer

Make = Callable[..., Transfer]

SHARED = Path(__file__).parents[3] / "shared" / "weights"
INCEPTION = SHARED / "inception_v3_notop.h5"
MOBILENET = SHARED / "mobilenet_v2_notop_folded_bn.h5"


def test_the_head_follows_the_pooled_features(transfer: Make) -> None:
    model = build_transfer("vgg19", transfer(dense=[8], dropout=0.5), seed=1)
    assert [layer.name for layer in model.layers[-4:]] == ["pooling", "dense_1", "dropout_1", "malignant"]
    assert model.get_layer("pooling").output.shape == (None, 512)


def test_the_head_may_follow_an_earlier_layer(transfer: Make) -> None:
    parameters = transfer(backbone="inception_v3", image_size=96, output_layer="mixed5")
    model = build_transfer("inception_v3", parameters, seed=1)
    whole = build_transfer("inception_v3", transfer(backbone="inception_v3", image_size=96), seed=1)
    layers = backbone_layers(model, parameters)
    assert layers[-1].name == "mixed5"
    assert layers[0].weights
    assert model.get_layer("pooling").output.shape == (None, 768)
    assert model.count_params() < whole.count_params() / 3


def test_vgg19_has_he_initial_weights(transfer: Make) -> None:
    model = build_transfer("vgg19", transfer(), seed=1)
    for layer in backbone_layers(model, transfer()):
        if layer.weights:
            kernel = np.asarray(layer.kernel)
            assert kernel.std() == pytest.approx(np.sqrt(2 / np.prod(kernel.shape[:3])), rel=0.1)


def test_depthwise_kernels_are_initialized_for_a_single_input_channel(transfer: Make) -> None:
    import keras

    parameters = transfer(backbone="mobilenet_v2", initializer="he_normal")
    model = build_transfer("mobilenet_v2", parameters, seed=1)
    kinds = [keras.layers.Conv2D, keras.layers.DepthwiseConv2D]
    for layer in backbone_layers(model, parameters):
        if type(layer) in kinds:
            height, width, channels, _ = layer.kernel.shape
            inputs = height * width * (channels if isinstance(layer, keras.layers.Conv2D) else 1)
            assert np.asarray(layer.kernel).std() == pytest.approx(np.sqrt(2 / inputs), rel=0.15)


def test_initial_weights_do_not_depend_on_earlier_models(transfer: Make) -> None:
    first = build_transfer("vgg19", transfer(), seed=1)
    second = build_transfer("vgg19", transfer(), seed=1)
    third = build_transfer("vgg19", transfer(), seed=2)
    for weight, expected in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert not np.array_equal(first.get_weights()[0], third.get_weights()[0])


def test_batch_normalization_has_the_momentum_of_the_parameters(transfer: Make) -> None:
    import keras

    parameters = transfer(backbone="inception_v3", image_size=75, batch_norm_momentum=0.8)
    model = build_transfer("inception_v3", parameters, seed=1)
    layers = backbone_layers(model, parameters)
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(layers) == 310
    assert len(norms) == 94
    assert {layer.momentum for layer in norms} == {0.8}
    assert all(layer.trainable for layer in layers)


@pytest.mark.parametrize("normalization", ["unit", "centered", "backbone"])
def test_backbone_layers_exclude_input_and_normalization(transfer: Make, normalization: str) -> None:
    parameters = transfer(normalization=normalization)
    layers = backbone_layers(build_transfer("vgg19", parameters, seed=1), parameters)
    assert [layers[0].name, layers[-1].name, len(layers)] == ["block1_conv1", "block5_pool", 21]


def test_missing_starting_weights_raise_an_error(transfer: Make, tmp_path: Path, wording: Callable[..., None]) -> None:
    with pytest.raises(WeightsError) as raised:
        build_transfer("vgg19", transfer(weights="mine"), seed=1, weights=tmp_path)
    for fact in ("models.vgg19.weights", "mine", str(tmp_path / "mine.h5"), "VGG19", "data.weights.mine.source"):
        assert fact in str(raised.value)
    wording(str(raised.value))


def test_a_file_that_is_not_hdf5_raises_an_error(transfer: Make, tmp_path: Path) -> None:
    (tmp_path / "mine.h5").write_text("no HDF5")
    with pytest.raises(WeightsError, match="does not fit vgg19"):
        build_transfer("vgg19", transfer(weights="mine"), seed=1, weights=tmp_path)


@pytest.mark.skipif(not INCEPTION.is_file(), reason="starting weights are not on this machine")
def test_weights_of_another_network_raise_an_error(transfer: Make) -> None:
    with pytest.raises(WeightsError, match="does not fit vgg19"):
        build_transfer("vgg19", transfer(weights="inception_v3_notop"), seed=1, weights=SHARED)


@pytest.mark.skipif(not INCEPTION.is_file(), reason="starting weights are not on this machine")
def test_starting_weights_are_loaded_by_topology(transfer: Make) -> None:
    import h5py

    parameters = transfer(backbone="inception_v3", image_size=75, weights="inception_v3_notop")
    build_transfer("other", transfer(backbone="inception_v3", image_size=75), seed=1)
    model = build_transfer("inception_v3", parameters, seed=1, weights=SHARED)
    with h5py.File(INCEPTION) as file:
        group = file.get("model_weights", file)
        names = [name for name in group.attrs["layer_names"] if len(group[name].attrs["weight_names"])]
        first = group[names[0]]
        expected = first[first.attrs["weight_names"][0]][()]
    layers = [layer for layer in backbone_layers(model, parameters) if layer.weights]
    assert len(layers) == len(names)
    np.testing.assert_array_equal(np.asarray(layers[0].kernel), expected.astype(np.float32))


@pytest.mark.skipif(not MOBILENET.is_file(), reason="starting weights are not on this machine")
def test_starting_weights_of_mobilenet_v2_fit_any_image_size(transfer: Make) -> None:
    import h5py

    parameters = transfer(backbone="mobilenet_v2", image_size=40, weights=MOBILENET.stem)
    model = build_transfer("mobilenet_v2", parameters, seed=1, weights=SHARED)
    with h5py.File(MOBILENET) as file:
        group = file.get("model_weights", file)["Conv1"]
        expected = group[group.attrs["weight_names"][0]][()]
    np.testing.assert_array_equal(np.asarray(model.get_layer("Conv1").kernel), expected.astype(np.float32))
