from collections.abc import Callable

import pandas as pd
import pytest

from dermoscopy.cli.verify_child import STEPS, few_steps, one_epoch_per_phase
from dermoscopy.networks.params import SmallCNN, Transfer


def test_each_phase_has_one_epoch(transfer: Callable[..., Transfer], tiny_cnn: Callable[..., SmallCNN]) -> None:
    assert one_epoch_per_phase(tiny_cnn(epochs=9)).epochs == 1
    short = one_epoch_per_phase(transfer(epochs=9, frozen_epochs=5))
    assert (short.frozen_epochs, short.epochs) == (1, 1)
    assert one_epoch_per_phase(transfer(frozen_epochs=0)).frozen_epochs == 0


@pytest.mark.parametrize("benign", [3, 500])
def test_few_steps_have_both_labels(benign: int) -> None:
    rows = pd.DataFrame({"label": [0] * benign + [1] * 500})
    taken = few_steps(rows, batch_size=16)
    assert set(taken["label"]) == {0, 1}
    assert len(taken) <= STEPS * 16 + 2
    assert len(few_steps(rows, batch_size=1)) >= 2
