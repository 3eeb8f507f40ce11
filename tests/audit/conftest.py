from pathlib import Path

import pandas as pd
import pytest

from tests import tiny


@pytest.fixture
def merged(tmp_path: Path) -> pd.DataFrame:
    """Thirty photographs of 24 lesions, a third of them malignant, in data/merged; of 16 by 12 pixels."""
    return tiny.merge(tmp_path)


@pytest.fixture
def project(merged: pd.DataFrame, tmp_path: Path) -> Path:
    """A folder with data/merged, data/split and data/augmented as the stages leave them."""
    tiny.split(tmp_path, merged)
    return tmp_path
