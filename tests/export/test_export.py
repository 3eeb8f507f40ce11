"""The export of a bundle: complete or not at all, and never over other files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dermoscopy.bundle.manifest import verify_sums
from dermoscopy.core.errors import UserError
from dermoscopy.core.files import sha256
from dermoscopy.export import export as module
from dermoscopy.export.export import export_bundle, require_replaceable
from dermoscopy.export.formats import FORMATS, Export, Format, require_packages
from dermoscopy.use.model import load_model
from tests.finished_run import TARGETS, lock


@pytest.fixture
def formats(monkeypatch: pytest.MonkeyPatch) -> dict[str, Format]:
    """Formats that a test may change."""
    changed = dict(FORMATS)
    monkeypatch.setattr(module, "FORMATS", changed)
    return changed


def test_the_bundle_of_the_run_is_kept_and_its_origin_added(run: Path, tmp_path: Path) -> None:
    export_bundle(run, tmp_path / "a/bundle", ["keras"], "abc")
    files = verify_sums(tmp_path / "a/bundle")
    before = verify_sums(run / "data/bundle")
    assert before.items() <= files.items()
    assert files.keys() - before.keys() == {"origin.json", *(f"members/{name}/keras.json" for name in TARGETS)}
    origin = json.loads((tmp_path / "a/bundle/origin.json").read_text())
    assert origin == {"commit": "abc", "dvc_lock_sha256": sha256(run / "dvc.lock")}
    config = json.loads((tmp_path / "a/bundle/members/cnn_a/keras.json").read_text())
    assert config["class_name"] == "Functional"
    assert list(load_model(tmp_path / "a/bundle").members) == list(TARGETS)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["bundle"]


def test_an_earlier_bundle_is_replaced(run: Path, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    for commit in ("first", "second"):
        export_bundle(run, tmp_path / "bundle", [], commit)
        assert json.loads((tmp_path / "bundle/origin.json").read_text())["commit"] == commit
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def other_files(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("")


def file(folder: Path) -> None:
    folder.write_text("")


def link(folder: Path) -> None:
    folder.symlink_to(folder.parent)


@pytest.mark.parametrize("make", [other_files, file, link])
def test_other_files_are_not_replaced(run: Path, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "mine")
    with pytest.raises(UserError, match="choose another"):
        export_bundle(run, tmp_path / "mine", [], None)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_bundle_with_a_file_of_the_user_is_not_replaced(run: Path, tmp_path: Path) -> None:
    export_bundle(run, tmp_path / "bundle", [], None)
    (tmp_path / "bundle/notes.txt").write_text("mine")
    with pytest.raises(UserError, match="other files"):
        require_replaceable(tmp_path / "bundle")


def test_a_failed_export_leaves_the_earlier_bundle(run: Path, tmp_path: Path, formats: dict[str, Format]) -> None:
    export_bundle(run, tmp_path / "bundle", [], "first")
    before = verify_sums(tmp_path / "bundle")

    def fail(export: Export, folder: Path) -> list[dict[str, object]]:
        (folder / "half").write_text("")
        raise OSError(28, "No space left on device")

    formats["onnx"] = Format((), fail)
    for name in ("bundle", "new"):
        with pytest.raises(OSError, match="No space"):
            export_bundle(run, tmp_path / name, ["onnx"], "second")
    assert verify_sums(tmp_path / "bundle") == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_project_without_a_bundle_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not exist\. Run dvc repro"):
        export_bundle(tmp_path, tmp_path / "bundle", [], None)


@pytest.mark.parametrize(("recorded", "reason"), [("0", "changed since"), (None, "of an earlier run")])
def test_a_bundle_that_is_not_of_the_last_run_is_refused(
    run: Path, tmp_path: Path, recorded: str | None, reason: str
) -> None:
    (tmp_path / "data").symlink_to(run / "data")
    stages = lock(run)
    if recorded:
        next(out for out in stages["bundle"]["outs"] if out["path"] == "data/bundle")["md5"] = recorded
    else:
        stages["report"] = {"outs": [{"path": "data/report", "md5": "new"}]}
        stages["bundle"]["deps"] = [{"path": "data/report", "md5": "old"}]
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"stages": stages}))
    with pytest.raises(UserError, match=reason):
        export_bundle(tmp_path, tmp_path / "out", [], None)


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermoscopy.export.formats.find_spec", lambda name: None)
    require_packages(["keras"])
    with pytest.raises(UserError, match=r"tf2onnx(.|\n)*pip install(.|\n)*--format keras"):
        require_packages(["keras", "onnx"])
    with pytest.raises(UserError, match="Unknown format tf"):
        require_packages(["tf"])
