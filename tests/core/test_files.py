import json
import math
from pathlib import Path

import pytest

from dermoscopy.core.files import DIGITS, atomic_write, new_folder, rounded, write_json


def test_atomic_write_replaces_the_file_when_the_block_succeeds(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "weights.h5"
    for text in ("old", "new"):
        with atomic_write(path) as temporary:
            assert temporary.parent == path.parent
            assert temporary.name.endswith("weights.h5")
            temporary.write_text(text)
            assert path.exists() == (text == "new")
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_atomic_write_keeps_the_old_file_and_no_temporary_file_after_an_error(
    tmp_path: Path, shared: bool, error: type[BaseException]
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail() -> None:
        with atomic_write(path, shared=shared) as temporary:
            temporary.write_text("ne")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_atomic_write_overwrites_the_temporary_file_of_a_killed_writer(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    with atomic_write(path) as temporary:
        name = temporary.name
        temporary.touch()
    (tmp_path / name).write_text("half")
    with atomic_write(path) as temporary:
        temporary.write_text("whole")
    assert list(tmp_path.iterdir()) == [path]


def test_shared_atomic_writes_use_different_temporary_files(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    with atomic_write(path, shared=True) as first, atomic_write(path, shared=True) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "first"  # its block ended last


def test_write_json_is_indented_and_leaves_no_temporary_file(tmp_path):
    write_json(tmp_path / "data" / "a.json", {"b": 1, "a": None})
    assert (tmp_path / "data" / "a.json").read_text() == '{\n  "b": 1,\n  "a": null\n}\n'
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["a.json"]


def test_write_json_does_not_touch_a_file_of_the_same_content(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    before = path.stat()
    write_json(path, {"a": 1})
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    write_json(path, {"a": 2})
    assert path.read_text() == '{\n  "a": 2\n}\n'


@pytest.mark.parametrize("value", [1 / 3, 2e-7 / 3, -1e9 / 7, 0.1 + 0.2, 5e-324, 1e300])
def test_rounded_keeps_twelve_significant_digits(value: float) -> None:
    assert DIGITS == 12
    assert rounded(value) == pytest.approx(value, rel=1e-11)
    assert rounded(rounded(value)) == rounded(value)
    assert rounded(math.nextafter(value, math.inf)) == pytest.approx(rounded(value), rel=1e-11)
    assert rounded(0.1 + 0.2) == 0.3


def test_write_json_writes_equal_bytes_for_floats_that_differ_in_the_sixteenth_digit(tmp_path: Path) -> None:
    for name, third in (("first", 1 / 3), ("second", math.nextafter(1 / 3, 1))):
        write_json(tmp_path / name, {"a": third, "b": [third, {"c": (third,)}]})
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert json.loads((tmp_path / "first").read_text()) == {
        "a": 0.333333333333,
        "b": [0.333333333333, {"c": [0.333333333333]}],
    }


def test_write_json_writes_nan_as_null_and_keeps_other_values(tmp_path: Path) -> None:
    content = {"value": 0.5, "count": 12345678901234567, "text": "0.12345678901234567", "leaky": True, "none": None}
    write_json(tmp_path / "a.json", {**content, "undefined": math.nan})
    assert json.loads((tmp_path / "a.json").read_text()) == {**content, "undefined": None}


def test_new_folder_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert list(new_folder(tmp_path / "a").iterdir()) == []
