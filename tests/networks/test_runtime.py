import logging

import pytest

from dermoscopy.networks.runtime import configure
from dermoscopy.params.runtime import Runtime


def test_sets_the_precision() -> None:
    import keras

    configure(Runtime(threads=2, precision="mixed_bfloat16", eager=False))
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


def test_layer_names_count_anew() -> None:
    import keras

    runtime = Runtime(threads=2, precision="float32", eager=False)
    names = []
    for _ in range(2):
        configure(runtime)
        names.append(keras.layers.Dense(1).name)
    assert names == ["dense", "dense"]


def test_says_so_where_threads_are_already_fixed(caplog: pytest.LogCaptureFixture) -> None:
    import tensorflow as tf

    tf.constant(1) + 1
    with caplog.at_level(logging.WARNING):
        configure(Runtime(threads=37, precision="float32", eager=False))
    assert "other threads than 37" in caplog.text
