import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.baselines.params import BASELINES
from dermoscopy.core import params as file
from dermoscopy.core.errors import LeakError, TableError
from dermoscopy.core.files import rounded
from dermoscopy.core.metrics import roc_auc
from dermoscopy.core.splits import SPLIT, locate
from dermoscopy.core.tables import LATENT_SCORES as LATENT_SCORES
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.ensemble.fit import CANDIDATES
from dermoscopy.ensemble.thresholds import POINTS
from dermoscopy.ensemble.training import BEST_EPOCH
from dermoscopy.evaluate.chart_tables import CONFUSION, ENSEMBLE_SIZES
from dermoscopy.evaluate.tables import COMPARISONS, SCORES, SUBSETS, TABLES
from dermoscopy.stats.headline import read_headline
from stages.ensemble import ensemble
from stages.evaluate import evaluate
from tests.committed import long_floats

OUTPUTS = ("data/ensemble", "data/evaluation", "metrics", "plots")


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for out in OUTPUTS for path in sorted(Path(out).rglob("*.*"))}


def test_ensemble_and_evaluate_write_all_tables_metrics_and_charts(project: Path):
    ensemble()
    evaluate()
    choice = read_choice(Path("data/ensemble/ensemble.json"))
    assert (choice.malignant, choice.benign) == (14, 26)
    candidates = CANDIDATES.read(Path("data/ensemble/candidates.csv"))
    assert len(candidates) == 4 + 11 * 5
    chosen = candidates[(candidates["members"] == "+".join(choice.members)) & (candidates["method"] == choice.method)]
    assert chosen["log_loss"].item() == candidates["log_loss"].min()
    assert len(SUBSETS.read(Path("data/evaluation/subsets.csv"))) == 3 * len(candidates)
    assert len(POINTS.read(Path("data/ensemble/points.csv"))) == 3 * (4 + 5 + 1 + len(BASELINES))

    for name, table in TABLES.items():
        assert name.startswith("diagnoses") or len(table.read(Path("data/evaluation", f"{name}.csv"))), name
    scores = SCORES.read(Path("data/evaluation/scores.csv"))
    names = scores.groupby("kind")["name"].unique().map(sorted).to_dict()
    assert names["member"] == ["cnn_a", "cnn_b", "inception_v3", "vgg19"]
    assert names["ensemble"] == ["accuracy_weighted", "ensemble", "log_loss_weighted", "mean", "stacking", "vote"]
    assert names["baseline"] == sorted(BASELINES)
    assert names["ceiling"] == ["latent score"]
    compared = COMPARISONS.read(Path("data/evaluation/comparisons.csv"))
    assert set(compared["reference"]) == {*names["member"], *names["baseline"], *names["ensemble"]} - {"ensemble"}
    ensemble_sizes = ENSEMBLE_SIZES.read(Path("plots/ensemble_sizes.csv"))
    assert ensemble_sizes.groupby("start")["size"].max().sort_values().tolist() == [3, 4]

    for metric in read_headline(Path("metrics")).values():
        assert metric["low"] < metric["value"] <= metric["high"]
    val = json.loads(Path("metrics/val.json").read_text())
    assert (val["protocol"], val["members"]) == ("lesion", choice.members)
    chosen_row = {column: rounded(chosen[column].item()) for column in ("log_loss", "roc_auc")}
    assert {column: val[column] for column in chosen_row} == pytest.approx(chosen_row)
    best_epochs = BEST_EPOCH.read(Path("plots/best_epoch.csv"))
    assert len(best_epochs) == 2 * 4
    assert set(best_epochs["epoch"]) == {2}
    for row in best_epochs.itertuples():
        table = PREDICTIONS.read(Path("data/predictions", row.split, f"{row.name}.csv"))
        value = roc_auc(table["label"].to_numpy(), table["probability"].to_numpy())
        assert row.roc_auc == rounded(value)
    assert {path.name for path in Path("plots").iterdir()} == {
        "roc.csv",
        "precision_recall.csv",
        "ensemble_roc.csv",
        "point_confusion.csv",
        "thresholds.csv",
        "confusion.csv",
        "diagnoses_confusion.csv",
        "curves.csv",
        "best_epoch.csv",
        "roc_auc.csv",
        "calibration_curve.csv",
        "decision_curve.csv",
        "risks.csv",
        "ensemble_sizes.csv",
    }


def test_two_runs_write_the_same_bytes(project: Path):
    ensemble()
    evaluate()
    first = contents()
    ensemble()
    evaluate()
    assert contents() == first


def test_files_of_git_are_rounded_and_tables_of_dvc_are_not(project: Path):
    ensemble()
    evaluate()
    committed = [*Path("metrics").rglob("*.json"), *Path("plots").glob("*.csv")]
    assert [(path, floats) for path in committed if (floats := long_floats(path))] == []
    for path in ("data/ensemble/val.csv", "data/ensemble/points.csv", "data/evaluation/predictions.csv"):
        assert long_floats(Path(path)), path


def test_ensemble_does_not_read_the_test_split(project: Path):
    ensemble()
    first = contents()
    for path in [*Path("data").rglob("test.csv"), *Path("data/predictions/test").iterdir()]:
        path.unlink()
    ensemble()
    assert contents() == first


def test_predictions_without_an_image_of_val_are_refused(project: Path):
    path = Path("data/predictions/val/cnn_b.csv")
    PREDICTIONS.write(PREDICTIONS.read(path).iloc[1:], path)
    with pytest.raises(TableError, match=r"val/cnn_b\.csv: 1 image missing"):
        ensemble()


def test_predictions_of_train_without_an_original_are_refused(project: Path):
    path = Path("data/predictions/train/cnn_b.csv")
    PREDICTIONS.write(PREDICTIONS.read(path).iloc[1:], path)
    with pytest.raises(TableError, match=r"train/cnn_b\.csv: 1 image missing"):
        ensemble()


def test_test_predictions_among_vals_are_refused(project: Path):
    path = Path("data/predictions/val/cnn_a.csv")
    test_row = PREDICTIONS.read(Path("data/predictions/test/cnn_a.csv")).iloc[[2]]
    PREDICTIONS.write(pd.concat([PREDICTIONS.read(path), test_row]), path)
    with pytest.raises(LeakError, match=r"val/cnn_a\.csv: 1 image of another split \(ISIC_test_002\)"):
        ensemble()
    assert not Path("data/ensemble").exists()


def test_test_predictions_in_place_of_vals_are_refused(project: Path):
    for path in Path("data/predictions").glob("val/*.csv"):
        PREDICTIONS.write(PREDICTIONS.read(path.parents[1] / "test" / path.name), path)
    with pytest.raises(LeakError, match=r"val/vgg19\.csv: 50 images of another split \(ISIC_test_000"):
        ensemble()


@pytest.mark.parametrize(("split", "stage"), [("val", ensemble), ("test", evaluate)])
def test_rows_of_another_split_are_refused(project: Path, split: str, stage: Callable[[], None]):
    ensemble()
    other_split = SPLIT.read(Path("data/split", f"{'test' if split == 'val' else 'val'}.csv"))
    path = Path("data/split", f"{split}.csv")
    SPLIT.write(pd.concat([SPLIT.read(path), other_split.iloc[[7]]]), path)
    with pytest.raises(LeakError, match=rf"(?s){split}\.csv.*{other_split['image_id'][7]}"):
        stage()


def test_augmented_images_of_the_paper_protocol_are_evaluated_with_the_latent_score_of_their_originals(project: Path):
    Path("data/audited").write_text("paper leaky\n")
    for split in ("train", "val", "test"):
        path = Path("data/split", f"{split}.csv")
        rows = SPLIT.read(path)
        augmented = rows.iloc[[0]].assign(image_id=rows["image_id"][0] + "_copy1", sha256="")
        if split != "train":  # which has this row
            SPLIT.write(pd.concat([rows, augmented.assign(path=locate(augmented, split))]), path)
        for predicted in Path("data").glob(f"[bp]*/{split}/*.csv"):
            table = PREDICTIONS.read(predicted)
            added = table.iloc[[0]].assign(image_id=augmented["image_id"].item())
            PREDICTIONS.write(pd.concat([table, added]), predicted)
    ensemble()
    evaluate()
    assert len(CONFUSION.read(Path("plots/confusion.csv"))) == 51
    assert "ceiling" in set(SCORES.read(Path("data/evaluation/scores.csv"))["kind"])


def test_predictions_with_other_labels_than_the_split_are_refused(project: Path):
    ensemble()
    for path in Path("data/predictions").glob("test/*.csv"):
        table = PREDICTIONS.read(path)
        PREDICTIONS.write(table.assign(label=1 - table["label"]), path)
    with pytest.raises(TableError, match=r"test/vgg19\.csv: 50 images with another label"):
        evaluate()


def test_a_leaky_protocol_is_named_in_metrics_and_charts(project: Path):
    Path("data/audited").write_text("image leaky\n")
    ensemble()
    evaluate()
    for name in ("val", "test", "test_low", "test_high"):
        assert json.loads(Path(f"metrics/{name}.json").read_text())["protocol"] == "image (leaky protocol)"
    # No member predicts diagnoses here, and DVC's own templates cannot show a warning: no rows, no protocol.
    without_rows = {Path("plots/diagnoses_confusion.csv"), Path("plots/ensemble_roc.csv")}
    assert all(pd.read_csv(chart).empty for chart in without_rows)
    for chart in set(Path("plots").glob("*.csv")) - without_rows:
        assert set(pd.read_csv(chart)["protocol"]) == {"image (leaky protocol)"}, chart


def test_a_real_dataset_has_no_latent_score(project: Path):
    path = Path("data/acquired/truth/scores.csv")
    table = LATENT_SCORES.read(path)
    ensemble()
    LATENT_SCORES.write(table.iloc[:0], path)
    evaluate()
    assert "ceiling" not in set(SCORES.read(Path("data/evaluation/scores.csv"))["kind"])
    LATENT_SCORES.write(table.iloc[:-2], path)
    with pytest.raises(TableError, match="2 test images have no score"):
        evaluate()


def test_predictions_and_fits_do_not_depend_on_test_labels(project: Path):
    """Thresholds, weights and calibration come from val: other labels of test leave the probabilities of test equal."""
    ensemble()
    evaluate()
    first = PREDICTIONS.read(Path("data/evaluation/predictions.csv"))["probability"]
    fitted = {name: text for name, text in contents().items() if name.startswith("data/ensemble")}
    rows = SPLIT.read(Path("data/split/test.csv")).assign(label=lambda table: 1 - table["label"])
    SPLIT.write(rows.assign(path=locate(rows, "test")), Path("data/split/test.csv"))
    for path in Path("data").glob("[bp]*/test/*.csv"):
        table = PREDICTIONS.read(path)
        PREDICTIONS.write(table.assign(label=1 - table["label"]), path)
    ensemble()
    evaluate()
    assert {name: text for name, text in contents().items() if name.startswith("data/ensemble")} == fitted
    assert (PREDICTIONS.read(Path("data/evaluation/predictions.csv"))["probability"] == first).all()


def test_a_member_outside_the_ensemble_is_evaluated_with_the_others(project: Path):
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("  - vgg19\n  - inception_v3\n", ""))
    file.read.cache_clear()
    ensemble()
    evaluate()
    scores = SCORES.read(Path("data/evaluation/scores.csv"))
    assert set(scores.loc[scores["kind"] == "member", "name"]) == {"cnn_a", "cnn_b", "inception_v3", "vgg19"}
    assert set(read_choice(Path("data/ensemble/ensemble.json")).members) <= {"cnn_a", "cnn_b"}
    assert len(CANDIDATES.read(Path("data/ensemble/candidates.csv"))) == 4 + 5
