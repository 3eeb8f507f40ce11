"""data/evaluation/scores.csv: every metric of every classifier on the test part."""

from dermoscopy.tables.table import Table

SCORES = Table(
    columns={
        "name": "str",
        "kind": "str",  # member, ensemble, baseline or truth
        "metric": "str",
        "value": "float64",  # missing where it is undefined
        "low": "float64",  # bounds of its interval (evaluate.confidence); missing where it is
        "high": "float64",
    },
    order=("kind", "name", "metric"),
)
