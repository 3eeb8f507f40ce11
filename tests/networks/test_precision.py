import pytest

from dermoscopy.networks.runtime import fastest_precision


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("fpu sse avx512f amx_bf16 amx_tile", "mixed_bfloat16"),
        ("avx512_bf16", "mixed_bfloat16"),
        ("fpu avx2 avx512f avx512_vnni", "float32"),
        ("bf16", "float32"),
        ("", "float32"),
    ],
)
def test_the_flags_of_the_cpu_determine_the_precision(flags: str, precision: str) -> None:
    assert fastest_precision(flags, None) == precision


@pytest.mark.parametrize(
    ("capability", "precision"),
    [
        ((9, 0), "mixed_bfloat16"),
        ((8, 0), "mixed_bfloat16"),
        ((7, 5), "mixed_float16"),
        ((7, 0), "mixed_float16"),
        ((6, 1), "float32"),
    ],
)
def test_the_gpu_determines_the_precision_if_there_is_one(capability: tuple[int, int], precision: str) -> None:
    assert fastest_precision("amx_bf16", capability) == precision
