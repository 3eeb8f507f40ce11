"""Contenders of benchmarks/runtimes.py: a member in Keras, ONNX Runtime, OpenVINO or LiteRT.

python -m benchmarks.runtimes_worker CASE
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers_worker import BATCH, serve
from dermoscopy.core.params import load
from dermoscopy.export.constant import INPUT, Network
from dermoscopy.export.parity import predict
from dermoscopy.networks.data import outputs
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member

PREDICTION = "prediction"  # the task that writes its outputs, for the accuracy


class Case(NamedTuple):
    """What a contender predicts with.

    Attributes:
        runtime: "Keras", "ONNX Runtime", "OpenVINO" or "LiteRT".
        precision: "float32", "bfloat16" or "int8".
        model: Folder of a member, for Keras; otherwise the exported file.
        images: File of numpy with the images, uint8, shape (images, size, size, 3).
        outputs: File of numpy for the probabilities.
        threads: Number of threads.
    """

    runtime: str
    precision: str
    model: str
    images: str
    outputs: str
    threads: int


def keras_predictor(case: Case) -> Callable[[NDArray[np.uint8]], NDArray[np.float64]]:
    """Return this pipeline's prediction."""
    precision = "float32" if case.precision == "float32" else "mixed_bfloat16"
    changes = {"threads": case.threads, "precision": precision, "eager": False, "devices": 1}
    configure(load("runtime", Runtime).model_copy(update=changes))
    member = load_member(Path(case.model))
    return lambda images: outputs(member.model, [images], BATCH)


def onnx_runtime(case: Case) -> Network:
    """Return the prediction of ONNX Runtime."""
    from dermoscopy.export.onnx import onnx_network

    return onnx_network(Path(case.model), case.threads)


def litert(case: Case) -> Network:
    """Return the prediction of LiteRT."""
    from dermoscopy.export.litert import litert_network

    return litert_network(Path(case.model), case.threads)


def openvino(case: Case) -> Network:
    """Return the prediction of OpenVINO, which reads the ONNX file; bfloat16 is made from float32."""
    import openvino

    options: dict[str, Any] = {
        "INFERENCE_NUM_THREADS": case.threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if case.precision == "bfloat16" else "f32",
    }
    compiled = openvino.Core().compile_model(case.model, "CPU", options)
    return lambda images: np.array(compiled({INPUT: images.astype(np.float32)})[0])


def prepare(case: Case) -> tuple[dict[str, Callable[[int], None]], int, int]:
    """Return the tasks, as `peers_worker.serve` takes them."""
    images = np.load(case.images)
    if case.runtime == "Keras":
        run = keras_predictor(case)
    else:
        network = {"ONNX Runtime": onnx_runtime, "LiteRT": litert, "OpenVINO": openvino}[case.runtime](case)

        def run(images: NDArray[np.uint8]) -> NDArray[np.float64]:
            return predict(network, images)

    def inference(count: int) -> None:
        run(images[:count])

    def prediction(count: int) -> None:
        np.save(case.outputs, run(images[:count]))

    return {"inference": inference, PREDICTION: prediction}, 0, 0


if __name__ == "__main__":
    case = Case(**json.loads(sys.argv[-1]))
    serve(lambda: prepare(case))
