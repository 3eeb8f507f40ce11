"""Tables of the evaluation's charts (plots).

`protocol` is the title of the split protocol, with a warning if splits share lesions, so that no chart can be shown
without it. `low` and `high` are the bounds of a value's interval (evaluate.confidence); undefined values are empty.
"""

from dermoscopy.core.tables import Table
from dermoscopy.evaluate.tables import BOUNDED

ROC = Table(  # roc.csv: corners of the ROC curves
    columns={"name": "str", "protocol": "str", "fpr": "float64", "tpr": "float64"},
    order=("name", "fpr", "tpr"),
    committed=True,
)

PRECISION_RECALL = Table(  # precision_recall.csv: PPV (precision) by sensitivity (recall), by image
    columns={
        "name": "str",
        "protocol": "str",
        "threshold": "float64",
        "sensitivity": "float64",
        "ppv": "float64",
        "prevalence": "float64",  # proportion of malignant images: the PPV of a random classifier
    },
    order=("name", "threshold"),
    committed=True,
)

ENSEMBLE_ROC = Table(  # ensemble_roc.csv: corners of the ensemble's ROC curve; without rows if the protocol leaks
    columns={
        "protocol": "str",
        "threshold": "float64",
        "fpr": "float64",
        "sensitivity": "float64",
        "specificity": "float64",
    },
    order=("fpr", "sensitivity"),
    committed=True,
)

CONFUSION = Table(  # confusion.csv, diagnoses_confusion.csv: label or diagnosis of each image, and the predicted one
    columns={"actual": "str", "predicted": "str", "protocol": "str"},
    order=("actual", "predicted"),
    committed=True,
)

POINT_CONFUSION = Table(  # point_confusion.csv: images by label and prediction, at each operating point
    columns={
        "point": "str",
        "protocol": "str",
        "threshold": "float64",
        "actual": "str",
        "predicted": "str",
        "images": "int64",
    },
    order=("point", "actual", "predicted"),
    committed=True,
)

THRESHOLDS = Table(  # thresholds.csv: sensitivity and specificity of the ensemble by threshold, by lesion
    columns={
        "metric": "str",
        "protocol": "str",
        "point": "str",  # operating point with this threshold, or empty
        "threshold": "float64",
        **BOUNDED,
    },
    order=("metric", "threshold", "point"),
    committed=True,
)

ROC_AUC = Table(  # roc_auc.csv: ROC AUC of each classifier, by image
    columns={
        "name": "str",
        "kind": "str",
        "protocol": "str",
        "value": "float64",
        "low": "float64",
        "high": "float64",
        "within_source": "float64",  # the ROC AUC within source; only if sources are known
        "within_low": "float64",
        "within_high": "float64",
    },
    order=("kind", "name"),
    optional=("within_source", "within_low", "within_high"),
    committed=True,
)

CALIBRATION_CURVES = Table(  # calibration_curve.csv: the ensemble's smooth calibration curves, by lesion
    columns={"name": "str", "protocol": "str", "probability": "float64", **BOUNDED},
    order=("name", "probability"),
    committed=True,
)

DECISION_CURVES = Table(  # decision_curve.csv: net benefit at every threshold, without the leaking baseline, by lesion
    columns={"name": "str", "kind": "str", "protocol": "str", "threshold": "float64", **BOUNDED},
    order=("kind", "name", "threshold"),
    committed=True,
)

RISK_BINS = Table(  # risks.csv: the ensemble's probabilities in bins, by label and lesion
    columns={"label": "str", "probability": "str", "protocol": "str", "proportion": "float64"},
    order=("label", "probability"),
    committed=True,
)

ENSEMBLE_SIZES = Table(  # ensemble_sizes.csv: the ensemble as members are added (the paper's figures 5 and 6)
    columns={
        "protocol": "str",
        "start": "str",  # the first member
        "size": "int64",  # number of members
        "added": "str",  # the last added member
        "method": "str",
        "split": "str",  # val (out-of-fold images) or test
        "accuracy": "float64",
        "low": "float64",  # bounds of the accuracy's interval; on test only
        "high": "float64",
        "roc_auc": "float64",
    },
    order=("start", "size", "method", "split"),
    committed=True,
)
