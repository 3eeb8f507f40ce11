import pytest

from dermoscopy.check.check import file_problems, starting_weights
from dermoscopy.networks.params import SmallCNN, Transfer


def test_the_committed_parameters_pass(tree):
    assert file_problems(tree) == []


def test_every_rule_fires_and_all_are_told_at_once(tree):
    tree["data"] |= {"source": "directory", "path": "/nowhere"}
    tree["data"]["weights"]["vgg19"]["source"] = "/nowhere/w.h5"
    tree["runtime"]["devices"] = 3
    tree["models"]["vgg19"] |= {"image_size": 31, "unfrozen_layers": 23}
    tree["models"]["inception_v3"]["weights"] = "inception_v3"
    tree["models"]["cnn_b"]["image_size"] = 16
    tree["search"] |= {"image_size": 52, "promote": ["vgg19"]}
    tree["ensemble"]["members"] = ["vgg"]
    tree["search"]["space"] = {name: values[:1] for name, values in tree["search"]["space"].items()}
    assert [line.split(":")[0] for line in file_problems(tree)] == [
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


def test_a_block_that_is_wrong_in_itself_hides_no_other(tree):
    tree["models"]["vgg19"]["optimizer"] = "adma"
    tree["models"]["vgg19"]["image_size"] = 31
    tree["models"]["cnn_b"]["image_size"] = 16
    tree["data"] = None
    (line,) = file_problems(tree)
    assert line.startswith("models.cnn_b.image_size")


def test_a_file_that_is_none_has_no_rules():
    assert file_problems(None) == []
    assert file_problems([]) == []


MEMBERS = "vgg19, inception_v3, cnn_a, cnn_b"


@pytest.mark.parametrize(
    ("block", "key", "names", "said"),
    [
        ("ensemble", "members", ["cnn_a", "vgg"], f"received 'vgg'; expected one of the members ({MEMBERS})."),
        ("ensemble", "members", ["cnn_c", "cnn_a"], f"received 'cnn_c'; expected one of the members ({MEMBERS})."),
        ("search", "promote", ["cnn_a", "vgg19"], "received 'vgg19'; expected one of the members of kind small_cnn"),
    ],
)
def test_a_list_names_members(tree, block, key, names, said):
    tree[block][key] = names
    (line,) = file_problems(tree)
    assert line.startswith(f"{block}.{key}.{names.index(said.split(chr(39))[1])}: {said}")


def test_the_nearest_member_is_named(tree):
    tree["ensemble"]["members"] = ["vgg", "cnn_a"]
    assert file_problems(tree)[0].endswith("Did you mean vgg19?")


def test_a_member_that_dvc_does_not_train_is_told(tree):
    tree["models"]["cnn_c"] = tree["models"]["cnn_b"]
    (line,) = file_problems(tree)
    assert line.startswith("models.cnn_c: dvc.yaml does not train it. Add cnn_c to the matrix of train there")


def test_a_member_that_only_dvc_knows_is_told(tree):
    del tree["models"]["vgg19"]
    tree["ensemble"]["members"] = ["cnn_a"]
    (line,) = file_problems(tree)
    assert line.startswith("models.vgg19: missing; dvc.yaml trains it. Add the block")


def test_a_misspelt_member_is_told_from_both_sides(tree):
    tree["models"]["vgg91"] = tree["models"].pop("vgg19")
    tree["ensemble"]["members"] = ["cnn_a"]
    one, other = file_problems(tree)
    assert one.startswith("models.vgg91: ")
    assert one.endswith("Did you mean vgg19?")
    assert other.startswith("models.vgg19: missing")


def test_outside_a_project_no_pipeline_is_asked(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tree["models"]["cnn_c"] = tree["models"]["cnn_b"]
    assert file_problems(tree) == []


def test_only_members_over_weights_start_from_them(tree):
    own = Transfer(**tree["models"]["vgg19"])
    over = own.model_copy(update={"weights": "mine"})
    models = {"a": over, "b": own, "c": SmallCNN(**tree["models"]["cnn_a"]), "d": over}
    assert starting_weights(models) == {"a": "mine", "d": "mine"}
