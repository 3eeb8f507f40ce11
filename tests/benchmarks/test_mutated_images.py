"""Mutated images: some in this process, and that each failure is noticed."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import mutated_images
from benchmarks.mutations import MUTATIONS, PNG, mutate, pieces
from dermoscopy.acquire.params import Limits

LIMITS = Limits(pixels=1_000_000, unpacked=1)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return mutated_images.seeds(tmp_path_factory.mktemp("seeds"))[:10]


@pytest.mark.filterwarnings("ignore")
def test_mutated_images_are_read_or_refused(seeds: list[bytes], tmp_path: Path) -> None:
    answers = []
    for number in range(150):
        _, content, ending = mutated_images.mutated(seeds, number)
        path = tmp_path / f"{number}{ending}"
        path.write_bytes(content)
        *ways, failure = mutated_images.examine(path, LIMITS)
        assert failure == ""
        answers += ways
    assert len(set(answers)) > 6


def test_each_mutation_changes_a_file_and_depends_on_the_generator_only(seeds: list[bytes]) -> None:
    for content in (seeds[0], seeds[5]):
        assert b"".join(pieces(content)) == content
        for name, (mutation, _) in MUTATIONS.items():
            first, second = (mutation(content, seeds[6], np.random.default_rng(3)) for _ in range(2))
            assert first == second
            assert first != content or name in ("piece repeated", "pieces in another order")
    assert {content.startswith(PNG) for content in seeds} == {True, False}
    assert mutate(seeds, np.random.default_rng(1)) == mutate(seeds, np.random.default_rng(1))


def test_other_pixels_and_another_size_are_failures(
    seeds: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(seeds[0])
    assert mutated_images.examine(path, LIMITS) == ("accepted", "accepted", "")
    monkeypatch.setattr(mutated_images, "read_image", lambda *_: np.zeros((32, 32, 3)))
    assert mutated_images.examine(path, LIMITS)[2] == "other pixels when decoded again"
    monkeypatch.setattr(mutated_images, "declared_sizes", lambda _: {(1, 1)})
    assert mutated_images.examine(path, LIMITS)[2] == "not the declared size: (120, 90)"


class Call:
    """Calls a function in the process that receives it."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        function, *arguments = self.call
        return function, tuple(arguments)


def test_the_end_of_the_process_and_a_hang_are_failures(
    seeds: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = mutated_images.Worker(LIMITS)
    assert worker.examine(Call(os._exit, 3)).failure == "process ended: 3"  # type: ignore[arg-type]
    path = tmp_path / "image.jpg"
    path.write_bytes(seeds[0])
    assert worker.examine(path)[:4] == ("accepted", "accepted", "", [])
    monkeypatch.setattr(mutated_images, "SECONDS", 0.5)
    assert worker.examine(Call(exec, "while True: pass")).failure == "hang"  # type: ignore[arg-type]
    worker.process.kill()
