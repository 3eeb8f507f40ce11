from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _float32() -> Iterator[None]:
    import keras

    yield
    keras.config.set_dtype_policy("float32")
