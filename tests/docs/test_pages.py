"""README and docs/: numbers are those of this commit; links, files, commands and parameters exist."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
from ruamel.yaml import YAML

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").rglob("*.md"))]
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


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_heading_a_page_links_to_exists(page):
    for target, anchor in re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text()):
        headings = re.findall(r"^#+ (.+)$", (page.parent / target if target else page).read_text(), flags=re.M)
        anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
        assert anchor in anchors, f"{target}#{anchor}"


def test_every_page_is_in_the_index():
    index = Path("docs/README.md").read_text()
    for page in sorted(Path("docs").rglob("*.md")):
        assert page.name == "README.md" or f"]({page.relative_to('docs')})" in index, page


def test_every_dermoscopy_command_they_name_exists():
    import typer

    from dermoscopy.cli.app import app

    commands = typer.main.get_command(app).commands
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", EVERYTHING, flags=re.M | re.S)).replace("\\\n", " ")
    found = re.findall(r"(?:^|\$\(|exec )dermoscopy ([^)#\n]+)", blocks, flags=re.M)
    assert {"repro", "compare", "overrides"} <= {line.split()[0] for line in found}
    for line in found:
        name, *words = shlex.split(line)
        options = {option for parameter in commands[name].params for option in parameter.opts}
        for word in words:
            assert not word.startswith("--") or word in options, line


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
        for split in key.split("."):
            value = value[split]
