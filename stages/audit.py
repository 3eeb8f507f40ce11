"""Refuse parts that leak."""

import json
from pathlib import Path

from dermoscopy.archive.folders import fresh
from dermoscopy.dataset import summary
from dermoscopy.dataset.audit import audit as find_leaks
from dermoscopy.dataset.audit import read_files, read_rows
from dermoscopy.dataset.sheets import write_sheets
from dermoscopy.stage import run


def audit() -> None:
    """Refuse parts that share a lesion, bytes, a group or a copy; count and show what they hold."""
    rows = read_rows()
    audited = find_leaks(rows, read_files())
    originals = rows[rows["image_id"] == rows["source"]]

    write_sheets(originals, fresh(Path("data/sheets")))
    summary.COUNTS.write(summary.count(originals), Path("plots/parts.csv"))
    metrics = Path("metrics")
    metrics.mkdir(exist_ok=True)
    (metrics / "audit.json").write_text(json.dumps(audited, indent=2) + "\n")
    (metrics / "data.json").write_text(json.dumps(summary.describe(originals), indent=2) + "\n")
    Path("data/audited").write_text(f"{audited['protocol']} {audited['verdict']}\n")


if __name__ == "__main__":
    run(audit)
