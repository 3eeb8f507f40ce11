from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.saved import SavedMember
from tests.export.members import DX, built
from tests.external import labelled_run
from tests.finished_run import write_bundle_of_run


@pytest.fixture(autouse=True)
def _float32() -> Iterator[None]:
    import keras

    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def cnn(tiny_cnn: Callable[..., SmallCNN]) -> SavedMember:
    """A small CNN that predicts three diagnoses."""
    return built(tiny_cnn(image_size=16), DX)


@pytest.fixture
def inception(transfer: Callable[..., Transfer]) -> SavedMember:
    """The first layers of Inception V3, with batch normalization."""
    return built(
        transfer(backbone="inception_v3", image_size=75, output_layer="mixed0", normalization="backbone", dense=[8])
    )


@pytest.fixture
def vgg(transfer: Callable[..., Transfer]) -> SavedMember:
    """The first layers of VGG19, with the normalization that swaps the channels."""
    return built(transfer(output_layer="block2_pool", normalization="backbone", dropout=0.5))


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run with its bundle; tests do not change it."""
    folder = tmp_path_factory.mktemp("run")
    labelled_run.write_run(folder)
    write_bundle_of_run(folder)
    return folder
