import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from tests.pipeline.project import FIRST, Project


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move one test of the finished project to the front: another process goes on while its pipeline runs."""
    here = (item for item in items if item.path.parent == Path(__file__).parent)
    first = next((item for item in here if {"tiny", "finished"} <= {*item.fixturenames}), None)
    if first:
        items.remove(first)
        items.insert(0, first)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(folder: Path, make: Callable[[], None]) -> None:
    """Make a folder once per test run; other processes wait for it."""
    made = folder.with_suffix(".made")
    with FileLock(folder.with_suffix(".lock")):
        if not made.exists():
            make()
            made.touch()


@pytest.fixture(scope="session")
def tiny(shared: Path) -> Project:
    """A clone with the profile tiny committed and not yet run. Copy it before you change it."""

    def make() -> None:
        project = Project.clone(folder)
        project.apply("tiny")
        project.commit("tiny")

    folder = shared / "tiny"
    once(folder, make)
    return Project(folder)


@pytest.fixture(scope="session")
def finished(shared: Path, tiny: Project) -> Project:
    """A clone in which the profile tiny was run and committed, with the output of DVC. Copy it before you change it."""

    def make() -> None:
        project = tiny.copy(folder)
        first = project.run("dvc", "repro")
        assert first.returncode == 0, first.stdout[-4000:] + first.stderr[-4000:]
        (folder / FIRST).write_text(first.stdout)
        project.commit("run")

    folder = shared / "finished"
    once(folder, make)
    return Project(folder)
