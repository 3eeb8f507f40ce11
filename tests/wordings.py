"""Snapshot of the messages that tests compare as whole sentences, in tests/wordings.yaml.

A test that compares the wording passes the text to the fixture `wording`. All other tests check the class of an error
and the facts in its message. To update the snapshot after a change of words, run: make wordings
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

FILE = Path(__file__).with_suffix(".yaml")
UPDATE = "--update-wordings"


class _Dumper(yaml.SafeDumper):
    """YAML dumper that writes texts of several lines as literal blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


class Wordings:
    """Texts by test: those of the snapshot, and those of this run."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = yaml.safe_load(FILE.read_text()) if FILE.exists() else {}
        self.seen: dict[str, str] = {}

    def write(self, tests: set[str]) -> None:
        """Write the texts of this run; drop the texts of tests that no longer exist in the collected files.

        Args:
            tests: Ids of all collected tests.
        """
        files = {test.partition("::")[0] for test in tests}
        owners = {key: key.partition(" > ")[0] for key in self.stored}
        kept = {
            key: text
            for key, text in self.stored.items()
            if owners[key] in tests or owners[key].partition("::")[0] not in files
        }
        texts = dict(sorted((kept | self.seen).items()))
        FILE.write_text(yaml.dump(texts, Dumper=_Dumper, allow_unicode=True, width=110, sort_keys=False))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        UPDATE, action="store_true", help="update tests/wordings.yaml with the texts of the tests that compare wordings"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.wordings = Wordings()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.tests = {item.nodeid for item in items}
    if config.getoption(UPDATE):
        items[:] = [item for item in items if "wording" in getattr(item, "fixturenames", ())]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption(UPDATE) and session.config.wordings.seen:
        session.config.wordings.write(session.config.tests)


@pytest.fixture
def wording(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compare a text with the snapshot; the path of the temporary folder is replaced with <tmp>.

    A test that compares several texts gives each a name.
    """
    wordings = request.config.wordings
    update = request.config.getoption(UPDATE)
    folders = [request.getfixturevalue("tmp_path")] if "tmp_path" in request.fixturenames else []

    def compare(text: str, name: str = "") -> None:
        for folder in folders:
            text = text.replace(str(folder), "<tmp>")
        key = f"{request.node.nodeid} > {name}" if name else request.node.nodeid
        if update:
            wordings.seen[key] = text
        else:
            assert text == wordings.stored.get(key), "differs from tests/wordings.yaml; if intended, run: make wordings"

    return compare
