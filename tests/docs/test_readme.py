"""What README shows is what git keeps."""

import importlib.util
import re
from pathlib import Path

README = Path("README.md").read_text()


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, f"docs/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_results_and_dag_are_those_of_this_commit():
    assert script("results").render(README) == README, "run: python docs/results.py"


def test_every_file_it_links_to_exists():
    targets = re.findall(r"\]\((?!https?://)([^)#]+)\)", README) + re.findall(r'src="([^"]+)"', README)
    assert "docs/images/roc.png" in targets
    for target in targets:
        assert Path(target).exists(), target


def test_every_profile_it_names_exists():
    named = set(re.findall(r"PROFILE=([\w-]+)", README))
    assert named
    for profile in named:
        assert Path("profiles", f"{profile}.yaml").is_file()


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^make ([\w-]+)", README, flags=re.M))
    assert {"run", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", Path("Makefile").read_text(), flags=re.M)


def test_every_parameter_it_sets_exists():
    from ruamel.yaml import YAML

    params = YAML(typ="safe", pure=True).load(Path("params.yaml"))
    for key in re.findall(r"-S '?([\w.]+)=", README):
        value = params
        for part in key.split("."):
            value = value[part]
