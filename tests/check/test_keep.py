from dermoscopy.core.files import keep


def test_it_is_written_whole(tmp_path):
    keep(tmp_path / "data" / "a.json", {"b": 1, "a": None})
    assert (tmp_path / "data" / "a.json").read_text() == '{\n  "b": 1,\n  "a": null\n}\n'
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["a.json"]


def test_the_same_content_leaves_the_file_alone(tmp_path):
    path = tmp_path / "a.json"
    keep(path, {"a": 1})
    before = path.stat()
    keep(path, {"a": 1})
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    keep(path, {"a": 2})
    assert path.read_text() == '{\n  "a": 2\n}\n'
