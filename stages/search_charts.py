"""Write the tables of the search that charts show into plots/, so that git keeps them."""

from dataclasses import replace
from pathlib import Path

from dermoscopy.core.stage import run
from dermoscopy.search.tables import COORDINATES, IMPORTANCE, TRIALS

TABLES = {"trials": TRIALS, "coordinates": COORDINATES, "importance": IMPORTANCE}


def search_charts() -> None:
    """Write three tables of data/search, rounded, to plots/."""
    for name, table in TABLES.items():
        rows = table.read(Path("data/search", f"{name}.csv"))
        replace(table, committed=True).write(rows, Path("plots", f"search_{name}.csv"))


if __name__ == "__main__":
    run(search_charts)
