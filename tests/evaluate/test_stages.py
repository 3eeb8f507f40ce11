import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core import params as file
from dermoscopy.core import tables as truth
from dermoscopy.core.errors import LeakError, TableError
from dermoscopy.core.splits import SPLIT, locate
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.ensemble.fit import CANDIDATES, POINTS
from dermoscopy.evaluate.tables import COMPARISONS, ENSEMBLE_SIZES, SCORES, SUBSETS, TABLES
from stages.ensemble import ensemble
from stages.evaluate import evaluate

OUTPUTS = ("data/ensemble", "data/evaluation", "metrics", "plots")


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for out in OUTPUTS for path in sorted(Path(out).rglob("*.*"))}


def test_from_predictions_to_figures(project: Path):
    ensemble()
    evaluate()
    choice = read_choice(Path("data/ensemble/ensemble.json"))
    assert (choice.malignant, choice.benign) == (14, 26)
    candidates = CANDIDATES.read(Path("data/ensemble/candidates.csv"))
    assert len(candidates) == 4 + 11 * 5
    chosen = candidates[(candidates["members"] == "+".join(choice.members)) & (candidates["method"] == choice.method)]
    assert chosen["log_loss"].item() == candidates["log_loss"].min()
    assert len(SUBSETS.read(Path("data/evaluation/subsets.csv"))) == 3 * len(candidates)
    assert len(POINTS.read(Path("data/ensemble/points.csv"))) == 3 * (4 + 5 + 1)

    for name, table in TABLES.items():
        assert len(table.read(Path("data/evaluation", f"{name}.csv"))), name
    scores = SCORES.read(Path("data/evaluation/scores.csv"))
    names = scores.groupby("kind")["name"].unique().map(sorted).to_dict()
    assert names["member"] == ["cnn_a", "cnn_b", "inception_v3", "vgg19"]
    assert names["ensemble"] == ["accuracy_weighted", "ensemble", "log_loss_weighted", "mean", "stacking", "vote"]
    assert names["baseline"] == ["colours", "prevalence"]
    assert names["truth"] == ["latent score"]
    compared = COMPARISONS.read(Path("data/evaluation/comparisons.csv"))
    assert set(compared["second"]) == {*names["member"], *names["baseline"], *names["ensemble"]} - {"ensemble"}
    ensemble_sizes = ENSEMBLE_SIZES.read(Path("plots/ensemble_sizes.csv"))
    assert ensemble_sizes.groupby("start")["size"].max().sort_values().tolist() == [3, 4]

    figures = json.loads(Path("metrics/test.json").read_text())
    assert (figures["images"], figures["lesions"]) == (50, 40)
    assert figures["roc_auc"]["low"] < figures["roc_auc"]["value"] <= figures["roc_auc"]["high"]
    assert len(json.loads(Path("metrics/val.json").read_text())) <= 12
    assert {path.name for path in Path("plots").iterdir()} == {
        "roc.csv",
        "confusion.csv",
        "curves.csv",
        "chosen.csv",
        "roc_auc.csv",
        "ensemble_sizes.csv",
    }


def test_the_same_again(project: Path):
    ensemble()
    evaluate()
    first = contents()
    ensemble()
    evaluate()
    assert contents() == first


def test_nothing_of_test_reaches_the_weights(project: Path):
    ensemble()
    first = contents()
    for path in Path("data").rglob("test.csv"):
        path.unlink()
    ensemble()
    assert contents() == first


def test_a_member_of_another_split_is_refused_by_name(project: Path):
    path = Path("data/predictions/cnn_b/val.csv")
    PREDICTIONS.write(PREDICTIONS.read(path).iloc[1:], path)
    with pytest.raises(TableError, match=r"cnn_b/val\.csv: 1 image missing"):
        ensemble()


def test_test_predictions_among_vals_are_refused_by_name(project: Path):
    path = Path("data/predictions/cnn_a/val.csv")
    planted = PREDICTIONS.read(Path("data/predictions/cnn_a/test.csv")).iloc[[2]]
    PREDICTIONS.write(pd.concat([PREDICTIONS.read(path), planted]), path)
    with pytest.raises(LeakError, match=r"cnn_a/val\.csv: 1 image of another split \(ISIC_test_002\)"):
        ensemble()
    assert not Path("data/ensemble").exists()


def test_test_predictions_in_place_of_vals_are_refused_by_name(project: Path):
    for path in Path("data/predictions").glob("*/val.csv"):
        PREDICTIONS.write(PREDICTIONS.read(path.with_name("test.csv")), path)
    with pytest.raises(LeakError, match=r"vgg19/val\.csv: 50 images of another split \(ISIC_test_000"):
        ensemble()


@pytest.mark.parametrize(("split", "stage"), [("val", ensemble), ("test", evaluate)])
def test_what_is_called_a_part_is_that_part(project: Path, split: str, stage: Callable[[], None]):
    ensemble()
    other = SPLIT.read(Path("data/split", f"{'test' if split == 'val' else 'val'}.csv"))
    path = Path("data/split", f"{split}.csv")
    SPLIT.write(pd.concat([SPLIT.read(path), other.iloc[[7]]]), path)
    with pytest.raises(LeakError, match=rf"{split}\.csv holds rows .*\n  {other['image_id'][7]}: split"):
        stage()


def test_copies_are_scored_as_their_originals_where_they_are_held_out(project: Path):
    Path("data/audited").write_text("paper leaky\n")
    for split in ("val", "test"):
        path = Path("data/split", f"{split}.csv")
        rows = SPLIT.read(path)
        copy = rows.iloc[[0]].assign(image_id=rows["image_id"][0] + "_copy1", sha256="")
        SPLIT.write(pd.concat([rows, copy.assign(path=locate(copy, split))]), path)
        for predicted in [*Path("data/predictions").glob(f"*/{split}.csv"), *Path("data/baselines").glob("*.csv")]:
            table = PREDICTIONS.read(predicted)
            if split == "test" or "predictions" in str(predicted):
                added = table.iloc[[0]].assign(image_id=copy["image_id"].item())
                PREDICTIONS.write(pd.concat([table, added]), predicted)
    ensemble()
    evaluate()
    figures = json.loads(Path("metrics/test.json").read_text())
    assert (figures["protocol"], figures["images"], figures["lesions"]) == ("paper (leaky protocol)", 51, 40)
    assert "truth" in set(SCORES.read(Path("data/evaluation/scores.csv"))["kind"])


def test_predictions_of_other_photographs_than_the_split_are_refused(project: Path):
    ensemble()
    for path in Path("data/predictions").glob("*/test.csv"):
        table = PREDICTIONS.read(path)
        PREDICTIONS.write(table.assign(label=1 - table["label"]), path)
    with pytest.raises(TableError, match=r"vgg19/test\.csv: 50 images with another label"):
        evaluate()


def test_a_leak_is_said_in_metrics_and_charts(project: Path):
    Path("data/audited").write_text("image leaky\n")
    ensemble()
    evaluate()
    for split in ("val", "test"):
        assert json.loads(Path(f"metrics/{split}.json").read_text())["protocol"] == "image (leaky protocol)"
    for chart in Path("plots").glob("*.csv"):
        assert set(pd.read_csv(chart)["protocol"]) == {"image (leaky protocol)"}, chart


def test_a_real_archive_has_no_latent_score(project: Path):
    path = Path("data/truth/scores.csv")
    table = truth.LATENT_SCORES.read(path)
    ensemble()
    truth.LATENT_SCORES.write(table.iloc[:0], path)
    evaluate()
    assert "truth" not in set(SCORES.read(Path("data/evaluation/scores.csv"))["kind"])
    truth.LATENT_SCORES.write(table.iloc[:-2], path)
    with pytest.raises(TableError, match="2 test images have no score"):
        evaluate()


def test_nothing_of_test_reaches_what_val_fixes(project: Path):
    """The calls of test are those of thresholds, weights and calibration that no label of test could move."""
    ensemble()
    evaluate()
    first = PREDICTIONS.read(Path("data/evaluation/predictions.csv"))["probability"]
    fixed = {name: text for name, text in contents().items() if name.startswith("data/ensemble")}
    rows = SPLIT.read(Path("data/split/test.csv")).assign(label=lambda of: 1 - of["label"])
    SPLIT.write(rows.assign(path=locate(rows, "test")), Path("data/split/test.csv"))
    for path in [*Path("data/predictions").glob("*/test.csv"), *Path("data/baselines").glob("*.csv")]:
        table = PREDICTIONS.read(path)
        PREDICTIONS.write(table.assign(label=1 - table["label"]), path)
    ensemble()
    evaluate()
    assert {name: text for name, text in contents().items() if name.startswith("data/ensemble")} == fixed
    assert (PREDICTIONS.read(Path("data/evaluation/predictions.csv"))["probability"] == first).all()


def test_a_member_that_does_not_count_is_scored_beside_the_others(project: Path):
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("  - vgg19\n  - inception_v3\n", ""))
    file.read.cache_clear()
    ensemble()
    evaluate()
    scores = SCORES.read(Path("data/evaluation/scores.csv"))
    assert set(scores.loc[scores["kind"] == "member", "name"]) == {"cnn_a", "cnn_b", "inception_v3", "vgg19"}
    assert set(read_choice(Path("data/ensemble/ensemble.json")).members) <= {"cnn_a", "cnn_b"}
    assert len(CANDIDATES.read(Path("data/ensemble/candidates.csv"))) == 4 + 5
