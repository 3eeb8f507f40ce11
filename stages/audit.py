"""Check the splits for leakage, and describe the dataset in counts, charts and contact sheets."""

from pathlib import Path

from dermoscopy.audit.audit import audit as run_audit
from dermoscopy.audit.charts import (
    BY_LABEL,
    BY_SPLIT,
    DIAGNOSIS_COUNTS,
    compare_labels,
    compare_splits,
    count_diagnoses,
)
from dermoscopy.audit.contact_sheets import write_sheets
from dermoscopy.audit.evidence import gather
from dermoscopy.audit.summary import describe
from dermoscopy.augment.params import Augment
from dermoscopy.core.files import new_folder, write_json, write_text
from dermoscopy.core.params import Count, load
from dermoscopy.core.protocol import leak_warning, protocol_title
from dermoscopy.core.stage import run
from dermoscopy.ham10000.problems import PROBLEMS
from dermoscopy.merge.params import NearDuplicates
from dermoscopy.split.params import Split


def audit() -> None:
    """Fail if splits share a lesion, a file, a near-duplicate or an augmented image; describe their contents."""
    settings, near_duplicates = load("split", Split), load("merge.near_duplicates", NearDuplicates)
    evidence = gather(settings, near_duplicates, load("augment", Augment), load("seed", Count))
    audited = run_audit(evidence)
    rows = evidence.rows
    originals = rows[rows["image_id"] == rows["source"]]

    write_sheets(originals, evidence.duplicates, new_folder(Path("data/sheets")), leak_warning(settings.protocol))
    protocol, plots = protocol_title(settings.protocol), Path("plots")
    DIAGNOSIS_COUNTS.write(count_diagnoses(originals, protocol), plots / "diagnoses.csv")
    BY_SPLIT.write(compare_splits(originals, protocol), plots / "by_split.csv")
    BY_LABEL.write(compare_labels(originals, protocol), plots / "by_label.csv")
    described = describe(originals, PROBLEMS.read(Path("data/acquired/problems.csv")), evidence.duplicates)
    metrics = Path("metrics")
    write_json(metrics / "audit.json", audited)
    write_json(metrics / "data.json", {"protocol": protocol} | described)
    write_text(Path("data/audited"), f"{settings.protocol} {audited['verdict']}\n")


if __name__ == "__main__":
    run(audit)
