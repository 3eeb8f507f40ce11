"""Configurations of the paper and its sources in docs/how-to/training.md."""

import shutil
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from dermoscopy.check.check import file_problems
from dermoscopy.check.params import Params
from dermoscopy.core.params import load

PARAMS = Path("params.yaml").resolve()
VGG16 = ["data.weights.vgg16.source=imagenet", "models.vgg19.backbone=vgg16", "models.vgg19.weights=vgg16"]
CONFIGURATIONS = {
    "the paper's first network": ["models.cnn_a.conv_layers=1", "models.cnn_a.pool_size=2"],
    "the paper's VGG16": [
        *VGG16,
        "models.vgg19.dense=[256]",
        "models.vgg19.unfrozen_layers=all",
        "models.vgg19.epochs=20",
    ],
    "Romero López M1": ["models.vgg19.backbone=vgg16", "models.vgg19.weights=none"],
    "Romero López M2": [*VGG16, "models.vgg19.normalization=backbone", "models.vgg19.unfrozen_layers=none"],
    "Romero López M3": [*VGG16, "models.vgg19.normalization=backbone", "models.vgg19.unfrozen_layers=last_conv"],
    "the paper's Inception V3": [
        "data.weights.inception_v3.source=imagenet",
        "models.inception_v3.weights=inception_v3",
        "models.inception_v3.frozen_epochs=15",
        "models.inception_v3.unfrozen_layers=150",
        "models.inception_v3.epochs=10",
    ],
    "the paper's Inception V3 without clipping and L2": [
        "data.weights.inception_v3.source=imagenet",
        "models.inception_v3.weights=inception_v3",
        "models.inception_v3.clip=null",
        "models.inception_v3.l2=0.0",
    ],
    "a small modern backbone": [
        "data.weights.mobilenet_v2.source=imagenet",
        "models.vgg19.backbone=mobilenet_v2",
        "models.vgg19.weights=mobilenet_v2",
        "models.vgg19.normalization=backbone",
        "models.vgg19.frozen_epochs=5",
        "models.vgg19.unfrozen_layers=last_conv",
    ],
}


@pytest.mark.parametrize("overrides", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_dvc_and_check_accept_the_configuration(
    overrides: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(PARAMS, "params.yaml")
    apply_overrides("params.yaml", overrides)
    load("", Params, file_problems)


def test_the_page_lists_the_configurations() -> None:
    page = (PARAMS.parent / "docs" / "how-to" / "training.md").read_text()
    absent = [override for overrides in CONFIGURATIONS.values() for override in overrides if override not in page]
    assert absent == []
