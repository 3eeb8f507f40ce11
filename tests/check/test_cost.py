import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dermoscopy.check import cost
from dermoscopy.check.params import Params

Tree = dict[str, Any]


def overnight(tree: Tree) -> Params:
    """The paper's sizes on HAM10000."""
    tree["data"] |= {"source": "download"}
    for member in tree["models"].values():
        member |= {"image_size": 224, "epochs": 20}
    return Params(**tree)


def test_a_short_run_is_not_worth_a_line(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cost.log_cost(Params(**tree), {"source": "simulated"})
    assert caplog.messages == []


def test_a_long_one_is_told_by_member_with_its_disk(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cost.log_cost(overnight(tree), {"source": "download"})
    [line] = caplog.messages
    for member in tree["models"]:
        assert f"{member} " in line
    assert "h of training" in line
    assert "GB of disk" in line


def test_a_long_search_is_told_too(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    tree["search"] |= {"trials": 5000}
    cost.log_cost(Params(**tree), {"source": "simulated"})
    [line] = caplog.messages
    assert "search " in line


def test_a_search_costs_its_epochs_and_halving_saves_some(tree: Tree) -> None:
    def seconds(**changes: Any) -> float:
        search = tree["search"] | {"trials": 14, "epochs": 4, "halving": None, "jobs": 2} | changes
        return cost.search_seconds(Params(**tree | {"search": search}), 1000)

    plain = seconds()
    assert seconds(epochs=8) == pytest.approx(2 * plain)
    assert seconds(trials=30) == pytest.approx(2 * plain)
    assert seconds(jobs=1) == pytest.approx(2 * plain)
    # 16 trials of one epoch, 8 of one more, 4 of two more.
    assert seconds(halving=2) == pytest.approx(plain * (16 + 8 + 4 * 2) / (16 * 4))
    assert seconds(scheduler="tcp://host:8786") == 0


def test_it_counts_what_the_source_holds(tree: Tree) -> None:
    assert cost.expected_images(Params(**tree), {"source": "simulated"}) == pytest.approx(1.34 * 500)
    tree["data"] |= {"source": "directory", "path": "anywhere"}
    source = {"source": "directory", "images": {"count": 800}}
    assert cost.expected_images(Params(**tree), source) == 800
    tree["merge"]["lesions"] = 100
    assert cost.expected_images(Params(**tree), source) == pytest.approx(134)


def seconds(tree: Tree, name: str = "inception_v3", **changes: Any) -> Any:
    """Of a member over starting weights, but for what is given."""
    member = {"weights": name, "frozen_epochs": 10, "unfrozen_layers": 150, "epochs": 10, **changes}
    models = tree["models"] | {name: tree["models"][name] | member}
    return cost.training_seconds(name, Params(**tree | {"models": models}), 1000)


def test_more_layers_more_pixels_and_more_epochs_cost_more(tree: Tree) -> None:
    plain = seconds(tree)
    assert seconds(tree, unfrozen_layers="none") < seconds(tree, unfrozen_layers="last_conv") < plain
    assert plain < seconds(tree, unfrozen_layers="all")
    assert seconds(tree, image_size=150) == pytest.approx(4 * plain)
    assert plain < seconds(tree, epochs=20)


def test_frozen_layers_run_once_unless_every_epoch_shows_other_photographs(tree: Tree) -> None:
    tree["split"]["val"] = 1e-9
    frozen = {"unfrozen_layers": "none", "epochs": 10}
    once = seconds(tree, **frozen)
    assert seconds(tree, **frozen | {"frozen_epochs": 30}) == pytest.approx(once, rel=1e-6)
    tree["training"]["augment"]["flip"] = 0.5
    assert seconds(tree, **frozen) == pytest.approx(10 * once, rel=1e-6)


def test_every_backbone_and_precision_has_its_pace(tree: Tree) -> None:
    for tree["runtime"]["precision"] in ("float32", "mixed_bfloat16", "auto"):
        assert all(seconds(tree, backbone=name) > 0 for name, backbone in cost.BACKBONES.items() if backbone.pace)
    tree["runtime"]["precision"] = "mixed_bfloat16"
    fast = seconds(tree)
    tree["runtime"]["precision"] = "float32"
    assert fast < seconds(tree)


def test_a_backbone_without_a_measured_pace_is_named(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slow = replace(cost.BACKBONES["vgg16"], pace=None)
    monkeypatch.setitem(cost.BACKBONES, "vgg16", slow)
    assert seconds(tree, backbone="vgg16") is None
    tree["models"]["vgg19"]["backbone"] = "vgg16"
    with caplog.at_level("INFO"):
        cost.log_cost(Params(**tree), {"source": "simulated"})
    assert "How long vgg19 trains is not known" in caplog.text


def test_copies_cost_time_and_disk(tree: Tree) -> None:
    with_copies = Params(**tree)
    tree["augment"]["balance"] = 0
    without = Params(**tree)
    assert cost.training_seconds("cnn_a", without, 1000) < cost.training_seconds("cnn_a", with_copies, 1000)
    assert cost.expected_disk(without, 670) < cost.expected_disk(with_copies, 670)


def test_disk_is_what_the_files_take(tree: Tree, dataset: Path) -> None:
    tree["data"] |= {"source": "directory", "path": str(dataset)}
    tree["augment"]["balance"] = 0
    size = sum(path.stat().st_size for path in dataset.rglob("*.jpg"))
    assert cost.expected_disk(Params(**tree), 2) == pytest.approx(5 * size)
