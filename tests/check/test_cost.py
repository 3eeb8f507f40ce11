import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dermoscopy.check import cost
from dermoscopy.check.counts import HAM10000_IMAGES, expected_images
from dermoscopy.check.disk import caches_on_disk
from dermoscopy.check.params import Params
from dermoscopy.networks.backbones import Pace

Tree = dict[str, Any]


@pytest.fixture(autouse=True)
def flags(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the processor AVX-512; call it to give it other flags."""

    def use(text: str) -> None:
        monkeypatch.setattr(cost, "cpu_flags", lambda: text)

    use("fpu avx512f")
    return use


def paper_sizes(tree: Tree) -> Params:
    """Return parameters of the paper's members with its image size and epochs on HAM10000."""
    tree["models"] = {name: tree["models"][name] for name in ("vgg19", "inception_v3", "cnn_a", "cnn_b")}
    tree["data"] |= {"source": "download"}
    tree["split"] |= {"val": 0.15, "test": 0.25}
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


@pytest.mark.parametrize(("text", "slower"), [("fpu avx2", 1), ("fpu avx512f", 0), ("", 0)])
def test_a_processor_on_which_the_times_were_not_measured_is_logged(
    tree: Tree, caplog: pytest.LogCaptureFixture, flags: Callable[[str], None], text: str, slower: int
) -> None:
    caplog.set_level(logging.INFO)
    flags(text)
    cost.log_cost(paper_sizes(tree), {"source": "download"})
    assert sum("AVX-512" in message for message in caplog.messages) == slower


def test_auto_has_the_time_of_the_precision_that_it_becomes(tree: Tree, flags: Callable[[str], None]) -> None:
    def times(precision: str) -> Any:
        tree["runtime"]["precision"] = precision
        return seconds(tree)

    assert times("auto") == times("float32")
    flags("fpu avx512f amx_bf16")
    assert times("auto") == times("mixed_bfloat16")


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
    assert expected_images(Params(**tree), {"source": "simulated"}) == pytest.approx(1.34 * tree["simulate"]["lesions"])
    tree["data"] |= {"source": "directory", "path": "anywhere"}
    source = {"source": "directory", "images": {"count": 800}}
    assert expected_images(Params(**tree), source) == 800
    tree["merge"]["lesions"] = 100
    assert expected_images(Params(**tree), source) == pytest.approx(134)


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
    predicted = HAM10000_IMAGES * cost.BACKBONES["vgg19"].pace["float32"].forward / 1000 / 4
    assert cost.prediction_seconds("vgg19", params, HAM10000_IMAGES) == pytest.approx(predicted)
    trained = cost.training_seconds("vgg19", params, HAM10000_IMAGES)
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


def test_augmented_images_cost_time(tree: Tree) -> None:
    with_augmented = cost.training_seconds("cnn_a", Params(**tree), 1000)
    tree["augment"]["balance"] = 0
    assert cost.training_seconds("cnn_a", Params(**tree), 1000) < with_augmented


def frozen(tree: Tree) -> Tree:
    """Return parameters with a member of frozen layers, whose features are cached."""
    tree["training"]["augment"]["flip"] = 0.0
    member = {"weights": "vgg19", "unfrozen_layers": "last_conv", "epochs": 20, "image_size": 224}
    tree["models"] = {"vgg19": tree["models"]["vgg19"] | member}
    return tree


def test_cached_features_on_disk_are_logged_with_their_limit(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cost.log_cost(Params(**frozen(tree)), {"source": "download"})
    assert "Cached features of frozen layers: up to 10 GB more, see runtime.disk." in caplog.messages
    caplog.clear()
    tree["training"]["augment"]["zoom"] = 0.1
    cost.log_cost(Params(**tree), {"source": "download"})
    assert not [message for message in caplog.messages if "Cached" in message]


def test_pooled_features_fit_in_memory(tree: Tree) -> None:
    frozen(tree)["models"]["vgg19"]["unfrozen_layers"] = "none"
    params = Params(**tree)
    assert not caches_on_disk(params.models["vgg19"], params, 10_000)
    assert caches_on_disk(params.models["vgg19"], params, 1_000_000)
