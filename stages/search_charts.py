"""Copy the tables of the search that charts show, so that git keeps them."""

from pathlib import Path

from dermoscopy.core.files import write_text
from dermoscopy.core.stage import run

TABLES = ("trials", "coordinates", "importance")


def search_charts() -> None:
    """Copy three tables of data/search to plots/."""
    for name in TABLES:
        write_text(Path("plots", f"search_{name}.csv"), Path("data/search", f"{name}.csv").read_text())


if __name__ == "__main__":
    run(search_charts)
