import pytest

from dermoscopy.check.check import file_problems, starting_weights
from dermoscopy.core.members import member_names
from dermoscopy.core.params import read
from dermoscopy.networks.params import SmallCNN, Transfer

MEMBERS = ", ".join(member_names())
SMALL = ", ".join(name for name in member_names() if read()["models"][name]["kind"] == "small_cnn")


def test_the_committed_parameters_pass(tree):
    assert file_problems(tree) == []


def test_all_checks_report_at_once(tree, wording):
    tree["data"] |= {"source": "directory", "path": "/nowhere"}
    tree["data"]["weights"]["vgg19"]["source"] = "/nowhere/w.h5"
    tree["runtime"]["devices"] = 3
    tree["models"]["vgg19"] |= {"image_size": 31, "unfrozen_layers": 23}
    tree["models"]["inception_v3"]["weights"] = "inception_v3"
    tree["models"]["cnn_b"]["image_size"] = 16
    tree["search"] |= {"image_size": 52, "promote": ["vgg19"]}
    tree["ensemble"]["members"] = ["vgg"]
    tree["search"]["space"] = {name: values[:1] for name, values in tree["search"]["space"].items()}
    problems = file_problems(tree)
    assert [line.split(":")[0] for line in problems] == [
        "data.path",
        "data.weights.vgg19.source",
        "training.batch_size",
        "models.vgg19.image_size",
        "models.vgg19.unfrozen_layers",
        "models.inception_v3.weights",
        "models.cnn_b.image_size",
        "search.image_size",
        "search.trials",
        "search.promote.0",
        "ensemble.members.0",
    ]
    texts = [line.replace(MEMBERS, "<members>").replace(SMALL, "<small members>") for line in problems]
    wording("\n".join(texts[1:]))  # the first may suggest a folder of this machine


def test_an_invalid_block_hides_no_problem_of_another(tree):
    tree["models"]["vgg19"]["optimizer"] = "adma"
    tree["models"]["vgg19"]["image_size"] = 31
    tree["models"]["cnn_b"]["image_size"] = 16
    tree["data"] = None
    (line,) = file_problems(tree)
    assert line.startswith("models.cnn_b.image_size")


def test_a_file_without_blocks_has_no_problems():
    assert file_problems(None) == []
    assert file_problems([]) == []


@pytest.mark.parametrize(
    ("block", "key", "names", "received"),
    [
        ("ensemble", "members", ["cnn_a", "vgg"], "vgg"),
        ("ensemble", "members", ["other", "cnn_a"], "other"),
        ("search", "promote", ["cnn_a", "vgg19"], "vgg19"),
    ],
)
def test_a_list_of_members_names_known_ones(tree, block, key, names, received):
    tree[block][key] = names
    (line,) = file_problems(tree)
    assert line.startswith(f"{block}.{key}.{names.index(received)}: received '{received}'; expected one of ")
    assert f"({MEMBERS if block == 'ensemble' else SMALL})" in line


def test_the_nearest_member_is_suggested(tree):
    tree["ensemble"]["members"] = ["vgg", "cnn_a"]
    assert file_problems(tree)[0].endswith(" vgg19?")


def test_a_member_missing_from_dvc_yaml_is_reported(tree):
    tree["models"]["other"] = tree["models"]["cnn_b"]
    (line,) = file_problems(tree)
    assert line.startswith("models.other: dvc.yaml ")
    assert "Add other" in line


def test_a_member_missing_from_params_yaml_is_reported(tree):
    del tree["models"]["vgg19"]
    tree["ensemble"]["members"] = ["cnn_a"]
    (line,) = file_problems(tree)
    assert line.startswith("models.vgg19: missing; dvc.yaml ")


def test_a_misspelt_member_is_reported_for_both_files(tree):
    tree["models"]["vgg91"] = tree["models"].pop("vgg19")
    tree["ensemble"]["members"] = ["cnn_a"]
    untrained, missing = file_problems(tree)
    assert untrained.startswith("models.vgg91: ")
    assert untrained.endswith(" vgg19?")
    assert missing.startswith("models.vgg19: missing")


@pytest.mark.parametrize("name", ["ensemble", "single", "mean", "stacking", "colours", "dx_type", "latent score"])
def test_a_member_with_the_name_of_another_classifier_is_reported(tree, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)  # without dvc.yaml, which does not train it
    tree["models"][name] = tree["models"]["cnn_b"]
    (line,) = file_problems(tree)
    assert line.startswith(f"models.{name}: {name} is the name of another classifier.")


def test_without_dvc_yaml_members_are_not_compared(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tree["models"]["other"] = tree["models"]["cnn_b"]
    assert file_problems(tree) == []


def test_starting_weights_are_of_transfer_members_only(tree):
    without_weights = Transfer(**tree["models"]["vgg19"])
    with_weights = without_weights.model_copy(update={"weights": "mine"})
    models = {"a": with_weights, "b": without_weights, "c": SmallCNN(**tree["models"]["cnn_a"]), "d": with_weights}
    assert starting_weights(models) == {"a": "mine", "d": "mine"}
