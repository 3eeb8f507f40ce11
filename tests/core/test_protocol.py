from pathlib import Path

import pytest

from dermoscopy.core.errors import TableError
from dermoscopy.core.protocol import VERDICTS, leak_warning, read_audited_protocol, read_protocol_title

LINES = [
    ("lesion clean\n", "lesion", "lesion", ""),
    ("image leaky\n", "image", "image (leaky protocol)", "leaky protocol: splits share lesions"),
    ("paper leaky\n", "paper", "paper (leaky protocol)", "leaky protocol: splits share lesions"),
]


@pytest.mark.parametrize(("line", "protocol", "title", "warning"), LINES)
def test_title_and_warning_name_a_leaky_protocol(tmp_path: Path, line: str, protocol: str, title: str, warning: str):
    audited = tmp_path / "audited"
    audited.write_text(line)
    assert read_audited_protocol(audited) == protocol
    assert read_protocol_title(audited) == title
    assert leak_warning(protocol) == warning


def test_every_protocol_is_tested():
    assert {protocol for _, protocol, *_ in LINES} == set(VERDICTS)


@pytest.mark.parametrize("line", ["", "lesion", "lesion perhaps", "lesion leaky", "image clean", "lesion clean twice"])
def test_any_other_line_raises_table_error(tmp_path: Path, line: str):
    audited = tmp_path / "audited"
    audited.write_text(line)
    with pytest.raises(TableError) as error:
        read_protocol_title(audited)
    assert repr(line) in str(error.value)
    assert all(known.strip() in str(error.value) for known, *_ in LINES)


def test_missing_audit_raises_table_error(tmp_path: Path):
    with pytest.raises(TableError, match="dvc repro"):
        read_protocol_title(tmp_path / "audited")
