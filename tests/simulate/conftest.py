from collections.abc import Callable

import pytest

from dermoscopy.simulate.params import Simulate

SMALL = {
    "seed": 1, "lesions": 24, "malignant": 0.3, "repeated": 0.3, "width": 64, "height": 48,
    "separation": 2.33, "cameras": 1.0, "noise": 0.5,
}  # fmt: skip


@pytest.fixture(scope="session")
def simulation() -> Callable[..., Simulate]:
    """Return parameters of a dataset of 24 lesions, with the given changes."""
    return lambda **changes: Simulate(**{**SMALL, **changes})
