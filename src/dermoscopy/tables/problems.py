"""data/problems.csv: what was left out of the archive, and why."""

from dermoscopy.tables.table import Table

PROBLEMS = Table(columns={"kind": "str", "name": "str", "detail": "str"}, order=("kind", "name"))
