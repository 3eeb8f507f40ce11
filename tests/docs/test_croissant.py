"""data/croissant.json: it describes the committed run, and the simulated dataset only."""

import json
import shutil

import croissant
import pytest


def test_file_describes_the_committed_run():
    assert json.loads(croissant.PAGE.read_text()) == croissant.croissant(), "run: python docs/croissant.py"


def test_a_run_on_other_data_is_refused(tmp_path, monkeypatch):
    shutil.copy("dvc.lock", tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/source.json").write_text(json.dumps({"source": "directory"}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"of the source directory.*simulated dataset only"):
        croissant.main()
    assert not croissant.PAGE.exists()
