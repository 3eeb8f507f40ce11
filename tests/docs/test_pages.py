"""What the pages show is what git keeps, and what they tell one to type exists."""

import importlib.util
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").glob("*.md"))]
EVERYTHING = "\n".join(page.read_text() for page in PAGES)


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, f"docs/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_figures_and_dag_are_those_of_this_commit():
    for page, text in script("results").pages().items():
        assert text == page.read_text(), "run: python docs/results.py"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_a_page_links_to_exists(page):
    text = page.read_text()
    targets = re.findall(r"\]\((?!https?://)([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert targets or page.name != "README.md"
    for target in targets:
        assert (page.parent / target).exists(), target


def test_every_profile_they_name_exists():
    named = set(re.findall(r"PROFILE=([\w-]+)", EVERYTHING))
    assert "ham10000-smoke" in named
    for profile in named:
        assert Path("profiles", f"{profile}.yaml").is_file()


def test_every_make_target_they_name_exists():
    targets = set(re.findall(r"^make ([\w-]+)", EVERYTHING, flags=re.M))
    assert {"run", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", Path("Makefile").read_text(), flags=re.M)


def test_every_script_they_run_exists():
    scripts = set(re.findall(r"python ([\w./]+\.py)", EVERYTHING))
    assert "benchmarks/protocols.py" in scripts
    for path in scripts:
        assert Path(path).is_file()


def test_every_parameter_they_set_exists():
    params = YAML(typ="safe", pure=True).load(Path("params.yaml"))
    keys = re.findall(r"-S '?([\w.]+)=", EVERYTHING) + re.findall(r" ((?:\w+\.)+\w+)=\S", EVERYTHING)
    assert {"optimizer", "split.protocol", "data.source", "merge.lesions"} <= set(keys)
    for key in keys:
        value = params
        for part in key.split("."):
            value = value[part]
