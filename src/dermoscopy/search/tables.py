"""Tables of data/search: trials, leaderboard, importance and parallel coordinates.

In all of them, `protocol` is the title of the split protocol, with a warning if splits share lesions.
"""

from dermoscopy.core.tables import Table

SPACE = {
    "conv_layers": "int64",
    "filters": "int64",
    "kernel_size": "int64",
    "padding": "str",
    "pooling": "str",
    "pool_size": "int64",
    "dense_layers": "int64",
    "units": "int64",
    "dropout": "float64",
    "initializer": "str",
    "optimizer": "str",
    "learning_rate": "float64",
}

RESULT = {
    "trial": "int64",  # from 1
    "name": "str",  # key in search.known, or "sampled"
    "protocol": "str",
    **SPACE,
    "n_weights": "int64",  # number of weights of the network
    "epochs": "int64",  # number of epochs allowed
    "epoch": "float64",  # the chosen epoch; missing, like its scores, if the loss became infinite or NaN
    "score": "float64",  # training.monitor after that epoch
    "val_loss": "float64",
    "val_accuracy": "float64",
    "val_roc_auc": "float64",
    "problem": "str",
}

# One row per trial; with successive halving, one row per trial and rung.
TRIALS = Table(columns=RESULT, order=("epochs", "trial"))

# One row per trial, at its last rung.
LEADERBOARD = Table(columns={"rank": "int64", **RESULT}, order=("rank",))

IMPORTANCE = Table(
    columns={
        "dimension": "str",
        "protocol": "str",
        "values": "int64",  # number of values tried
        "trials": "int64",
        "proportion": "float64",  # of the variance of the scores that lies between the dimension's values
        "chance": "float64",  # mean proportion of a dimension without effect
    },
    order=("dimension",),
)

COORDINATES = Table(  # one row per trial and axis: the dimensions, then the score
    columns={
        "trial": "int64",
        "name": "str",
        "protocol": "str",
        "rank": "int64",
        "score": "float64",
        "axis": "int64",  # number of the axis, from 0
        "dimension": "str",
        "value": "str",
        "position": "float64",  # of the value on the axis, 0 to 1; on the axis of the score, 1 is best
    },
    order=("trial", "axis"),
)
