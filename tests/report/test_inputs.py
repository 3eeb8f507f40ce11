import pytest

from dermoscopy.core.errors import TableError
from dermoscopy.report.inputs import read_sources
from tests.report.conftest import write_project


def test_a_missing_file_is_named_with_the_command_that_writes_it(tmp_path):
    write_project(tmp_path)
    (tmp_path / "metrics" / "data.json").unlink()
    with pytest.raises(TableError, match=r"data\.json.*`dvc repro`"):
        read_sources(tmp_path)


@pytest.mark.parametrize("content", ["{", "[1]"])
def test_content_that_is_not_a_json_object_is_refused(tmp_path, content):
    write_project(tmp_path)
    (tmp_path / "metrics" / "audit.json").write_text(content)
    with pytest.raises(TableError, match=r"audit\.json"):
        read_sources(tmp_path)


def test_sources_are_leaky_by_the_audited_protocol(tmp_path):
    assert not read_sources(write_project(tmp_path)).leaky
    assert read_sources(write_project(tmp_path, audited="paper leaky")).leaky
