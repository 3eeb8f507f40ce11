import sys
from pathlib import Path

import pytest

from dermoscopy.core.fingerprint import code_digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    for name, text in {
        "__init__": "",
        "top": "import json\nfrom library.middle import use\n",
        "middle": "def use():\n    from library import lowest\n    return lowest\n",
        "lowest": "VALUE = 1\n",
        "unrelated": "from library.top import use\n",
    }.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "library"]:
        del sys.modules[name]


def test_digest_changes_with_imported_modules_only(package: Path):
    before = code_digest("library.top")
    assert code_digest("library.top") == before
    (package / "unrelated.py").write_text("VALUE = 2\n")
    assert code_digest("library.top") == before
    for name in ("top", "middle", "lowest", "__init__"):
        with (package / f"{name}.py").open("a") as file:
            file.write("# edited\n")
        after = code_digest("library.top")
        assert after != before, name
        before = after


def test_digest_of_a_trial_does_not_depend_on_the_ranking_of_trials():
    from dermoscopy.core.fingerprint import _file, _imports

    seen, waiting = set(), ["dermoscopy.search.trial"]
    while waiting:
        name = waiting.pop()
        if name not in seen and name.startswith("dermoscopy") and (path := _file(name)):
            seen.add(name)
            waiting += _imports(path.read_bytes())
    assert "dermoscopy.train.fit" in seen
    assert not {"dermoscopy.search.results", "dermoscopy.search.tables"} & seen
