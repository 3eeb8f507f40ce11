"""Wrong values as a user sets them: applied by dvc's own -S, told as `check` tells them."""

import shutil
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides
from pydantic import TypeAdapter, ValidationError

from dermoscopy.check.params import Params
from dermoscopy.core.params import read_yaml
from dermoscopy.core.params_errors import describe
from dermoscopy.networks.params import Member, Optimizer, SmallCNN

TREE = Path("params.yaml").resolve()


def told(value, section="", kind=Params) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return describe(caught.value, section, kind)


def overridden(folder: Path, *overrides: str):
    shutil.copyfile(TREE, folder / "params.yaml")
    apply_overrides(folder / "params.yaml", list(overrides))
    return read_yaml((folder / "params.yaml").read_text())


OPTIMIZERS = "expected one of null, sgd, adam, adamax, nadam, rmsprop."
INITIALIZERS = "expected one of glorot_uniform, glorot_normal, he_uniform, he_normal, random_uniform."
KINDS = "expected one of transfer, small_cnn."
BLOCK = "expected a block whose kind is one of transfer, small_cnn."
WRONG = [
    # A word, misspelt
    ("optimizer=adma", f"optimizer: received 'adma'; {OPTIMIZERS} Did you mean adam?"),
    ("optimizer=RMSProp", f"optimizer: received 'RMSProp'; {OPTIMIZERS} Did you mean rmsprop?"),
    ("optimizer=none", f"optimizer: received 'none'; {OPTIMIZERS} Did you mean null?"),
    ("optimizer=", f"optimizer: received ''; {OPTIMIZERS} Did you mean null?"),
    ("optimizer=on", f"optimizer: received 'on'; {OPTIMIZERS}"),
    ("optimizer=true", f"optimizer: received true (a truth value); {OPTIMIZERS}"),
    (
        "models.vgg19.initializer=he_norm",
        f"models.vgg19.initializer: received 'he_norm'; {INITIALIZERS} Did you mean he_normal?",
    ),
    (
        "training.monitor=accuracy",
        "training.monitor: received 'accuracy'; "
        "expected one of val_accuracy, val_loss, val_roc_auc. Did you mean val_accuracy?",
    ),
    (
        "runtime.precision=bfloat16",
        "runtime.precision: received 'bfloat16'; "
        "expected one of float32, mixed_bfloat16, mixed_float16, auto. Did you mean mixed_bfloat16?",
    ),
    (
        "data.source=sim",
        "data.source: received 'sim'; expected one of simulated, directory, download. Did you mean simulated?",
    ),
    (
        "split.protocol=leson",
        "split.protocol: received 'leson'; expected one of lesion, image, paper. Did you mean lesion?",
    ),
    (
        "merge.near_duplicates=65",
        "merge.near_duplicates: received 65; expected a whole number from 0 to 64 or null. Did you mean 64?",
    ),
    (
        "policy.malignant=[mel,bbc]",
        "policy.malignant: received ['mel', 'bbc'] (a list); expected some of akiec, bcc, bkl, df, mel, nv, vasc, "
        "joined by +; 'bbc' is none of them. Did you mean bcc?",
    ),
    (
        "ensemble.method=average",
        "ensemble.method: received 'average'; expected one of chosen, vote, mean, accuracy_weighted, "
        "log_loss_weighted, stacking.",
    ),
    (
        "policy.malignant=mel+bbc",
        "policy.malignant: received 'mel+bbc'; expected some of akiec, bcc, bkl, df, mel, nv, vasc, joined by +; "
        "'bbc' is none of them. Did you mean bcc?",
    ),
    # A list
    (
        "ensemble.members=cnn_a",
        "ensemble.members: received 'cnn_a' (a string); "
        "expected a list of at least one, written [a, b], each a string. Did you mean [cnn_a]?",
    ),
    (
        "ensemble.members=[]",
        "ensemble.members: received []; expected a list of at least one, written [a, b], each a string.",
    ),
    (
        "ensemble.members=[cnn_a,cnn_a]",
        "ensemble.members: received ['cnn_a', 'cnn_a']; a member is named twice.",
    ),
    (
        "models.inception_v3.dense=128",
        "models.inception_v3.dense: received 128 (a whole number); "
        "expected a list, written [a, b], each a whole number, at least 1. Did you mean [128]?",
    ),
    # A number
    ("split.val=15", "split.val: received 15; expected a number above 0 and below 1. Did you mean 0.15?"),
    ("split.val=0.8", "split: val 0.8 and test 0.25 leave nothing to train on: they must sum to less than 1."),
    ("seed=-1", "seed: received -1; expected a whole number, at least 0. Did you mean 0?"),
    (
        "training.batch_size=32.0",
        "training.batch_size: received 32.0 (a number); expected a whole number, at least 1. Did you mean 32?",
    ),
    ("seed=one", "seed: received 'one' (a string); expected a whole number, at least 0."),
    ("seed='1'", "seed: received '1' (a string); expected a whole number, at least 0. Did you mean 1?"),
    ("seed=010", "seed: received '010' (a string); expected a whole number, at least 0. Did you mean 10?"),
    ("seed=null", "seed: received null; expected a whole number, at least 0."),
    (
        "models.cnn_a.dropout=1.5",
        "models.cnn_a.dropout: received 1.5; expected a number, at least 0 and below 1.",
    ),
    (
        "models.cnn_a.image_size=4",
        "models.cnn_a.image_size: received 4; expected a whole number from 8 to 1024. Did you mean 8?",
    ),
    (
        "models.cnn_a.learning_rate=0",
        "models.cnn_a.learning_rate: received 0; expected a number above 0.",
    ),
    (
        "models.cnn_a.learning_rate=nan",
        "models.cnn_a.learning_rate: received nan; expected a number above 0.",
    ),
    (
        "models.vgg19.clip='1,0'",
        "models.vgg19.clip: received '1,0' (a string); expected a number above 0 or null.",
    ),
    (
        "models.vgg19.unfrozen_layers=al",
        "models.vgg19.unfrozen_layers: received 'al'; "
        "expected a whole number, at least 1 or one of all, none, last_conv. Did you mean all?",
    ),
    ("runtime.eager=1", "runtime.eager: received 1 (a whole number); expected true or false. Did you mean true?"),
    ("runtime.eager=nope", "runtime.eager: received 'nope' (a string); expected true or false."),
    # A key
    ("+optimzer=adam", "optimzer: no such key. Did you mean optimizer?"),
    ("+threads=4", "threads: no such key. Did you mean runtime.threads?"),
    ("+models.cnn_a.dropot=0.4", "models.cnn_a.dropot: no such key. Did you mean models.cnn_a.dropout?"),
    ("+kernel_size=5", "kernel_size: no such key. Did you mean models.<name>.kernel_size?"),
    ("+models.resnet=1", f"models.resnet: received 1 (a whole number); {BLOCK}"),
    ("models.cnn_a=null", f"models.cnn_a: received null; {BLOCK}"),
    # The kind of a member
    ("models.cnn_a.kind=smal_cnn", f"models.cnn_a.kind: received 'smal_cnn'; {KINDS} Did you mean small_cnn?"),
    ("models.cnn_a.kind=3", f"models.cnn_a.kind: received 3 (a whole number); {KINDS}"),
    ("models.cnn_a.kind=null", f"models.cnn_a.kind: received null; {KINDS}"),
    ("~models.cnn_a.kind", f"models.cnn_a.kind: missing; {KINDS}"),
    ("~models.cnn_a.padding", "models.cnn_a.padding: missing; expected one of valid, same."),
    ("~split.val", "split.val: missing; expected a number above 0 and below 1."),
    (
        "split=none",
        "split: received 'none' (a string); expected a block with the keys protocol, seed, val, test, test_histo_only.",
    ),
    (
        "data.weights.vgg19.sha256=abc",
        "data.weights.vgg19.sha256: received 'abc'; expected 64 hexadecimal digits in lower case or null.",
    ),
]


@pytest.mark.parametrize(("override", "line"), WRONG, ids=[override for override, _ in WRONG])
def test_a_wrong_value_is_one_line(tmp_path, override, line):
    assert told(overridden(tmp_path, override)) == [line]


def test_all_problems_are_told_at_once(tmp_path):
    lines = told(overridden(tmp_path, "optimizer=adma", "seed=-1", "models.cnn_b.padding=full"))
    assert [line.split(":")[0] for line in lines] == ["optimizer", "seed", "models.cnn_b.padding"]


def test_a_misspelt_key_is_not_told_as_missing_too(tmp_path):
    tree = overridden(tmp_path)
    tree["models"]["cnn_a"]["dropuot"] = tree["models"]["cnn_a"].pop("dropout")
    assert told(tree) == ["models.cnn_a.dropuot: no such key. Did you mean models.cnn_a.dropout?"]


def test_a_misspelt_kind_is_one_problem(tmp_path):
    tree = overridden(tmp_path)
    tree["models"]["cnn_a"]["knid"] = tree["models"]["cnn_a"].pop("kind")
    assert told(tree) == ["models.cnn_a.knid: no such key. Did you mean models.cnn_a.kind?"]


@pytest.mark.parametrize("name", ["9a", "cnn-a", "_a", 1])
def test_a_member_s_name_is_letters_digits_and_underscores(tmp_path, name):
    tree = overridden(tmp_path)
    tree["models"][name] = tree["models"]["cnn_a"]
    assert told(tree) == [
        f"models.{name}: a key has to be a string of letters, digits and _ that begins with a letter."
    ]


def test_a_member_may_have_the_name_of_a_kind(tmp_path):
    tree = overridden(tmp_path)
    tree["models"]["transfer"] = tree["models"]["cnn_a"] | {"dropout": 2}
    assert told(tree)[0].startswith("models.transfer.dropout: received 2;")


def test_a_member_s_section_is_told_by_its_kind(tmp_path):
    block = overridden(tmp_path)["models"]["cnn_a"]
    assert told(block | {"dropot": 0.4}, "models.cnn_a", Member)[0].endswith("Did you mean models.cnn_a.dropout?")
    wrong = told(block | {"kind": "smal_cnn"}, "models.cnn_a", Member)
    assert wrong == [f"models.cnn_a.kind: received 'smal_cnn'; {KINDS} Did you mean small_cnn?"]


def test_a_section_is_named_in_front():
    assert told("adma", "optimizer", Optimizer)[0].startswith("optimizer: received 'adma';")
    assert told(None, "models.cnn_a", SmallCNN)[0].startswith("models.cnn_a: received null; expected a block")
    assert told({"dropuot": 1}, "models.cnn_a", SmallCNN)[0].endswith("Did you mean models.cnn_a.dropout?")


def test_an_empty_file_has_a_name():
    assert told(None)[0].startswith("params.yaml: received null; expected a block with the keys optimizer, ")


def test_a_number_as_a_key(tmp_path):
    tree = overridden(tmp_path)
    tree["data"]["weights"][1] = {"source": "none", "sha256": None}
    assert told(tree) == ["data.weights.1: a key has to be a string."]


def test_long_values_are_cut(tmp_path):
    tree = overridden(tmp_path)
    tree["optimizer"] = list(range(1000))
    (line,) = told(tree)
    assert len(line) < 200


@pytest.mark.parametrize(
    "override",
    ["optimizer=null", "optimizer=adam", "models.cnn_a.dropout=0", "models.cnn_a.learning_rate=1e-5"],
)
def test_right_values_pass(tmp_path, override):
    TypeAdapter(Params).validate_python(overridden(tmp_path, override))
