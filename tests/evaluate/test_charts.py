import numpy as np
import pandas as pd

from dermoscopy.evaluate import chart_tables, charts, tables
from dermoscopy.evaluate.calibration import curve_rows
from dermoscopy.evaluate.decisions import sweep_rows
from dermoscopy.evaluate.evaluate import Evaluation
from dermoscopy.evaluate.risks import decision_curve_rows, risk_rows
from dermoscopy.evaluate.scores import Classifier
from dermoscopy.stats.lesions import by_image

Y_TRUE = np.array([0, 0, 1, 1])
LEAKY = "image (leaky protocol)"


def classifier(name: str, kind: str) -> Classifier:
    return Classifier(name, kind, np.array([0.1, 0.6, 0.4, 0.9]), {"half": 0.5, "sensitive": 0.3})


def test_confusion_has_a_row_for_each_image():
    rows = charts.confusion_rows(Y_TRUE, np.array([False, True, False, True]), "lesion")
    assert rows[["actual", "predicted"]].to_numpy().tolist() == [
        ["benign", "benign"],
        ["benign", "malignant"],
        ["malignant", "benign"],
        ["malignant", "malignant"],
    ]


def test_predicted_labels_of_a_leaky_protocol_have_a_warning():
    rows = charts.confusion_rows(Y_TRUE, np.array([False, True, False, True]), LEAKY)
    assert set(rows["actual"]) == {"benign", "malignant"}
    assert set(rows["predicted"]) == {"benign (leaky protocol)", "malignant (leaky protocol)"}


def test_every_chart_has_the_protocol(tmp_path):
    names = {"ensemble": "ensemble", "cnn_a": "member", "vote": "ensemble", "colours": "baseline"}
    classifiers = [classifier(name, kind) for name, kind in names.items()]
    scores = pd.DataFrame({"name": names.keys(), "kind": names.values()}).assign(
        unit="image", point="", metric="roc_auc", value=0.75, low=0.5, high=0.9, interval="Obuchowski"
    )
    scores = pd.concat([scores, scores.assign(unit="lesion", value=0.5)])
    lesions = by_image(pd.DataFrame({"lesion_id": list("abcd"), "label": Y_TRUE}))
    curves = decision_curve_rows([*classifiers, classifier(tables.LEAK, "baseline")], lesions, 3, 0.95)
    risks, _ = risk_rows(lesions, classifiers[0].score, 2)
    smooth = curve_rows(Y_TRUE, classifiers[0].score, 0.95).assign(name="after")
    pairs = {"dx": ["mel", "nv"], "predicted": "nv", "rows": [2, 0]}
    diagnoses = pd.DataFrame({"name": "ensemble", "kind": "ensemble", "unit": "image", **pairs})
    results = {"scores": scores, "calibration_curve": smooth, "decision_curve": curves, "risks": risks}
    results["diagnoses_confusion"] = diagnoses
    results["sweep"] = sweep_rows(lesions, classifiers[0].score, 3, 0.95)
    evaluation = Evaluation(classifiers, results)
    charts.write_charts(Y_TRUE, evaluation, "sensitive", LEAKY, tmp_path)
    written = {
        "roc.csv": chart_tables.ROC,
        "precision_recall.csv": chart_tables.PRECISION_RECALL,
        "point_confusion.csv": chart_tables.POINT_CONFUSION,
        "thresholds.csv": chart_tables.THRESHOLDS,
        "confusion.csv": chart_tables.CONFUSION,
        "diagnoses_confusion.csv": chart_tables.CONFUSION,
        "roc_auc.csv": chart_tables.ROC_AUC,
        "calibration_curve.csv": chart_tables.CALIBRATION_CURVES,
        "decision_curve.csv": chart_tables.DECISION_CURVES,
        "risks.csv": chart_tables.RISK_BINS,
    }
    frames = {name: table.read(tmp_path / name) for name, table in written.items()}
    assert all(set(frame["protocol"]) == {LEAKY} for frame in frames.values())
    assert set(frames["roc.csv"]["name"]) == {"cnn_a", "ensemble"}
    assert set(frames["roc_auc.csv"]["name"]) == {"cnn_a", "ensemble", "colours"}
    assert set(frames["roc_auc.csv"]["value"]) == {0.75}
    assert set(frames["precision_recall.csv"]["name"]) == {"cnn_a", "ensemble"}
    assert set(frames["point_confusion.csv"]["point"]) == {"half", "sensitive"}
    # DVC's own templates show no protocol.
    assert frames["confusion.csv"]["predicted"].tolist().count("malignant (leaky protocol)") == 3
    assert chart_tables.ENSEMBLE_ROC.read(tmp_path / "ensemble_roc.csv").empty
    assert frames["diagnoses_confusion.csv"][["actual", "predicted"]].to_numpy().tolist() == [["mel", "nv"]] * 2
    # Neither another combination method nor the baseline that leaks the label has a decision curve.
    assert set(frames["decision_curve.csv"]["name"]) == {"cnn_a", "ensemble", "colours", "treat all", "treat none"}
    assert frames["risks.csv"][["label", "probability", "proportion"]].to_numpy().tolist() == [
        ["benign", "0-0.5", 0.5],
        ["benign", "0.5-1", 0.5],
        ["malignant", "0-0.5", 0.5],
        ["malignant", "0.5-1", 0.5],
    ]
