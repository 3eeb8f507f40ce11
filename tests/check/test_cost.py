import logging
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from dermoscopy.check import cost
from dermoscopy.check.params import Params
from dermoscopy.networks.backbones import Pace
from dermoscopy.networks.build import build_member
from dermoscopy.networks.optimizers import make_optimizer
from dermoscopy.networks.params import Optimizer, SmallCNN

Tree = dict[str, Any]


def paper_sizes(tree: Tree) -> Params:
    """Return parameters of the paper's members with its image size and epochs on HAM10000."""
    tree["models"] = {name: tree["models"][name] for name in ("vgg19", "inception_v3", "cnn_a", "cnn_b")}
    tree["data"] |= {"source": "download"}
    for member in tree["models"].values():
        member |= {"image_size": 224, "epochs": 20}
    return Params(**tree)


def test_a_short_run_is_not_logged(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cost.log_cost(Params(**tree), {"source": "simulated"})
    assert caplog.messages == []


def test_a_long_run_is_logged_by_member_with_its_disk_space(
    tree: Tree, caplog: pytest.LogCaptureFixture, wording: Callable[..., None]
) -> None:
    caplog.set_level(logging.INFO)
    cost.log_cost(paper_sizes(tree), {"source": "download"})
    for member in tree["models"]:
        assert f"{member} " in caplog.messages[1]
    assert " h " in caplog.messages[0]
    assert " GB " in caplog.messages[0]
    assert max(map(len, caplog.messages)) <= 100
    wording("\n".join(caplog.messages))


def test_a_long_search_is_logged_too(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    tree["search"] |= {"trials": 5000}
    cost.log_cost(Params(**tree), {"source": "simulated"})
    assert "search " in caplog.messages[1]


def test_search_time_is_proportional_to_epochs_and_halving_reduces_it(tree: Tree) -> None:
    def seconds(**changes: Any) -> float:
        search = tree["search"] | {"trials": 14, "epochs": 4, "halving": None, "jobs": 2} | changes
        return cost.search_seconds(Params(**tree | {"search": search}), 1000)

    default = seconds()
    assert seconds(epochs=8) == pytest.approx(2 * default)
    assert seconds(trials=30) == pytest.approx(2 * default)
    assert seconds(jobs=1) == pytest.approx(2 * default)
    # 16 trials of one epoch, 8 of one more, 4 of two more.
    assert seconds(halving=2) == pytest.approx(default * (16 + 8 + 4 * 2) / (16 * 4))
    assert seconds(scheduler="tcp://host:8786") == 0


def test_expected_images_depend_on_the_source(tree: Tree) -> None:
    assert cost.expected_images(Params(**tree), {"source": "simulated"}) == pytest.approx(1.34 * 500)
    tree["data"] |= {"source": "directory", "path": "anywhere"}
    source = {"source": "directory", "images": {"count": 800}}
    assert cost.expected_images(Params(**tree), source) == 800
    tree["merge"]["lesions"] = 100
    assert cost.expected_images(Params(**tree), source) == pytest.approx(134)


def seconds(tree: Tree, name: str = "inception_v3", **changes: Any) -> Any:
    """Return the training time of a member that starts from weights, with changed parameters."""
    member = {"weights": name, "frozen_epochs": 10, "unfrozen_layers": 150, "epochs": 10, **changes}
    models = tree["models"] | {name: tree["models"][name] | member}
    return cost.training_seconds(name, Params(**tree | {"models": models}), 1000)


def test_training_time_grows_with_layers_pixels_and_epochs(tree: Tree) -> None:
    default = seconds(tree)
    assert seconds(tree, unfrozen_layers="none") < seconds(tree, unfrozen_layers="last_conv") < default
    assert default < seconds(tree, unfrozen_layers="all")
    assert seconds(tree, image_size=150) == pytest.approx(4 * default)
    assert default < seconds(tree, epochs=20)


def test_frozen_layers_run_once_for_each_view_of_an_image_but_at_most_once_an_epoch(tree: Tree) -> None:
    tree["split"]["val"] = 1e-9
    tree["training"]["augment"]["flip"] = 0.0
    frozen = {"unfrozen_layers": "none", "epochs": 10}
    once = seconds(tree, **frozen)
    assert seconds(tree, **frozen | {"frozen_epochs": 30}) == pytest.approx(once, rel=1e-6)
    tree["training"]["augment"]["flip"] = 0.5
    assert seconds(tree, **frozen) == pytest.approx(4 * once, rel=1e-6)
    tree["training"]["augment"]["zoom"] = 0.1
    assert seconds(tree, **frozen) == pytest.approx(10 * once, rel=1e-6)


def test_prediction_is_a_forward_pass_of_all_images_and_is_logged_with_training(
    tree: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    tree["runtime"]["precision"] = "float32"
    paper_sizes(tree)
    tree["models"]["vgg19"] |= {"epochs": 1, "image_size": 112}
    params = Params(**tree)
    predicted = cost.HAM10000_IMAGES * cost.BACKBONES["vgg19"].pace["float32"].forward / 1000 / 4
    assert cost.prediction_seconds("vgg19", params, cost.HAM10000_IMAGES) == pytest.approx(predicted)
    trained = cost.training_seconds("vgg19", params, cost.HAM10000_IMAGES)
    with caplog.at_level(logging.INFO):
        cost.log_cost(params, {"source": "download"})
    assert f"vgg19 {(trained + predicted) / 60:.0f} min" in caplog.messages[1]
    assert predicted > 5 * 60


def test_every_measured_backbone_has_a_training_time_for_each_precision(tree: Tree) -> None:
    for tree["runtime"]["precision"] in ("float32", "mixed_bfloat16", "auto"):
        assert all(seconds(tree, backbone=name) > 0 for name, backbone in cost.BACKBONES.items() if backbone.pace)
    tree["runtime"]["precision"] = "mixed_bfloat16"
    fast = seconds(tree)
    tree["runtime"]["precision"] = "float32"
    assert fast < seconds(tree)


@pytest.mark.parametrize("pace", [None, {"mixed_bfloat16": Pace(88, 16)}])
def test_a_member_without_a_measured_backbone_is_named(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, pace: Any
) -> None:
    tree["runtime"]["precision"] = "float32"
    unmeasured = replace(cost.BACKBONES["vgg16"], pace=pace)
    monkeypatch.setitem(cost.BACKBONES, "vgg16", unmeasured)
    assert seconds(tree, backbone="vgg16") is None
    tree["models"]["vgg19"]["backbone"] = "vgg16"
    with caplog.at_level("INFO"):
        cost.log_cost(Params(**tree), {"source": "simulated"})
    [line] = [message for message in caplog.messages if "unknown" in message]
    assert "vgg19" in line


def disk(tree: Tree, images: float = 670, source: Any = None) -> float:
    return cost.expected_disk(Params(**tree), source or {}, images)


def test_augmented_images_cost_time_and_disk_space(tree: Tree) -> None:
    with_augmented = Params(**tree)
    disk_with_augmented = disk(tree)
    tree["augment"]["balance"] = 0
    without_augmented = Params(**tree)
    assert cost.training_seconds("cnn_a", without_augmented, 1000) < cost.training_seconds(
        "cnn_a", with_augmented, 1000
    )
    assert disk(tree) < disk_with_augmented


def without_models(tree: Tree) -> Tree:
    """Return parameters whose models and search take almost no disk space."""
    smallest = {"image_size": 8, "conv_layers": 1, "filters": 1, "units": 1, "pool_size": 1}
    tree["models"] = {"cnn_b": tree["models"]["cnn_b"] | smallest}
    tree["search"]["image_size"] = 8
    return tree


def test_expected_disk_space_is_a_multiple_of_the_files(tree: Tree, dataset: Path) -> None:
    tree["data"] |= {"source": "directory", "path": str(dataset)}
    tree["augment"]["balance"] = 0
    size = sum(path.stat().st_size for path in dataset.rglob("*.jpg"))
    assert disk(without_models(tree), 2) == pytest.approx(5 * size, rel=0.01)


def test_a_dataset_on_another_machine_has_the_recorded_number_of_images(tree: Tree) -> None:
    tree["data"] |= {"source": "directory", "path": "/nowhere"}
    tree["augment"]["balance"] = 0
    recorded = {"images": {"count": 1000}}
    assert disk(without_models(tree), 1000, recorded) == pytest.approx(5 * 1000 * 280_000, rel=0.01)


MEMBERS: dict[str, Tree] = {
    "vgg19": {},
    "inception_v3": {"dense": [64, 32]},
    "cnn_a": {"padding": "same", "dense_layers": 2},
    "cnn_b": {"dense_layers": 0, "pool_size": 2},
}


@pytest.mark.parametrize("member", MEMBERS)
def test_the_size_of_weights_is_that_of_the_parameters_in_keras(tree: Tree, member: str) -> None:
    tree["models"][member] |= MEMBERS[member]
    parameters = Params(**tree).models[member]
    size = 4 * build_member(member, parameters, seed=1).count_params()
    exact = isinstance(parameters, SmallCNN)
    assert cost.weights_size(parameters) == pytest.approx(size, rel=1e-9 if exact else 0.01)


@pytest.mark.parametrize("name", get_args(Optimizer))
def test_the_state_of_an_optimizer_has_the_size_of_its_variables_in_keras(tree: Tree, name: Any) -> None:
    model = build_member("cnn_b", Params(**tree).models["cnn_b"], seed=1)
    optimizer = make_optimizer(name, 0.001)
    optimizer.build(model.trainable_variables)
    values = sum(math.prod(variable.shape) for variable in optimizer.variables)
    assert cost.SLOTS[name] * model.count_params() == pytest.approx(values, abs=10)


def test_disk_space_includes_trained_weights_their_cache_and_the_checkpoint(tree: Tree) -> None:
    """Of each parameter: two copies of the weights, and a checkpoint with last, best, and two values of Adam."""
    before, model = disk(tree), build_member("cnn_a", Params(**tree).models["cnn_a"], seed=1)
    tree["models"]["cnn_a"]["units"] *= 2
    wider = build_member("cnn_a", Params(**tree).models["cnn_a"], seed=1)
    assert disk(tree) - before == pytest.approx(4 * (2 + 4) * (wider.count_params() - model.count_params()))
    tree["optimizer"] = "sgd"
    assert disk(tree) < before


def test_disk_space_includes_starting_weights_and_their_cache(tree: Tree) -> None:
    before = disk(tree)
    tree["models"]["vgg19"]["weights"] = "vgg19"
    assert disk(tree) - before == 2 * cost.BACKBONES["vgg19"].size


def test_disk_space_includes_decoded_images_that_do_not_fit_in_memory(tree: Tree) -> None:
    tree["augment"]["balance"] = 0
    tree["search"]["image_size"] = 8
    tree["models"]["vgg19"]["image_size"] = 300
    train = 8000 * 0.6 * 3 * 300**2
    tree["runtime"]["memory"] = 10.0
    before = disk(tree, 8000)
    tree["runtime"]["memory"] = 1.0  # GB: enough for val
    assert disk(tree, 8000) - before == pytest.approx(train, rel=0.01)


def test_disk_space_includes_the_images_that_trials_share(tree: Tree) -> None:
    tree["augment"]["balance"] = 0
    tree["search"]["image_size"] = 8
    before = disk(tree, 8000)
    tree["search"]["image_size"] = 100
    assert disk(tree, 8000) - before == pytest.approx(8000 * 0.75 * 3 * 100**2, rel=0.01)
