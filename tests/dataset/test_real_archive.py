from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.archive.merge import merge
from dermoscopy.archive.verify import verify
from dermoscopy.dataset.audit import audit, read_files, read_rows
from dermoscopy.dataset.augment import make_copies
from dermoscopy.dataset.parts import tabulate, write
from dermoscopy.dataset.summary import describe
from dermoscopy.params.augment import Augment
from dermoscopy.params.merge import Merge
from dermoscopy.params.policy import Policy
from dermoscopy.params.split import Split
from dermoscopy.tables.merged import MERGED
from dermoscopy.tables.parts import PART
from dermoscopy.tables.problems import PROBLEMS

HAM10000 = Path(__file__).parents[3] / "shared" / "ham10000"


@pytest.mark.slow
@pytest.mark.skipif(not HAM10000.is_dir(), reason="HAM10000 is not beside the checkout")
def test_ham10000_from_verification_to_audit(tmp_path: Path) -> None:
    assert verify(HAM10000) == []

    problems, merged = tmp_path / "problems.csv", tmp_path / "data" / "merged"
    PROBLEMS.write(pd.DataFrame(columns=list(PROBLEMS.columns)), problems)
    merge(HAM10000, problems, Merge(lesions=None, seed=1), merged)
    table = MERGED.read(merged / "metadata.csv")
    repeated = table[table["sha256"].duplicated(keep=False)].sort_values(["sha256", "image_id"])
    pairs = {tuple(ids) for _, ids in repeated.groupby("sha256")["image_id"]}
    assert pairs == {("ISIC_0024366", "ISIC_0029861"), ("ISIC_0024777", "ISIC_0029938")}

    tables = tabulate(table, Policy(malignant="mel+bcc+akiec"), Split(seed=1, val=0.15, test=0.25), 1.0)
    write(tables, merged / "images", tmp_path)
    (tmp_path / "data" / "augmented" / "train" / "malignant").mkdir(parents=True)
    params = Augment(balance=1.0, flip=0.5, rotate=0.5, scale=0.15, crop=0.1, translate=0.1, quality=90)
    make_copies(PART.read(tmp_path / "data" / "split" / "train.csv"), params, 1, tmp_path)

    rows = read_rows(tmp_path)
    assert audit(rows, read_files(tmp_path))["verdict"] == "clean"
    originals = rows[rows["image_id"] == rows["source"]]
    described = describe(originals)
    assert (described["images"]["all"], described["lesions"]["all"]) == (10015, 7470)
    assert described["images_by_dx"] == {
        "akiec": 327, "bcc": 514, "bkl": 1099, "df": 115, "mel": 1113, "nv": 6705, "vasc": 142
    }  # fmt: skip
    assert described["lesions_by_photographs"] == {"1": 5514, "2": 1423, "3": 490, "4 or more": 43}
    assert described["missing"] == {"age": 57, "sex": 57, "localization": 234}
    assert int(originals["label"].sum()) == 1954
    assert (rows.loc[rows["part"] == "train", "label"] == 1).mean() == 0.5
