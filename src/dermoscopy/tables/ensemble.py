"""data/ensemble/*.csv: what val has fixed; nothing of it changes afterwards."""

from dermoscopy.tables.table import Table

# `members` are joined by +; `method` is a way to combine them, or "alone".

CANDIDATES = Table(  # candidates.csv: every subset in every way
    columns={
        "members": "str",
        "method": "str",
        "size": "int64",
        "threshold": "float64",  # before calibration: `ensemble.threshold`
        "intercept": "float64",  # of stacking
        "slope": "float64",  # of the calibration
        "shift": "float64",
        "cut": "float64",  # the calibrated probability from which its vote, or its threshold, says malignant
        "log_loss": "float64",  # on val, of photographs left out of the fits
        "roc_auc": "float64",  # likewise
        "accuracy": "float64",  # likewise, at the cut
    },
    order=("size", "members", "method"),
)

WEIGHTS = Table(  # weights.csv: what each member counts for in each of them
    columns={"members": "str", "method": "str", "member": "str", "weight": "float64"},
    order=("members", "method", "member"),
)

POINTS = Table(  # points.csv: the operating points of members and ensembles
    columns={
        "name": "str",  # of the classifier
        "point": "str",  # half, balanced, sensitive
        "threshold": "float64",  # calibrated probability from which a lesion is called malignant
        "sensitivity": "float64",  # of val's lesions
        "specificity": "float64",
        "promised": "float64",  # sensitivity of other lesions, on average; only "sensitive" promises one
        "low": "float64",  # what this one threshold may come to
        "high": "float64",
    },
    order=("name", "point"),
)

SETS = Table(  # sets.csv: the conformal sets of the ensemble
    columns={"malignant_from": "float64", "benign_until": "float64", "coverage": "float64"},
    order=("coverage",),
)
