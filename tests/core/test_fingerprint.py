import sys
from pathlib import Path

import pytest

from dermoscopy.core.fingerprint import code_digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "house"
    folder.mkdir()
    for name, text in {
        "__init__": "",
        "top": "import json\nfrom house.middle import use\n",
        "middle": "def use():\n    from house import below\n    return below\n",
        "below": "VALUE = 1\n",
        "beside": "from house.top import use\n",
    }.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "house"]:
        del sys.modules[name]


def test_an_edit_of_what_is_imported_counts_and_no_other(package: Path):
    before = code_digest("house.top")
    assert code_digest("house.top") == before
    (package / "beside.py").write_text("VALUE = 2\n")
    assert code_digest("house.top") == before
    for name in ("top", "middle", "below", "__init__"):
        with (package / f"{name}.py").open("a") as file:
            file.write("# edited\n")
        after = code_digest("house.top")
        assert after != before, name
        before = after


def test_what_only_ranks_trials_does_not_run_them_again():
    from dermoscopy.core.fingerprint import _file, _imports

    seen, waiting = set(), ["dermoscopy.search.trial"]
    while waiting:
        name = waiting.pop()
        if name not in seen and name.startswith("dermoscopy") and (path := _file(name)):
            seen.add(name)
            waiting += _imports(path.read_bytes())
    assert "dermoscopy.train.fit" in seen
    assert not {"dermoscopy.search.results", "dermoscopy.search.tables"} & seen
