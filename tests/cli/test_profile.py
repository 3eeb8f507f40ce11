import shutil

import pytest
from dvc.utils.hydra import apply_overrides, to_hydra_overrides

from dermoscopy.cli.run import data_leaves, override, read_profile
from dermoscopy.core.errors import UserError
from dermoscopy.core.params import read_yaml

VALUES = [
    None,
    True,
    False,
    0,
    -3,
    1e-05,
    0.1,
    1.0,
    "adam",
    "mel+bcc",
    "null",
    "on",
    "True",
    "nan",
    "12",
    "1e-5",
    "",
    "/data/HAM10000 of mine",
    "/data/a=b,c(1)[2]{3}:4'5\"6 #7~é",
    [],
    ["cnn_a", "cnn_b"],
    [1, 2.5, None, True, "null", "a b,c"],
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_dvc_reads_the_value_with_its_type(tmp_path, value):
    path = tmp_path / "params.yaml"
    path.write_text("models:\n  cnn_a:\n    dropout: 0.5\n    units: 64\n")
    item = override("models.cnn_a.dropout", value)
    assert not to_hydra_overrides([item])[0].is_sweep_override()
    apply_overrides(path, [item])
    written = read_yaml(path.read_text())
    assert written == {"models": {"cnn_a": {"dropout": value, "units": 64}}}
    assert type(written["models"]["cnn_a"]["dropout"]) is type(value)


def test_plain_strings_are_not_quoted():
    assert override("optimizer", "adam") == "optimizer=adam"
    assert override("ensemble.members", ["cnn_a", "cnn_b"]) == "ensemble.members=[cnn_a,cnn_b]"


def test_profile_is_read_by_name_or_by_path(project):
    leaves = {"runtime.threads": 1, "models.cnn_a.dropout": 0.1}
    assert read_profile("small") == read_profile("profiles/small.yaml") == leaves


def test_number_in_scientific_notation_stays_a_number(project):
    (project / "profiles" / "small.yaml").write_text("models:\n  cnn_a:\n    dropout: 1e-5\n")
    assert read_profile("small") == {"models.cnn_a.dropout": 1e-5}


def test_error_for_an_unknown_profile_lists_the_profiles(project):
    with pytest.raises(UserError, match=r"smal\..*other, small\. Did you mean small\?"):
        read_profile("smal")
    shutil.rmtree("profiles")
    with pytest.raises(UserError, match="none"):
        read_profile("small")


@pytest.mark.parametrize(
    ("text", "fact"), [("a: [", "not valid YAML"), ("", "received None"), ("- a\n", r"received \['a'\]")]
)
def test_invalid_profile_is_refused(project, text, fact):
    (project / "profiles" / "small.yaml").write_text(text)
    with pytest.raises(UserError, match=fact):
        read_profile("small")


@pytest.mark.parametrize("name", ["../ham10000", "../ham10000.zip", "./download", "download.zip"])
def test_path_of_the_dataset_is_absolute(project, name):
    assert data_leaves(name) == {"data.source": "directory", "data.path": str((project / name).resolve())}


def test_home_folder_is_expanded(project, monkeypatch):
    monkeypatch.setenv("HOME", "/home/user")
    assert data_leaves("~/ham10000")["data.path"] == "/home/user/ham10000"


def test_download_selects_the_download_even_if_such_a_folder_exists(project):
    (project / "download").mkdir()
    assert data_leaves("download") == {"data.source": "download", "data.path": None}


def test_unusable_path_is_left_to_the_check_stage(project):
    (project / "loop").symlink_to(project / "loop")
    for path in ("loop", "~nosuchuser/x", "x" * 300):
        assert data_leaves(path)["data.path"] == str(project.resolve() / path)


def test_path_that_is_not_utf8_is_refused(project):
    with pytest.raises(UserError, match=r"not UTF-8.*\\udcff"):
        data_leaves("\udcff")
