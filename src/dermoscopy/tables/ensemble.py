"""data/ensemble/weights.csv: what each member counts for."""

from dermoscopy.tables.table import Table

WEIGHTS = Table(
    columns={
        "member": "str",
        "accuracy": "float64",  # on val, at the threshold
        "weight": "float64",  # in the accuracy-weighted mean: they sum to one; 0 for a member that does not count
    },
    order=("member",),
)
