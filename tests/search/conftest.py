from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.core.fingerprint import code_digest
from dermoscopy.core.params import read_yaml
from dermoscopy.networks.data import Examples
from dermoscopy.networks.params import Runtime, Training
from dermoscopy.search import trial
from dermoscopy.search.images import shared_images
from dermoscopy.search.params import Search
from dermoscopy.search.trial import Conditions
from dermoscopy.train.settings import TrainSettings

TREE = read_yaml(Path("params.yaml").resolve().read_text())
SMALL = {"conv_layers": 1, "filters": 2, "kernel_size": 3, "pool_size": 2, "dense_layers": 1, "units": 4}


@pytest.fixture
def search() -> Callable[..., Search]:
    """Make the committed `search` block for images of 12 pixels, with changes."""

    def make(**changes: Any) -> Search:
        known = {name: {**values, **SMALL} for name, values in TREE["search"]["known"].items()}
        small = {"image_size": 12, "epochs": 4, "jobs": 1, "known": known}
        return Search(**{**TREE["search"], **small, **changes})

    return make


def examples(count: int) -> Examples:
    """Return random images; malignant ones are darker."""
    random = np.random.default_rng(count)
    labels = (np.arange(count) % 2).astype(np.float32)
    means = np.where(labels == 1, 110, 140)[:, None, None, None]
    return Examples(random.normal(means, 40, (count, 12, 12, 3)).clip(0, 255).astype(np.uint8), labels)


@pytest.fixture
def conditions(tmp_path: Path) -> Iterator[Conditions]:
    """Settings of tiny trials, run eagerly; records are written to `tmp_path`."""
    runtime = {**TREE["runtime"], "threads": 1, "eager": True}
    with shared_images(examples(24), examples(12), tmp_path) as images:
        yield Conditions(
            images=images,
            records=tmp_path,
            settings=TrainSettings(
                training=Training(**{**TREE["training"], "batch_size": 12}),
                runtime=Runtime(**runtime),
                seed=1,
                protocol="lesion",
                versions={},
            ),
            code=code_digest(trial.__name__),
        )
