from pathlib import Path

import pytest

from dermoscopy.core.errors import TableError
from dermoscopy.core.splits import VERDICTS, leak_warning, read_audited_protocol, read_protocol_title

LINES = [
    ("lesion clean\n", "lesion", "lesion", ""),
    ("image leaky\n", "image", "image (leaky protocol)", "leaky protocol: splits share lesions"),
    ("paper leaky\n", "paper", "paper (leaky protocol)", "leaky protocol: splits share lesions"),
]


@pytest.mark.parametrize(("line", "protocol", "shown", "warned"), LINES)
def test_a_leak_is_said(tmp_path: Path, line: str, protocol: str, shown: str, warned: str):
    audited = tmp_path / "audited"
    audited.write_text(line)
    assert read_audited_protocol(audited) == protocol
    assert read_protocol_title(audited) == shown
    assert leak_warning(protocol) == warned


def test_every_protocol_has_its_line():
    assert {protocol for _, protocol, *_ in LINES} == set(VERDICTS)


@pytest.mark.parametrize("line", ["", "lesion", "lesion perhaps", "lesion leaky", "image clean", "lesion clean twice"])
def test_another_line_is_refused(tmp_path: Path, line: str):
    audited = tmp_path / "audited"
    audited.write_text(line)
    with pytest.raises(TableError, match="clean or leaky"):
        read_protocol_title(audited)


def test_no_audit_no_figures(tmp_path: Path):
    with pytest.raises(TableError, match="dvc repro"):
        read_protocol_title(tmp_path / "audited")
