"""Refuse splits that leak."""

from pathlib import Path

from dermoscopy.audit import summary as charts
from dermoscopy.audit.audit import audit as find_leaks
from dermoscopy.audit.contact_sheets import write_sheets
from dermoscopy.audit.evidence import gather
from dermoscopy.audit.summary import BY_LABEL, BY_SPLIT, COUNTS, describe
from dermoscopy.augment.params import Augment
from dermoscopy.core.files import new_folder, write_json, write_text
from dermoscopy.core.params import Count, load
from dermoscopy.core.splits import leak_warning, protocol_title
from dermoscopy.core.stage import run
from dermoscopy.ham10000.problems import PROBLEMS
from dermoscopy.merge.params import NearDuplicates
from dermoscopy.split.params import Split


def audit() -> None:
    """Refuse splits that share a lesion, bytes, a near-duplicate or a copy; count and show what they hold."""
    split, near_duplicates = load("split", Split), load("merge.near_duplicates", NearDuplicates)
    evidence = gather(split, near_duplicates, load("augment", Augment), load("seed", Count))
    audited = find_leaks(evidence)
    rows = evidence.rows
    originals = rows[rows["image_id"] == rows["source"]]

    write_sheets(originals, evidence.duplicates, new_folder(Path("data/sheets")), leak_warning(split.protocol))
    protocol, plots = protocol_title(split.protocol), Path("plots")
    COUNTS.write(charts.count(originals, protocol), plots / "splits.csv")
    BY_SPLIT.write(charts.compare_splits(originals, protocol), plots / "by_split.csv")
    BY_LABEL.write(charts.compare_labels(originals, protocol), plots / "by_label.csv")
    described = describe(originals, PROBLEMS.read(Path("data/problems.csv")), evidence.duplicates)
    metrics = Path("metrics")
    write_json(metrics / "audit.json", audited)
    write_json(metrics / "data.json", {"protocol": protocol} | described)
    write_text(Path("data/audited"), f"{split.protocol} {audited['verdict']}\n")


if __name__ == "__main__":
    run(audit)
