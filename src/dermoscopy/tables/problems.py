"""data/problems.csv: what verification found in the archive and went on with; nothing, where all is sound."""

from dermoscopy.tables.table import Table

PROBLEMS = Table(
    columns={
        "kind": "str",
        "name": "str",  # of the photograph, lesion, file or folder, as a reader is told
        "image_id": "str",  # of a photograph it concerns, a row each; empty if it concerns none
        "detail": "str",  # the value received, or empty
        "outcome": "str",  # "left out", or "kept": noted, and taken in all the same
    },
    order=("outcome", "kind", "name", "image_id"),
)
