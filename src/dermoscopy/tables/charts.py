"""plots/*.csv of the evaluation: the rows behind each chart.

In all of them `name` is a classifier and `protocol` how the parts were drawn, with a warning
where they share lesions, so that no chart can be shown without it.
"""

from dermoscopy.tables.table import Table

ROC = Table(
    columns={"name": "str", "protocol": "str", "fpr": "float64", "tpr": "float64"},
    order=("name", "fpr", "tpr"),
)

CONFUSION = Table(  # a row a photograph; both "benign" or "malignant"
    columns={"actual": "str", "predicted": "str", "protocol": "str"},
    order=("actual", "predicted"),
)

CURVES = Table(  # part is "train" or "val"
    columns={
        "name": "str",
        "protocol": "str",
        "part": "str",
        "epoch": "int64",
        "accuracy": "float64",
        "loss": "float64",
        "roc_auc": "float64",
    },
    order=("name", "part", "epoch"),
)

CHOSEN = Table(
    columns={"name": "str", "protocol": "str", "part": "str", "accuracy": "float64"},
    order=("name", "part"),
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

GROWING = Table(  # the ensemble with every added member (the paper's figures 5 and 6)
    columns={
        "protocol": "str",
        "start": "str",  # the first member
        "size": "int64",
        "added": "str",
        "method": "str",
        "part": "str",  # val (photographs left out of the fits) or test
        "accuracy": "float64",
        "low": "float64",  # bounds of the accuracy's interval, on test
        "high": "float64",
        "roc_auc": "float64",
    },
    order=("start", "size", "method", "part"),
)
