from dermoscopy.check.check import preflight


def test_the_committed_parameters_pass(tree):
    assert preflight(tree) == []


def test_every_rule_fires_and_all_are_told_at_once(tree):
    tree["data"] |= {"source": "directory", "path": "/nowhere"}
    tree["data"]["weights"]["vgg19"]["source"] = "/nowhere/w.h5"
    tree["runtime"]["devices"] = 3
    tree["models"]["vgg19"] |= {"image_size": 31, "unfrozen_layers": 23}
    tree["models"]["inception_v3"]["weights"] = "inception_v3"
    tree["models"]["cnn_b"]["image_size"] = 16
    tree["search"]["image_size"] = 52
    tree["search"]["space"] = {name: values[:1] for name, values in tree["search"]["space"].items()}
    assert [line.split(":")[0] for line in preflight(tree)] == [
        "data.path",
        "data.weights.vgg19.source",
        "training.batch_size",
        "models.vgg19.image_size",
        "models.vgg19.unfrozen_layers",
        "models.inception_v3.weights",
        "models.cnn_b.image_size",
        "search.image_size",
        "search.trials",
    ]


def test_a_block_that_is_wrong_in_itself_hides_no_other(tree):
    tree["models"]["vgg19"]["optimizer"] = "adma"
    tree["models"]["vgg19"]["image_size"] = 31
    tree["models"]["cnn_b"]["image_size"] = 16
    tree["data"] = None
    (line,) = preflight(tree)
    assert line.startswith("models.cnn_b.image_size")


def test_a_file_that_is_none_has_no_rules():
    assert preflight(None) == []
    assert preflight([]) == []
