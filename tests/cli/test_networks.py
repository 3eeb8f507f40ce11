from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from dermoscopy.cli.app import app
from dermoscopy.cli.networks import render, rows_of_member
from dermoscopy.core.params import read_yaml
from dermoscopy.core.tables import DIAGNOSES
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.target import Target


def test_a_member_with_starting_weights_has_a_row_for_each_phase(transfer: Callable[..., Transfer]) -> None:
    parameters = transfer(backbone="mobilenet_v2", weights="mine", unfrozen_layers="last_conv", dense=[8])
    frozen, trained = rows_of_member("mine", parameters)
    assert (frozen.phase, trained.phase) == ("frozen", "trained")
    assert frozen.parameters == trained.parameters
    assert frozen.multiply_adds == trained.multiply_adds
    # 1280 features, 8 units and the output. The last convolution of MobileNet V2 has 320 channels and a 1 x 1 kernel
    # without bias; at 32 pixels its output has one position.
    assert frozen.trained_parameters == (1280 + 1) * 8 + 8 + 1
    assert frozen.trained_multiply_adds == 1280 * 8 + 8
    assert trained.trained_parameters - frozen.trained_parameters == 320 * 1280
    assert trained.trained_multiply_adds - frozen.trained_multiply_adds == 320 * 1280


def test_all_of_a_member_from_random_weights_is_trained(tiny_cnn: Callable[..., SmallCNN]) -> None:
    (row,) = rows_of_member("small", tiny_cnn())
    assert row.phase == "trained"
    assert row.trained_parameters == row.parameters > 0
    assert row.trained_multiply_adds == row.multiply_adds > 0


def test_the_target_dx_has_an_output_for_each_diagnosis(tiny_cnn: Callable[..., SmallCNN]) -> None:
    parameters, target = tiny_cnn(dense_layers=1, units=8), Target(dict.fromkeys(DIAGNOSES, 0))
    (binary,), (dx,) = rows_of_member("small", parameters), rows_of_member("small", parameters, target)
    assert dx.parameters - binary.parameters == 6 * (8 + 1)
    assert dx.multiply_adds - binary.multiply_adds == 6 * 8


def test_the_table_has_multiply_adds_in_millions(transfer: Callable[..., Transfer]) -> None:
    rows = rows_of_member("vgg19", transfer(image_size=224))
    header, line = render(rows).splitlines()
    assert line.startswith("vgg19")
    assert "20,024,897" in line  # published: 20,024,384 without the top; the output has 513
    assert line.split()[-2:] == ["19,508.4", "19,508.4"]
    assert header.split("  ")[-1] == "trained part (M)"


def test_the_command_lists_every_member_and_writes_a_csv(project: Path) -> None:
    output = project / "networks.csv"
    result = CliRunner().invoke(app, ["networks", "--output", str(output)])
    assert result.exit_code == 0, result.output
    table = pd.read_csv(output)
    members = read_yaml((project / "params.yaml").read_text())["models"]
    assert list(table["member"].unique()) == list(members)
    for member in members:
        assert member in result.output


def test_a_file_that_cannot_be_written_is_refused(project: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["networks", "--output", str(tmp_path / "none" / "networks.csv")])
    assert "there is no folder" in str(result.exception)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Reset the numbers in Keras's layer names."""
    import keras

    keras.utils.clear_session()
