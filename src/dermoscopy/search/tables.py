"""data/search/*.csv: what was tried, how it ranks, and what made the difference.

In all of them `protocol` is how the splits were drawn, with a warning where they share lesions.
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
    "name": "str",  # its key in search.known, or drawn
    "protocol": "str",
    **SPACE,
    "weights": "int64",  # numbers its network learns
    "epochs": "int64",  # it was given
    "epoch": "float64",  # of them the chosen one; missing, as its scores are, where the loss was no longer finite
    "score": "float64",  # training.monitor, after that epoch
    "val_loss": "float64",
    "val_accuracy": "float64",
    "val_roc_auc": "float64",
    "problem": "str",
}

# A row for each trial, under successive halving for each number of epochs it was judged after.
TRIALS = Table(columns=RESULT, order=("epochs", "trial"))

# A row a trial, after the most epochs it had.
LEADERBOARD = Table(columns={"rank": "int64", **RESULT}, order=("rank",))

IMPORTANCE = Table(
    columns={
        "dimension": "str",
        "protocol": "str",
        "values": "int64",  # how many of it were tried
        "trials": "int64",
        "share": "float64",  # of the scores' variance that lies between its values
        "chance": "float64",  # what that share is on average where the dimension does nothing
    },
    order=("dimension",),
)

COORDINATES = Table(  # a row for each trial and dimension, and for its score
    columns={
        "trial": "int64",
        "name": "str",
        "protocol": "str",
        "rank": "int64",
        "score": "float64",
        "place": "int64",  # of the dimension, from 0
        "dimension": "str",
        "value": "str",
        "height": "float64",  # of the value, 0 to 1; of the score 1 is best
    },
    order=("trial", "place"),
)
