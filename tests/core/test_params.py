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


def test_load_validates_the_types_of_a_section(params):
    params.write_text(
        "baselines:\n  regularization: 9e-1\n  thumbnail: 8\n  colour_size: 64\n  quantiles: 9\noptimizer: null\n"
    )
    expected = Baselines(regularization=0.9, thumbnail=8, colour_size=64, quantiles=9)
    assert file.load("baselines", Baselines) == expected
    assert file.load("optimizer", Optimizer | None) is None


def test_numbers_are_parsed_as_dvc_does(params):
    params.write_text("a: 1e-05\nb: on\nc: 010\n")
    assert file.read() == {"a": 1e-05, "b": "on", "c": 10}


def test_parameter_error_names_the_value_and_the_undo_command(params):
    params.write_text("optimizer: adma\n")
    with pytest.raises(ParameterError) as caught:
        file.load("optimizer", Optimizer)
    [problem] = caught.value.problems
    assert problem.startswith("optimizer: received 'adma'")
    assert str(caught.value).endswith("git checkout HEAD params.yaml")


def test_missing_section_is_named(params):
    params.write_text("models: 3\n")
    with pytest.raises(ParameterError, match=r"models\.cnn_a"):
        file.load("models.cnn_a", Split)


def test_problems_of_rules_are_reported_with_the_others(params):
    params.write_text("optimizer: adma\n")
    with pytest.raises(ParameterError) as caught:
        file.load("optimizer", Optimizer, lambda value: [f"{value} is one more"])
    assert len(caught.value.problems) == 2
    assert caught.value.problems[1] == "adma is one more"


def test_a_problem_of_a_rule_is_enough_for_an_error(params):
    params.write_text("optimizer: adam\n")
    with pytest.raises(ParameterError):
        file.load("optimizer", Optimizer, lambda value: ["not allowed"])
    assert file.load("optimizer", Optimizer, lambda value: []) == "adam"


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n"])
def test_text_that_is_not_yaml_raises_user_error(params, text):
    params.write_text(text)
    with pytest.raises(UserError, match=r"params\.yaml"):
        file.read()


def test_missing_params_yaml_raises_user_error(params):
    with pytest.raises(UserError, match=r"params\.yaml"):
        file.read()
