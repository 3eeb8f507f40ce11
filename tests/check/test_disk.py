"""Disk space of a run: files of the dataset, augmented images, weights, checkpoints and decoded images."""

import math
from pathlib import Path
from typing import Any, get_args

import pytest

from dermoscopy.check.disk import SLOTS, expected_disk, weights_size
from dermoscopy.check.params import Params
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import build_member
from dermoscopy.networks.optimizers import make_optimizer
from dermoscopy.networks.params import Optimizer, SmallCNN

Tree = dict[str, Any]


def disk(tree: Tree, images: float = 670, source: Any = None) -> float:
    return expected_disk(Params(**tree), source or {}, images)


def test_augmented_images_cost_disk_space(tree: Tree) -> None:
    before = disk(tree)
    tree["augment"]["balance"] = 0
    assert disk(tree) < before


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
    assert weights_size(parameters) == pytest.approx(size, rel=1e-9 if exact else 0.01)


@pytest.mark.parametrize("name", get_args(Optimizer))
def test_the_state_of_an_optimizer_has_the_size_of_its_variables_in_keras(tree: Tree, name: Any) -> None:
    model = build_member("cnn_b", Params(**tree).models["cnn_b"], seed=1)
    optimizer = make_optimizer(name, 0.001)
    optimizer.build(model.trainable_variables)
    values = sum(math.prod(variable.shape) for variable in optimizer.variables)
    assert SLOTS[name] * model.count_params() == pytest.approx(values, abs=10)


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
    assert disk(tree) - before == 2 * BACKBONES["vgg19"].size


def test_disk_space_includes_decoded_images_that_do_not_fit_in_memory(tree: Tree) -> None:
    tree["split"] |= {"val": 0.15, "test": 0.25}
    tree["augment"]["balance"] = 0
    tree["search"]["image_size"] = 8
    tree["models"]["vgg19"]["image_size"] = 300
    train = 8000 * 0.6 * 3 * 300**2
    tree["runtime"]["memory"] = 10.0
    before = disk(tree, 8000)
    tree["runtime"]["memory"] = 1.0  # GB: enough for val
    assert disk(tree, 8000) - before == pytest.approx(train, rel=0.01)


def test_disk_space_includes_the_images_that_trials_share(tree: Tree) -> None:
    tree["split"] |= {"val": 0.15, "test": 0.25}
    tree["augment"]["balance"] = 0
    tree["search"]["image_size"] = 8
    before = disk(tree, 8000)
    tree["search"]["image_size"] = 100
    assert disk(tree, 8000) - before == pytest.approx(8000 * 0.75 * 3 * 100**2, rel=0.01)


def test_averaged_weights_add_two_copies_to_the_checkpoint(tree: Tree) -> None:
    before = disk(tree)
    tree["training"]["weight_average"] = 0.99
    sizes = sum(weights_size(member) for member in Params(**tree).models.values())
    assert disk(tree) - before == pytest.approx(2 * sizes)
