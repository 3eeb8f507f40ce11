"""Count the images of each source of HAM10000, and measure how well the source alone predicts the label.

python benchmarks/sources.py path/to/HAM10000_metadata.csv

The table must be that of the Harvard Dataverse; that of Kaggle has no column `dataset`. Writes docs/sources.csv.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.params import load
from dermoscopy.core.sources import sources
from dermoscopy.ham10000.metadata import read_valid
from dermoscopy.split.params import Policy
from dermoscopy.split.split import labels
from dermoscopy.stats.roc import roc_auc_interval, roc_aucs

RESULTS = Path("docs/sources.csv")


def main(path: Path) -> None:
    """Write the counts of each source, and in the last row those of all images and the ROC AUC of the source."""
    table = read_valid(path, set())
    source, label = sources(table), labels(table["dx"], load("policy", Policy)).to_numpy()
    if source is None:
        sys.exit(f"{path} has no sources: the column dataset is missing.")
    lesion = table["lesion_id"].to_numpy(dtype=object)
    prevalence = pd.Series(label).groupby(source).mean()
    roc = roc_aucs(label, prevalence[source].to_numpy()[None], lesion)
    low, high = roc_auc_interval(float(roc.aucs[0]), float(roc.covariance[0, 0]), roc.lesions, 0.95)
    rows = [_count(name, source == name, label, lesion) for name in prevalence.index]
    pairs = pd.DataFrame({"lesion": lesion, "source": source}).drop_duplicates()
    several = int((pairs["lesion"].value_counts() > 1).sum())
    last = {"lesions_of_several_sources": several, "roc_auc": roc.aucs[0], "low": low, "high": high}
    everything = _count("all", np.full(len(label), True), label, lesion)
    pd.DataFrame([*rows, everything | last]).to_csv(RESULTS, index=False, lineterminator="\n", float_format="%.4f")


def _count(name: str, inside: np.ndarray, label: np.ndarray, lesion: np.ndarray) -> dict[str, object]:
    return {
        "source": name,
        "images": int(inside.sum()),
        "lesions": len(set(lesion[inside])),
        "malignant_images": int(label[inside].sum()),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
