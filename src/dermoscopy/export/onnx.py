"""Members as ONNX files."""

from pathlib import Path

from dermoscopy.core.files import atomic_write
from dermoscopy.networks.saved import SavedMember

INPUT, OUTPUT = "images", "probabilities"  # names in the exported files
OPSET = 18


def to_onnx(member: SavedMember, path: Path) -> None:
    """Write a member as an ONNX file in float32.

    Its input `images` has the shape (batch, image_size, image_size, 3), float32, RGB from 0 to 255: normalization is
    part of the graph. Its output `probabilities` has the shape (batch, classes).

    Args:
        member: Trained member.
        path: File to write.
    """
    import tensorflow as tf
    import tf2onnx

    size = member.parameters.image_size
    signature = [tf.TensorSpec((None, size, size, 3), tf.float32, name=INPUT)]
    function = tf.function(lambda images: {OUTPUT: member.model(images, training=False)}, input_signature=signature)
    model, _ = tf2onnx.convert.from_function(function, signature, opset=OPSET)
    with atomic_write(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
