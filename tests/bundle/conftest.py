from pathlib import Path

import pytest

from tests.finished_run import write_bundle_of_run, write_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run with its bundle; tests do not change it."""
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    write_bundle_of_run(folder)
    return folder
