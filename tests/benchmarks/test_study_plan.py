from pathlib import Path

import pytest
from study_plan import read_studies, reference_of, require_valid, select, trainings

from dermoscopy.cli.run import flatten, replaced
from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.params import read_yaml

FILES = [read_studies(), read_studies(Path("benchmarks/experiments.yaml"))]
STUDIES = FILES[0]
PLANNED = [
    (training, replaced(read_yaml(Path("params.yaml").read_text()), flatten(studies.base)))
    for studies in FILES
    for name, study in studies.studies.items()
    for training in trainings(name, study)
]
TREE = PLANNED[0][1]
TWO = """
base: {}
studies:
  two:
    title: Two
    question: Which?
    members: [cnn_a, cnn_b]
    reference: one
    rows:
      one: {}
      other: {set: {seed: 2}}
      alone: {members: [cnn_b], set: {seed: 3}}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "studies.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(("training", "tree"), PLANNED, ids=[training.experiment for training, _ in PLANNED])
def test_the_pipeline_accepts_the_parameters_of_every_row(training, tree):
    require_valid([training], tree)


def test_no_two_trainings_of_a_study_are_the_same():
    seen = {}
    for training, tree in PLANNED:
        known = flatten(tree)
        changes = {key: value for key, value in training.changes.items() if known.get(key, "unknown") != value}
        block = f"models.{training.member}."
        # Parameters of other members do not change this one.
        changes = {key: value for key, value in changes.items() if key.startswith(block) or "models." not in key}
        key = (training.study, training.member, tuple(sorted(changes.items())))
        assert key not in seen, f"{training.experiment} equals {seen[key]}"
        seen[key] = training.experiment


def test_experiments_have_different_names():
    names = [training.experiment for training, _ in PLANNED]
    assert len(names) == len(set(names))


def test_experiment_names_a_member_only_if_the_row_trains_several(tmp_path):
    study = read_studies(write(tmp_path, TWO)).studies["two"]
    names = [training.experiment for training in trainings("two", study)]
    assert names[:2] == ["study-two-one-cnn_a", "study-two-one-cnn_b"]
    assert names[-1] == "study-two-alone"


def test_reference_is_of_the_same_member(tmp_path):
    study = read_studies(write(tmp_path, TWO)).studies["two"]
    planned = trainings("two", study)
    references = {training.experiment: reference_of(training, study, planned).experiment for training in planned}
    assert references["study-two-other-cnn_b"] == "study-two-one-cnn_b"
    assert references["study-two-alone"] == "study-two-one-cnn_b"
    assert references["study-two-one-cnn_a"] == "study-two-one-cnn_a"


def test_reference_of_a_member_that_the_reference_row_does_not_train_is_its_first_member(tmp_path):
    study = read_studies(write(tmp_path, TWO.replace("[cnn_b]", "[vgg19]"))).studies["two"]
    planned = trainings("two", study)
    assert reference_of(planned[-1], study, planned).experiment == "study-two-one-cnn_a"


def test_unknown_study_is_refused_with_a_suggestion():
    with pytest.raises(UserError, match=r"no study optimiser\. Studies: .*Did you mean optimizers"):
        select(STUDIES, ["optimiser"])


def test_all_studies_are_selected_without_a_name():
    assert select(STUDIES, []) == STUDIES.studies
    assert list(select(STUDIES, ["vgg"])) == ["vgg"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reference: one", "reference: first", "there is no row first"),
        ("    question: Which?\n", "", "question"),
        ("set: {seed: 2}", "sets: {seed: 2}", "sets"),
        ("rows:", "grids: {g: [one, third]}\n    rows:", "there is no row third"),
    ],
)
def test_invalid_definition_is_refused(tmp_path, old, new, message):
    assert old in TWO
    with pytest.raises(ParameterError, match=message):
        read_studies(write(tmp_path, TWO.replace(old, new)))


def test_all_invalid_parameters_are_reported_together(tmp_path):
    text = TWO.replace("{seed: 2}", "{training.losss: focal}").replace("{seed: 3}", "{optimizer: adma}")
    study = read_studies(write(tmp_path, text.replace("[cnn_b]", "[cnn_z]"))).studies["two"]
    with pytest.raises(ParameterError) as refused:
        require_valid(trainings("two", study), TREE)
    problems = refused.value.problems
    assert "two, other: params.yaml has no training.losss." in problems
    assert "two, alone: params.yaml has no member cnn_z." in problems
    assert any(problem.startswith("two, alone: optimizer: received 'adma'") for problem in problems)
    assert len(problems) == 3


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.yaml is not a file"):
        read_studies(tmp_path / "none.yaml")
