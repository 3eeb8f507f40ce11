"""data/evaluation/*.csv: what the test split says.

In all of them `low` and `high` are the bounds of a value's interval (evaluate.confidence), and
whatever is undefined is missing. `unit` is image or lesion, `point` an operating point (half,
balanced, sensitive) or empty where a metric needs none.

plots/*.csv of the evaluation: the rows behind each chart.

In all of them `name` is a classifier and `protocol` how the splits were drawn, with a warning
where they share lesions, so that no chart can be shown without it.
"""

from dermoscopy.core.tables import Table

BOUNDED = {"value": "float64", "low": "float64", "high": "float64"}

SCORES = Table(  # scores.csv: every metric of every classifier
    columns={
        "name": "str",
        "kind": "str",  # member, ensemble, baseline or truth
        "unit": "str",
        "point": "str",
        "metric": "str",
        **BOUNDED,
        "interval": "str",  # where the bounds come from
    },
    order=("kind", "name", "unit", "point", "metric"),
)

COMPARISONS = Table(  # comparisons.csv: the ensemble against everyone else, on the same lesions
    columns={
        "second": "str",  # whom the ensemble is compared with
        "unit": "str",
        "metric": "str",
        "test": "str",
        "ensemble": "float64",
        "other": "float64",
        "difference": "float64",  # ensemble minus other
        "low": "float64",
        "high": "float64",
        "p": "float64",  # two-sided
    },
    order=("second", "unit", "metric"),
)

SUBSETS = Table(  # subsets.csv: every subset of the members in every way, by image
    columns={"size": "int64", "members": "str", "method": "str", "metric": "str", **BOUNDED},
    order=("size", "members", "method", "metric"),
)

PREDICTIVE = Table(  # predictive.csv: predictive values of the ensemble where another share is malignant, by lesion
    columns={"point": "str", "prevalence": "float64", "metric": "str", **BOUNDED},
    order=("point", "prevalence", "metric"),
)

SWEEP = Table(  # sweep.csv: the ensemble at every threshold, by lesion
    columns={"threshold": "float64", "metric": "str", **BOUNDED},
    order=("threshold", "metric"),
)

CALIBRATION = Table(  # calibration.csv: the ensemble's probabilities before and after calibration, by lesion
    columns={"name": "str", "metric": "str", **BOUNDED},
    order=("name", "metric"),
)

RELIABILITY = Table(  # reliability.csv: the same, in bins
    columns={
        "name": "str",  # before or after
        "start": "float64",
        "end": "float64",
        "lesions": "int64",
        "probability": "float64",  # mean of the bin
        "malignant": "float64",  # share of its lesions
        "low": "float64",
        "high": "float64",
    },
    order=("name", "start"),
)

COVERAGE = Table(  # coverage.csv: the ensemble's conformal sets, by lesion
    columns={
        "label": "str",
        "lesions": "int64",
        "benign": "int64",  # how many are called so; likewise below
        "refer": "int64",
        "malignant": "int64",
        "covered": "int64",  # whose set holds their label
        **BOUNDED,  # the share of these
    },
    order=("label",),
)

GROUPS = Table(  # groups.csv: the ensemble in splits of the test split, by lesion
    columns={
        "by": "str",  # dx, dx_type, age, sex, localization
        "group": "str",
        "images": "int64",
        "lesions": "int64",
        "malignant": "int64",  # of the lesions
        "point": "str",
        "metric": "str",
        **BOUNDED,
    },
    order=("by", "group", "point", "metric"),
)

TABLES = {
    "scores": SCORES,
    "comparisons": COMPARISONS,
    "subsets": SUBSETS,
    "predictive": PREDICTIVE,
    "sweep": SWEEP,
    "calibration": CALIBRATION,
    "reliability": RELIABILITY,
    "coverage": COVERAGE,
    "groups": GROUPS,
}

ROC = Table(
    columns={"name": "str", "protocol": "str", "fpr": "float64", "tpr": "float64"},
    order=("name", "fpr", "tpr"),
)

CONFUSION = Table(  # a row a image; both "benign" or "malignant"
    columns={"actual": "str", "predicted": "str", "protocol": "str"},
    order=("actual", "predicted"),
)

CURVES = Table(  # split is "train" or "val"
    columns={
        "name": "str",
        "protocol": "str",
        "split": "str",
        "epoch": "int64",
        "accuracy": "float64",
        "loss": "float64",
        "roc_auc": "float64",
    },
    order=("name", "split", "epoch"),
)

CHOSEN = Table(
    columns={"name": "str", "protocol": "str", "split": "str", "accuracy": "float64"},
    order=("name", "split"),
)

ROC_AUC = Table(
    columns={
        "name": "str",
        "kind": "str",
        "protocol": "str",
        "value": "float64",
        "low": "float64",
        "high": "float64",
    },
    order=("kind", "name"),
)

ENSEMBLE_SIZES = Table(  # the ensemble with every added member (the paper's figures 5 and 6)
    columns={
        "protocol": "str",
        "start": "str",  # the first member
        "size": "int64",
        "added": "str",
        "method": "str",
        "split": "str",  # val (images left out of the fits) or test
        "accuracy": "float64",
        "low": "float64",  # bounds of the accuracy's interval, on test
        "high": "float64",
        "roc_auc": "float64",
    },
    order=("start", "size", "method", "split"),
)
