import pytest

from dermoscopy.baselines.params import Baselines
from dermoscopy.core import params as file
from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.networks.params import Optimizer
from dermoscopy.split.params import Split


@pytest.fixture
def params(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file.read.cache_clear()
    yield tmp_path / "params.yaml"
    file.read.cache_clear()


def test_a_section_is_loaded_with_its_types(params):
    params.write_text(
        "baselines:\n  regularization: 9e-1\n  thumbnail: 8\n  colour_size: 64\n  quantiles: 9\noptimizer: null\n"
    )
    expected = Baselines(regularization=0.9, thumbnail=8, colour_size=64, quantiles=9)
    assert file.load("baselines", Baselines) == expected
    assert file.load("optimizer", Optimizer | None) is None


def test_numbers_are_those_that_dvc_reads(params):
    params.write_text("a: 1e-05\nb: on\nc: 010\n")
    assert file.read() == {"a": 1e-05, "b": "on", "c": 10}


def test_the_undo_ends_the_message(params):
    params.write_text("optimizer: adma\n")
    with pytest.raises(ParameterError) as caught:
        file.load("optimizer", Optimizer)
    assert str(caught.value).startswith("params.yaml has 1 problem:\n  optimizer: received 'adma';")
    assert str(caught.value).endswith("git restore params.yaml")


def test_a_missing_section_is_named(params):
    params.write_text("models: 3\n")
    with pytest.raises(ParameterError, match=r"models\.cnn_a: missing"):
        file.load("models.cnn_a", Split)


def test_rules_are_told_with_the_other_problems(params):
    params.write_text("optimizer: adma\n")
    with pytest.raises(ParameterError) as caught:
        file.load("optimizer", Optimizer, lambda value: [f"{value} is one more"])
    assert str(caught.value).startswith("params.yaml has 2 problems:")
    assert caught.value.problems[1] == "adma is one more"


def test_rules_alone_refuse_too(params):
    params.write_text("optimizer: adam\n")
    with pytest.raises(ParameterError):
        file.load("optimizer", Optimizer, lambda value: ["not today"])
    assert file.load("optimizer", Optimizer, lambda value: []) == "adam"


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n"])
def test_what_is_not_yaml_is_said(params, text):
    params.write_text(text)
    with pytest.raises(UserError, match="not YAML"):
        file.read()


def test_no_file(params):
    with pytest.raises(UserError, match="top folder"):
        file.read()
