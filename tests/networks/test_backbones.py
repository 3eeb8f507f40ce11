from pathlib import Path
from typing import Any

import pytest

from dermoscopy.acquire.weights import PUBLISHED
from dermoscopy.networks.backbones import BACKBONES


@pytest.mark.parametrize("name", BACKBONES)
def test_table_is_true_of_keras(name: str) -> None:
    import keras

    known = BACKBONES[name]
    constructor = getattr(keras.applications, known.constructor)
    side = known.min_image_size
    model = constructor(include_top=False, weights=None, input_shape=(side, side, 3))
    assert len(model.layers) == known.layers
    with pytest.raises(ValueError, match="at least"):
        constructor(include_top=False, weights=None, input_shape=(side - 1, side - 1, 3))


@pytest.mark.parametrize("name", BACKBONES)
def test_imagenet_is_the_file_that_keras_would_download(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras.src.utils import file_utils

    class AskedError(Exception):
        """Instead of the file."""

    def get_file(name: str, address: str, *, file_hash: str | None = None, **_: Any) -> Path:
        raise AskedError(name, address, file_hash)

    monkeypatch.setattr(file_utils, "get_file", get_file)
    with pytest.raises(AskedError) as asked:
        getattr(keras.applications, BACKBONES[name].constructor)(include_top=False, input_shape=(224, 224, 3))
    assert asked.value.args == (PUBLISHED[name].name, PUBLISHED[name].address, PUBLISHED[name].md5)
