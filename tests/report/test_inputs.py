import pytest

from dermoscopy.core.errors import TableError
from dermoscopy.report.inputs import read_sources
from tests.report.conftest import write_project


def test_a_missing_file_is_named_with_the_remedy(tmp_path):
    write_project(tmp_path)
    (tmp_path / "metrics" / "test.json").unlink()
    with pytest.raises(TableError, match=r"test\.json is not here: run `dvc repro`"):
        read_sources(tmp_path)


@pytest.mark.parametrize("content", ["{", "[1]"])
def test_what_is_no_json_object_is_refused(tmp_path, content):
    write_project(tmp_path)
    (tmp_path / "metrics" / "val.json").write_text(content)
    with pytest.raises(TableError, match=r"val\.json"):
        read_sources(tmp_path)


def test_the_protocol_tells_whether_parts_leak(tmp_path):
    assert not read_sources(write_project(tmp_path)).leaky
    assert read_sources(write_project(tmp_path, audited="paper leaky")).leaky
