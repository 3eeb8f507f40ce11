"""README and docs/: numbers are up to date; links, files, commands and parameters exist."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from pages import pages
from ruamel.yaml import YAML
from training_tables import study_table

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").rglob("*.md"))]
ALL_TEXT = "\n".join(page.read_text() for page in PAGES)
# Its files are of another project. tests/pipeline/test_take_parts.py runs it.
OTHER_PROJECT = Path("docs/how-to/take-parts.md")
OWN_TEXT = ALL_TEXT.replace(OTHER_PROJECT.read_text(), "")


def test_numbers_and_dag_are_up_to_date():
    for page, text in pages().items():
        assert text == page.read_text(), "run: python docs/pages.py"


def test_study_table_shows_differences_tuned_rows_and_divergence():
    values = {"roc_auc": 0.8, "low": 0.75, "high": 0.84, "difference": -0.02, "difference_low": -0.05}
    values |= {"difference_high": 0.01, "p": 0.0002, "within": 0.7, "within_low": 0.6, "within_high": 0.8}
    values["class_distances"] = 1.234
    common = {"member": "cnn_a", "images": 99, "lesions": 80, "malignant_lesions": 20, "tuned": 0}
    finished = common | values | {"row": "fast", "outcome": "finished", "epochs": 16, "chosen_epoch": 9, "tuned": 1}
    rows = [finished | {"seconds": 31}, common | {"row": "huge", "outcome": "diverged"}]
    _, _, fast, huge, _, caption = study_table(pd.DataFrame(rows), "slow").splitlines()
    interval = "0.800 (0.750 – 0.840) | -0.020 (-0.050 – +0.010)"
    assert fast == f"| fast, tuned | cnn_a | {interval} | < 0.001 | 0.700 (0.600 – 0.800) | 1.23 | 16, best 9 | 31 |"
    assert huge == "| huge | cnn_a | diverged |  |  |  |  |  |  |"
    assert "99 images of 80 lesions, 20 of them malignant" in caption


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_linked_files_exist(page):
    text = page.read_text()
    targets = re.findall(r"\]\((?!https?://)([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert targets or page.name != "README.md"
    for target in targets:
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_linked_headings_exist(page):
    for target, anchor in re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text()):
        headings = re.findall(r"^#+ (.+)$", (page.parent / target if target else page).read_text(), flags=re.M)
        anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
        assert anchor in anchors, f"{target}#{anchor}"


def test_index_lists_every_page():
    index = Path("docs/README.md").read_text()
    for page in sorted(Path("docs").rglob("*.md")):
        assert page.name == "README.md" or f"]({page.relative_to('docs')})" in index, page


def test_files_page_names_every_out():
    stages = YAML(typ="safe", pure=True).load(Path("dvc.yaml"))["stages"]
    members = stages["train"]["matrix"]["member"]
    named = {path.rstrip("/") for path in re.findall(r"`([^`\s]+)`", Path("docs/reference/files.md").read_text())}
    for stage, entries in stages.items():
        for entry in [*entries.get("outs", []), *entries.get("metrics", [])]:
            path = (entry if isinstance(entry, str) else next(iter(entry))).replace("${item.member}", "<member>")
            for member in members:
                path = re.sub(rf"\b{member}\b", "<member>", path)
            assert path in named, f"docs/reference/files.md does not name {path} of {stage}"


def test_named_source_files_exist():
    named = set(re.findall(r"`((?:src|stages|tests|docs|benchmarks|profiles|\.dvc(?!/tmp)|\.ci)/[^`\s<*]+)`", OWN_TEXT))
    assert "src/dermoscopy/networks/backbones.py" in named
    assert [path for path in sorted(named) if not Path(path).exists()] == []


def test_dermoscopy_commands_and_options_exist():
    import typer

    from dermoscopy.cli.app import app

    commands = typer.main.get_command(app).commands
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", ALL_TEXT, flags=re.M | re.S)).replace("\\\n", " ")
    found = re.findall(r"(?:^|\$\(|exec )dermoscopy ([^)#\n]+)", blocks, flags=re.M)
    assert {"repro", "compare", "overrides"} <= {line.split()[0] for line in found}
    for line in found:
        name, *words = shlex.split(line)
        command = commands[name]
        if isinstance(command, typer.core.TyperGroup):
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        for word in words:
            assert not word.startswith("--") or word in options, line


def test_profiles_exist():
    named = set(re.findall(r"PROFILE=([\w-]+)", ALL_TEXT))
    assert "ham10000-smoke" in named
    for profile in named:
        assert Path("profiles", f"{profile}.yaml").is_file()


def test_make_targets_exist():
    targets = set(re.findall(r"^make ([\w-]+)", ALL_TEXT, flags=re.M))
    assert {"run", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", Path("Makefile").read_text(), flags=re.M)


def test_scripts_exist():
    scripts = set(re.findall(r"python ([\w./]+\.py)", OWN_TEXT))
    assert "benchmarks/protocols.py" in scripts
    for path in scripts:
        assert Path(path).is_file()


def test_parameters_exist():
    params = YAML(typ="safe", pure=True).load(Path("params.yaml"))
    keys = re.findall(r"-S '?([\w.]+)=", ALL_TEXT) + re.findall(r" ((?:\w+\.)+\w+)=\S", ALL_TEXT)
    assert {"optimizer", "split.protocol", "data.source", "merge.lesions"} <= set(keys)
    for key in keys:
        value = params
        for name in key.split("."):
            value = value[name]
