from pathlib import Path

import numpy as np

from dermoscopy.archive import metadata
from dermoscopy.archive.layout import COLUMNS, METADATA


def test_read_types_and_sorts(tmp_path: Path) -> None:
    path = tmp_path / METADATA
    path.write_text(
        "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\n"
        "HAM_2,ISIC_2,nv,histo,,unknown,unknown,rosendahl\n"
        "HAM_1,ISIC_1,mel,histo,80.0,male,NA,rosendahl\n"
    )
    table = metadata.read(path)
    assert list(table.columns) == list(COLUMNS)
    assert table["image_id"].tolist() == ["ISIC_1", "ISIC_2"]
    np.testing.assert_array_equal(table["age"], [80.0, np.nan])
    assert table["localization"].tolist() == ["NA", "unknown"]


def test_a_short_row_has_empty_fields(tmp_path: Path) -> None:
    path = tmp_path / METADATA
    path.write_text("lesion_id,image_id,dx\nHAM_1,ISIC_1\n")
    assert metadata.read_text(path).loc[0].tolist() == ["HAM_1", "ISIC_1", ""]
