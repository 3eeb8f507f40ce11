"""data/curves/<member>.csv: a row an epoch."""

from dermoscopy.tables.table import Table

CURVE = Table(
    columns={
        "epoch": "int64",  # from 1, through all phases
        "phase": "str",  # frozen or trained
        "train_loss": "float64",
        "train_accuracy": "float64",
        "train_roc_auc": "float64",
        "val_loss": "float64",
        "val_accuracy": "float64",
        "val_roc_auc": "float64",
        "chosen": "int64",  # 1 in the row of the epoch whose weights are kept, 0 elsewhere
    },
    order=("epoch",),
)
