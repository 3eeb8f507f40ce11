"""Which precision a machine does well."""

from dermoscopy.params.runtime import Precision

# As /proc/cpuinfo names them: matrix tiles, and products of vectors.
BFLOAT16_FLAGS = {"amx_bf16", "avx512_bf16"}
# First compute capability of a graphics card whose tensor cores take the type.
BFLOAT16_CARDS = (8, 0)
FLOAT16_CARDS = (7, 0)


def suited(flags: str, capability: tuple[int, int] | None) -> Precision:
    """Return the precision a machine does well.

    Args:
        flags: What its processor can do, as /proc/cpuinfo lists it, separated by spaces; may be empty.
        capability: Compute capability of its graphics card, major and minor; None without one.
    """
    if capability is not None:
        if capability >= BFLOAT16_CARDS:
            return "mixed_bfloat16"
        return "mixed_float16" if capability >= FLOAT16_CARDS else "float32"
    return "mixed_bfloat16" if BFLOAT16_FLAGS & set(flags.split()) else "float32"
