"""What a release changes in several files is equal in them."""

import re
import tomllib
from pathlib import Path

from ruamel.yaml import YAML


def test_pyproject_citation_and_changelog_name_the_same_version():
    version = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    citation = YAML(typ="safe").load(Path("CITATION.cff"))
    latest = re.search(r"^## (\d+\.\d+\.\d+) – (\d{4}-\d\d-\d\d)$", Path("CHANGELOG.md").read_text(), re.MULTILINE)
    assert (version, str(citation["date-released"])) == latest.groups()
    assert version == citation["version"]


def test_lock_and_weekly_job_install_all_extras_but_gpu():
    extras = set(tomllib.loads(Path("pyproject.toml").read_text())["project"]["optional-dependencies"]) - {"gpu"}
    assert set(re.findall(r"--extra (\w+)", Path("CONTRIBUTING.md").read_text())) == extras
    weekly = Path(".github/workflows/newest.yml").read_text()
    assert set(re.search(r"-e \"\.\[(.*)\]", weekly)[1].split(",")) == extras


def test_workflows_pin_each_action_by_hash():
    workflows = "\n".join(path.read_text() for path in Path(".github/workflows").glob("*.yml"))
    actions = re.findall(r"uses: (.*)", workflows)
    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v[\d.]+", action)] == []


def test_dockerfile_and_makefile_install_the_same():
    installed = [
        {re.sub(r" --(quiet|no-cache-dir)", "", line) for line in re.findall(r"python -m (pip install .*)", text)}
        for text in (Path("Dockerfile").read_text(), Path("Makefile").read_text())
    ]
    assert installed[0] == installed[1]
    assert len(installed[0]) == 2
