from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.verify import verify
from dermoscopy.audit.audit import audit
from dermoscopy.audit.summary import describe
from dermoscopy.ham10000.duplicates import DUPLICATES, MERGED
from dermoscopy.ham10000.problems import PROBLEMS
from dermoscopy.merge.merge import merge
from dermoscopy.merge.params import Merge
from dermoscopy.split.params import Policy, Split
from dermoscopy.split.split import split_tables
from tests import tiny

HAM10000 = Path(__file__).parents[3] / "shared" / "ham10000"


POLICY = Policy(malignant="mel+bcc+akiec")


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(not HAM10000.is_dir(), reason="HAM10000 is not next to the checkout")
def test_ham10000_from_verification_to_audit(tmp_path: Path) -> None:
    problems_found = verify(HAM10000, Limits(pixels=25_000_000, unpacked=20))
    assert [(problem.images, problem.outcome) for problem in problems_found] == [
        (("ISIC_0024366", "ISIC_0029861"), "kept"),
        (("ISIC_0024777", "ISIC_0029938"), "kept"),
    ]

    problems, merged = tmp_path / "problems.csv", tmp_path / "data" / "merged"
    PROBLEMS.write(pd.DataFrame(columns=list(PROBLEMS.columns)), problems)
    merge(HAM10000, problems, Merge(lesions=None, seed=1, near_duplicates=tiny.NEAR), merged)
    table = MERGED.read(merged / "metadata.csv")
    duplicates = DUPLICATES.read(merged / "duplicates.csv").set_index("kind")[["image_id", "other_image_id"]]
    assert duplicates.loc["same bytes"].to_numpy().tolist() == [
        ["ISIC_0024366", "ISIC_0029861"],
        ["ISIC_0024777", "ISIC_0029938"],
    ]
    assert duplicates.loc[["near-duplicate"]].to_numpy().tolist() == [["ISIC_0025226", "ISIC_0030074"]]
    assert len(duplicates.loc["confirmed"]) == 18

    tiny.split(tmp_path, table, POLICY, val=0.15)
    evidence = tiny.evidence(tmp_path, val=0.15)
    audited = audit(evidence)
    assert not any(audited["found"].values())
    assert audited["groups_of_several_lesions"] == 18
    rows = evidence.rows
    originals = rows[rows["image_id"] == rows["source"]]
    described = describe(originals, PROBLEMS.read(problems), evidence.duplicates)
    assert (described["images"]["all"], described["lesions"]["all"]) == (10015, 7470)
    assert described["images_by_dx"] == {
        "akiec": 327, "bcc": 514, "bkl": 1099, "df": 115, "mel": 1113, "nv": 6705, "vasc": 142
    }  # fmt: skip
    assert described["lesions_by_images"] == {"1": 5514, "2": 1423, "3": 490, "4 or more": 43}
    assert described["missing"] == {"age": 57, "sex": 57, "localization": 234}
    assert int(originals["label"].sum()) == 1954
    assert (rows.loc[rows["split"] == "train", "label"] == 1).mean() == 0.5

    for protocol, proportion in (("image", 0.31), ("paper", 0.66)):
        tables = split_tables(table, POLICY, Split(**tiny.SPLIT_PARAMS | {"protocol": protocol, "val": 0.15}), 1.0)
        shared = tables["test"]["lesion_id"].isin(tables["train"]["lesion_id"]).mean()
        assert shared == pytest.approx(proportion, abs=0.02)
    confirmed = split_tables(table, POLICY, Split(**tiny.SPLIT_PARAMS | {"val": 0.15, "test_histo_only": True}), 1.0)[
        "test"
    ]
    assert set(confirmed["dx_type"]) == {"histo"}
    assert confirmed["label"].mean() > 0.3
