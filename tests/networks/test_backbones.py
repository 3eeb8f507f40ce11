from pathlib import Path
from typing import Any

import pytest

from dermoscopy.acquire.weights import PUBLISHED
from dermoscopy.networks.backbones import BACKBONES


@pytest.mark.parametrize("name", BACKBONES)
def test_the_table_agrees_with_keras_applications(name: str) -> None:
    import keras

    row = BACKBONES[name]
    constructor = getattr(keras.applications, row.constructor)
    size = row.min_image_size
    model = constructor(include_top=False, weights=None, input_shape=(size, size, 3))
    assert len(model.layers) == row.layers
    with pytest.raises(ValueError, match="at least"):
        constructor(include_top=False, weights=None, input_shape=(size - 1, size - 1, 3))


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_may_end_after_these_layers(name: str) -> None:
    import keras

    row = BACKBONES[name]
    model = getattr(keras.applications, row.constructor)(include_top=False, weights=None, input_shape=(96, 96, 3))
    ended = {layer: keras.Model(model.inputs, model.get_layer(layer).output) for layer in row.outputs}
    assert {layer: len(shorter.layers) for layer, shorter in ended.items()} == dict(row.outputs)
    assert list(row.outputs.values()) == sorted(row.outputs.values())


@pytest.mark.parametrize("name", BACKBONES)
def test_imagenet_weights_are_the_file_that_keras_would_download(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras.src.utils import file_utils

    class DownloadError(Exception):
        """Raised in place of a download."""

    def get_file(name: str, address: str, *, file_hash: str | None = None, **_: Any) -> Path:
        raise DownloadError(name, address, file_hash)

    monkeypatch.setattr(file_utils, "get_file", get_file)
    with pytest.raises(DownloadError) as raised:
        getattr(keras.applications, BACKBONES[name].constructor)(include_top=False, input_shape=(224, 224, 3))
    assert raised.value.args == (PUBLISHED[name].name, PUBLISHED[name].address, PUBLISHED[name].md5)
