import pytest

from tests.pipeline.project import Project


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone with the tiny profile committed, not yet run."""
    project = Project.clone(tmp_path_factory.mktemp("tiny") / "project")
    project.apply("tiny")
    project.commit("tiny")
    return project


@pytest.fixture(scope="session")
def finished(tiny: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone in which the tiny profile was run and committed; copy it before you change it."""
    project = tiny.copy(tmp_path_factory.mktemp("finished") / "project")
    project.first = project.run("dvc", "repro")  # type: ignore[attr-defined]
    assert project.first.returncode == 0, project.first.stdout[-4000:] + project.first.stderr[-4000:]
    project.commit("run")
    return project
