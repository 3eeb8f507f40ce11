"""Members as ONNX files, in float32 and int8, and their predictions by ONNX Runtime."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.files import atomic_write
from dermoscopy.export.constant import INPUT, OUTPUT, Network, constant_function
from dermoscopy.networks.saved import SavedMember

OPSET = 18
CALIBRATION_BATCH = 8  # images at a time, whose activations are all kept
ERRORS = 3  # level of ONNX Runtime's log


def to_onnx(member: SavedMember, path: Path) -> None:
    """Write a member as an ONNX file in float32; equal members give equal bytes.

    Its input `images` has the shape (batch, image_size, image_size, 3), float32, RGB from 0 to 255: normalization is
    part of the graph. Its output `probabilities` has the shape (batch, classes). Batch normalization is folded into the
    convolutions.

    Args:
        member: Trained member.
        path: File to write.
    """
    import tf2onnx

    function = constant_function(member)
    model, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=OPSET)
    rename(model)
    with atomic_write(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))


def quantize_onnx(path: Path, images: NDArray[np.uint8], target: Path) -> None:
    """Write an ONNX file whose convolutions compute in int8; input and output stay in float32.

    Weights have a scale for each channel. The dense layers after the convolutions stay in float32: they take no time,
    and they determine the order of the images. Equal files and images give equal bytes.

    Args:
        path: File that `to_onnx` wrote.
        images: Images that calibrate the ranges of the activations, none of test, shape (images, image_size,
            image_size, 3).
        target: File to write.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder, atomic_write(target) as temporary:
        prepared = Path(folder, "prepared.onnx")
        quant_pre_process(path, prepared, skip_symbolic_shape=True)
        dense = [node.name for node in onnx.load(prepared).graph.node if node.op_type in ("Gemm", "MatMul")]
        quantize_static(
            prepared,
            temporary,
            _calibration(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=dense,
        )


def _calibration(images: NDArray[np.uint8]) -> Any:
    """Return the reader that gives the images to ONNX Runtime."""
    from onnxruntime.quantization import CalibrationDataReader

    batches = iter([images[start : start + CALIBRATION_BATCH] for start in range(0, len(images), CALIBRATION_BATCH)])

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            batch = next(batches, None)
            return None if batch is None else {INPUT: batch.astype(np.float32)}

    return Reader()


def onnx_network(path: Path, threads: int) -> Network:
    """Return the function that predicts with an ONNX file, by ONNX Runtime on the CPU.

    Args:
        path: The file.
        threads: Number of threads.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = ERRORS
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def predict(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = session.run([OUTPUT], {INPUT: images.astype(np.float32)})[0]
        return probabilities

    return predict


def rename(model: Any) -> None:
    """Name nodes and tensors of an ONNX model by their order: the converter's numbers depend on earlier conversions.

    Args:
        model: onnx.ModelProto without subgraphs; it is changed.
    """
    graph = model.graph
    numbers: Counter[str] = Counter()
    names = {tensor.name: tensor.name for tensor in (*graph.input, *graph.output)}
    weights = {tensor.name: tensor for tensor in graph.initializer}
    order = []
    for node in graph.node:
        numbers[node.op_type] += 1
        node.name = f"{node.op_type}_{numbers[node.op_type]}"
        for position, name in enumerate(node.input):
            if name in weights and name not in names:
                names[name] = f"{node.name}_weights_{position}"
                order.append(weights[name])
        for position, name in enumerate(node.output):
            names.setdefault(name, f"{node.name}_output_{position}")
        node.input[:] = [names[name] if name else "" for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    kept = [type(tensor).FromString(tensor.SerializeToString()) for tensor in order]
    for tensor, old in zip(kept, order, strict=True):
        tensor.name = names[old.name]
    graph.name, graph.doc_string = "member", ""
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(kept)
    for tensor in (*graph.input, *graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
