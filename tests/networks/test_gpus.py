from pathlib import Path

import pytest

from dermoscopy.networks.devices import divide_gpus, least_used, visible_gpus

FIRST = "GPU-8a56a4bc-e184-a047-2620-be19fdf913d5"
SECOND = "GPU-24e4ec1a-98a0-11ec-b909-0242ac120002"
NONE = Path("nowhere")


def nvidia_smi(folder: Path, script: str) -> None:
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_visible_gpus_are_those_that_nvidia_smi_lists(tmp_path, monkeypatch):
    listed = f"GPU 0: NVIDIA A100-SXM4-40GB (UUID: {FIRST})\nGPU 1: NVIDIA T4 (UUID: {SECOND})"
    nvidia_smi(tmp_path, f'test "$1" = -L && echo "{listed}"')
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus({}) == [FIRST, SECOND]


def test_without_a_driver_there_are_no_gpus(tmp_path, monkeypatch):
    nvidia_smi(tmp_path, "echo 'NVIDIA-SMI has failed because it could not talk to the driver'; exit 9")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus({}, NONE) == []


def test_without_nvidia_smi_the_driver_is_read(tmp_path, monkeypatch):
    for slot, name in (("0000:3b:00.0", FIRST), ("0000:af:00.0", SECOND)):
        (tmp_path / slot).mkdir()
        text = f"Model: \t\t NVIDIA A100\nIRQ:   \t\t 155\nGPU UUID: \t {name}\nDevice Minor: \t 0\n"
        (tmp_path / slot / "information").write_text(text)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus({}, tmp_path) == [FIRST, SECOND]
    assert visible_gpus({}, NONE) == []


@pytest.mark.parametrize(
    ("value", "expected"), [("2,0", ["2", "0"]), (f"{SECOND}", [SECOND]), ("", []), ("-1", []), ("NoDevFiles", [])]
)
def test_cuda_visible_devices_comes_first(value, expected):
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": value}) == expected


@pytest.mark.parametrize(
    ("gpus", "devices", "expected"),
    [
        ("", 1, []),
        ("047", 1, ["0", "4", "7"]),
        ("0123", 2, ["0,1", "2,3"]),
        ("012", 2, ["0,1"]),
        ("01", 4, ["0,1"]),
    ],
)
def test_gpus_are_divided_into_sets_of_runtime_devices(gpus, devices, expected):
    assert divide_gpus(list(gpus), devices) == expected


def test_the_least_used_gpus_are_next():
    assert [least_used(["a", "b"], used) for used in ([], ["a"], ["a", "b"], ["b"], ["a", "b", "a"])] == list("abaab")
    assert least_used([], [None]) is None
