"""Messages about wrong values that a user sets with `dvc exp run -S`, as the stage `check` reports them."""

import shutil
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides
from pydantic import TypeAdapter, ValidationError

from dermoscopy.check.params import Params
from dermoscopy.core.params import read_yaml
from dermoscopy.core.params_errors import describe
from dermoscopy.networks.params import Member, Models, Optimizer, SmallCNN

TREE = Path("params.yaml").resolve()


def problems(value, section="", kind=Params) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return describe(caught.value, section, kind)


def overridden(folder: Path, *overrides: str):
    shutil.copyfile(TREE, folder / "params.yaml")
    apply_overrides(folder / "params.yaml", list(overrides))
    return read_yaml((folder / "params.yaml").read_text())


# The override, the key in the message, the value received in it, and the suggestion.
WRONG = [
    # A word, misspelt
    ("optimizer=adma", "optimizer", "'adma'", "adam"),
    ("optimizer=RMSProp", "optimizer", "'RMSProp'", "rmsprop"),
    ("optimizer=none", "optimizer", "'none'", "null"),
    ("optimizer=", "optimizer", "''", "null"),
    ("optimizer=on", "optimizer", "'on'", None),
    ("optimizer=true", "optimizer", "true (a boolean)", None),
    ("models.vgg19.initializer=he_norm", "models.vgg19.initializer", "'he_norm'", "he_normal"),
    ("training.monitor=accuracy", "training.monitor", "'accuracy'", "val_accuracy"),
    ("runtime.precision=bfloat16", "runtime.precision", "'bfloat16'", "mixed_bfloat16"),
    ("data.source=sim", "data.source", "'sim'", "simulated"),
    ("split.protocol=leson", "split.protocol", "'leson'", "lesion"),
    ("merge.near_duplicates=65", "merge.near_duplicates", "65", "64"),
    ("policy.malignant=[mel,bbc]", "policy.malignant", "['mel', 'bbc'] (a list)", "bcc"),
    ("ensemble.method=average", "ensemble.method", "'average'", None),
    ("policy.malignant=mel+bbc", "policy.malignant", "'mel+bbc'", "bcc"),
    # A list
    ("ensemble.members=cnn_a", "ensemble.members", "'cnn_a' (a string)", "[cnn_a]"),
    ("ensemble.members=[]", "ensemble.members", "[]", None),
    ("ensemble.members=[cnn_a,cnn_a]", "ensemble.members", "['cnn_a', 'cnn_a']", None),
    ("search.promote=[cnn_b,cnn_b]", "search.promote", "['cnn_b', 'cnn_b']", None),
    ("models.inception_v3.dense=128", "models.inception_v3.dense", "128 (a whole number)", "[128]"),
    # A number
    ("split.val=15", "split.val", "15", "0.15"),
    ("split.val=0.8", "split", "val 0.8 and test 0.5", None),
    ("seed=-1", "seed", "-1", "0"),
    ("training.batch_size=32.0", "training.batch_size", "32.0 (a number)", "32"),
    ("seed=one", "seed", "'one' (a string)", None),
    ("seed='1'", "seed", "'1' (a string)", "1"),
    ("seed=010", "seed", "'010' (a string)", "10"),
    ("seed=null", "seed", "null", None),
    ("models.cnn_a.dropout=1.5", "models.cnn_a.dropout", "1.5", None),
    ("models.cnn_a.image_size=4", "models.cnn_a.image_size", "4", "8"),
    ("models.cnn_a.learning_rate=0", "models.cnn_a.learning_rate", "0", None),
    ("models.cnn_a.learning_rate=nan", "models.cnn_a.learning_rate", "nan", None),
    ("models.vgg19.clip='1,0'", "models.vgg19.clip", "'1,0' (a string)", None),
    ("models.vgg19.unfrozen_layers=al", "models.vgg19.unfrozen_layers", "'al'", "all"),
    ("runtime.eager=1", "runtime.eager", "1 (a whole number)", "true"),
    ("runtime.eager=nope", "runtime.eager", "'nope' (a string)", None),
    # A key
    ("+optimzer=adam", "optimzer", "no such key", "optimizer"),
    ("+threads=4", "threads", "no such key", "runtime.threads"),
    ("+models.cnn_a.dropot=0.4", "models.cnn_a.dropot", "no such key", "models.cnn_a.dropout"),
    ("+kernel_size=5", "kernel_size", "no such key", "models.<name>.kernel_size"),
    ("+models.resnet=1", "models.resnet", "1 (a whole number)", None),
    ("models.cnn_a=null", "models.cnn_a", "null", None),
    # The kind of a member
    ("models.cnn_a.kind=smal_cnn", "models.cnn_a.kind", "'smal_cnn'", "small_cnn"),
    ("models.cnn_a.kind=3", "models.cnn_a.kind", "3 (a whole number)", None),
    ("models.cnn_a.kind=null", "models.cnn_a.kind", "null", None),
    ("~models.cnn_a.kind", "models.cnn_a.kind", "missing", None),
    ("~models.cnn_a.padding", "models.cnn_a.padding", "missing", None),
    ("~split.val", "split.val", "missing", None),
    ("split=none", "split", "'none' (a string)", None),
    ("data.weights.vgg19.sha256=abc", "data.weights.vgg19.sha256", "'abc'", None),
]


@pytest.mark.parametrize(("override", "key", "received", "suggestion"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_value_is_one_problem_with_key_value_and_suggestion(
    tmp_path, wording, override, key, received, suggestion
):
    [problem] = problems(overridden(tmp_path, override))
    assert problem.startswith(f"{key}: ")
    assert received in problem
    assert problem.endswith(f" Did you mean {suggestion}?") if suggestion else "Did you mean" not in problem
    wording(problem)


def test_all_problems_are_reported_together(tmp_path):
    found = problems(overridden(tmp_path, "optimizer=adma", "seed=-1", "models.cnn_b.padding=full"))
    assert [problem.split(":")[0] for problem in found] == ["optimizer", "seed", "models.cnn_b.padding"]


def test_a_misspelt_key_is_not_reported_as_missing_too(tmp_path):
    tree = overridden(tmp_path)
    tree["models"]["cnn_a"]["dropuot"] = tree["models"]["cnn_a"].pop("dropout")
    [problem] = problems(tree)
    assert problem.startswith("models.cnn_a.dropuot:")
    assert problem.endswith("Did you mean models.cnn_a.dropout?")


def test_a_misspelt_kind_is_one_problem(tmp_path):
    tree = overridden(tmp_path)
    tree["models"]["cnn_a"]["knid"] = tree["models"]["cnn_a"].pop("kind")
    [problem] = problems(tree)
    assert problem.startswith("models.cnn_a.knid:")
    assert problem.endswith("Did you mean models.cnn_a.kind?")


@pytest.mark.parametrize("name", ["9a", "cnn-a", "_a", 1])
def test_a_member_name_is_letters_digits_and_underscores(tmp_path, name):
    tree = overridden(tmp_path)
    tree["models"][name] = tree["models"]["cnn_a"]
    [problem] = problems(tree)
    assert problem.startswith(f"models.{name}:")
    assert "letters, digits and _" in problem


def test_a_member_may_have_the_name_of_a_kind(tmp_path):
    tree = overridden(tmp_path)
    tree["models"]["transfer"] = tree["models"]["cnn_a"] | {"dropout": 2}
    assert problems(tree)[0].startswith("models.transfer.dropout: received 2;")


def test_a_member_section_is_validated_by_its_kind(tmp_path):
    block = overridden(tmp_path)["models"]["cnn_a"]
    assert problems(block | {"dropot": 0.4}, "models.cnn_a", Member)[0].endswith("Did you mean models.cnn_a.dropout?")
    [problem] = problems(block | {"kind": "smal_cnn"}, "models.cnn_a", Member)
    assert problem.startswith("models.cnn_a.kind: received 'smal_cnn'")
    assert problem.endswith("Did you mean small_cnn?")


def test_models_without_a_member_are_one_problem():
    assert problems({}, "models", Models) == ["models: received {}; expected a block with at least one key."]


def test_keys_start_with_the_section():
    assert problems("adma", "optimizer", Optimizer)[0].startswith("optimizer: received 'adma';")
    assert problems(None, "models.cnn_a", SmallCNN)[0].startswith("models.cnn_a: received null")
    assert problems({"dropuot": 1}, "models.cnn_a", SmallCNN)[0].endswith("Did you mean models.cnn_a.dropout?")


def test_problems_of_an_empty_file_name_params_yaml():
    assert problems(None)[0].startswith("params.yaml: received null")


def test_a_number_as_key_is_one_problem(tmp_path):
    tree = overridden(tmp_path)
    tree["data"]["weights"][1] = {"source": "none", "sha256": None}
    [problem] = problems(tree)
    assert problem.startswith("data.weights.1:")


def test_long_values_are_shortened(tmp_path):
    tree = overridden(tmp_path)
    tree["optimizer"] = list(range(1000))
    [problem] = problems(tree)
    assert len(problem) < 200


@pytest.mark.parametrize(
    "override",
    ["optimizer=null", "optimizer=adam", "models.cnn_a.dropout=0", "models.cnn_a.learning_rate=1e-5"],
)
def test_valid_values_have_no_problem(tmp_path, override):
    TypeAdapter(Params).validate_python(overridden(tmp_path, override))
