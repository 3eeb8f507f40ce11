"""Take the localization of Grad-CAM from the run in data/ into docs/localization.csv, with the name of its dataset.

python benchmarks/localization.py     # in a clone with a finished run; the rows of other datasets stay
"""

import json
from pathlib import Path

import pandas as pd

from dermoscopy.report.dataset import describe

RUN, TABLE = Path("data/explain/localization.csv"), Path("docs/localization.csv")


def main() -> None:
    """Replace the rows of the run's dataset."""
    title = describe(json.loads(Path("data/source.json").read_text(encoding="utf-8"))).title
    rows = pd.read_csv(RUN)
    rows.insert(0, "dataset", title)
    earlier = pd.read_csv(TABLE) if TABLE.is_file() else rows.head(0)
    table = pd.concat([earlier[earlier["dataset"] != title], rows]).sort_values("dataset", kind="stable")
    table.to_csv(TABLE, index=False, lineterminator="\n", float_format="%.4f")


if __name__ == "__main__":
    main()
