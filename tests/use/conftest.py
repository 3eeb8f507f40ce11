from dataclasses import replace
from pathlib import Path

import pytest

from dermoscopy.use.model import Model, load_model
from tests.finished_run import write_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run; tests do not change it."""
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    return folder


@pytest.fixture(scope="session")
def model(run: Path) -> Model:
    """The ensemble of the finished run."""
    return load_model(run)


@pytest.fixture(scope="session")
def quick(model: Model) -> Model:
    """The same ensemble without the turned and mirrored views."""
    predict = model.recorded.predict.model_copy(update={"turns_and_flips": False})
    return replace(model, recorded=model.recorded._replace(predict=predict))


@pytest.fixture
def images(run: Path) -> list[Path]:
    """Images of test, sorted by name."""
    return sorted((run / "data/split/test").rglob("*.jpg"), key=lambda path: path.name)
