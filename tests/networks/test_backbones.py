import pytest

from dermoscopy.networks.backbones import BACKBONES


@pytest.mark.parametrize("name", BACKBONES)
def test_table_is_true_of_keras(name: str) -> None:
    import keras

    known = BACKBONES[name]
    constructor = getattr(keras.applications, known.constructor)
    side = known.min_side
    model = constructor(include_top=False, weights=None, input_shape=(side, side, 3))
    assert len(model.layers) == known.layers
    with pytest.raises(ValueError, match="at least"):
        constructor(include_top=False, weights=None, input_shape=(side - 1, side - 1, 3))
