"""Members as LiteRT files (formerly TensorFlow Lite), in float32 and int8, and their predictions."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.files import atomic_write
from dermoscopy.export.constant import INPUT, OUTPUT, Network, constant_function
from dermoscopy.networks.saved import SavedMember

# Layers after the convolutions stay in float32: an int8 sigmoid has steps of 1/256, so that images tie. So does the
# change from red, green, blue to blue, green, red before VGG: the converter gives it a range of its own, with steps of
# 1.5 grey levels. With it in int8, a VGG19 lost 0.013 of ROC AUC on HAM10000, and 0.0004 without.
FLOAT_OPERATIONS = ["FULLY_CONNECTED", "LOGISTIC", "SOFTMAX", "REVERSE_V2"]


def to_litert(member: SavedMember, path: Path) -> None:
    """Write a member as a LiteRT file in float32; equal members give equal bytes.

    Input and output are those of the ONNX file, see `export.onnx.to_onnx`.

    Args:
        member: Trained member.
        path: File to write.
    """
    with _quiet():
        content = _converter(constant_function(member)).convert()
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def to_litert_int8(member: SavedMember, images: NDArray[np.uint8], path: Path) -> None:
    """Write a member as a LiteRT file whose convolutions compute in int8; input and output stay in float32.

    Args:
        member: Trained member.
        images: Images that calibrate the ranges of the activations, none of test, shape (images, image_size,
            image_size, 3).
        path: File to write.
    """
    import tensorflow as tf

    def calibration() -> Iterator[list[NDArray[np.float32]]]:
        for image in images:
            yield [image[np.newaxis].astype(np.float32)]

    converter = _converter(constant_function(member))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=FLOAT_OPERATIONS)
    with _quiet():
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=calibration, debug_options=options
        )
        content = debugger.get_nondebug_quantized_model()
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def litert_network(path: Path, threads: int) -> Network:
    """Return the function that predicts with a LiteRT file.

    Args:
        path: The file.
        threads: Number of threads.
    """
    from ai_edge_litert.interpreter import Interpreter

    with _quiet():
        interpreter = Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()

    def predict(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = runner(**{INPUT: images.astype(np.float32)})[OUTPUT]
        return probabilities

    return predict


def _converter(function: Any) -> Any:
    import tensorflow as tf

    module = tf.Module()
    module.predict = function
    return tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], module)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the lines that native code prints, and the warning that tf.lite.Interpreter moved to another package."""
    stderr = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as null, warnings.catch_warnings():
            os.dup2(null.fileno(), 2)
            warnings.filterwarnings("ignore", "(?s).*tf.lite.Interpreter is deprecated", UserWarning)
            yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
