"""Count the pairs that perceptual hashes find at each distance, on the last output of the stage merge.

python benchmarks/near_duplicates.py

Writes docs/near_duplicates.csv.
"""

from pathlib import Path

import pandas as pd

from dermoscopy.ham10000.duplicates import CONFIRMED, MERGED, near_pairs, perceptual_hashes

DISTANCES = (16, 24, 32, 36, 40, 44, 48, 60)  # bits of 256; all are even, since half of a hash's bits are set
RESULTS = Path("docs/near_duplicates.csv")


def main() -> None:
    """Compare all pairs of images."""
    table = MERGED.read(Path("data/merged/metadata.csv"))
    paths = [Path("data/merged/images", f"{image_id}.jpg") for image_id in table["image_id"]]
    first, second, distance = zip(*near_pairs(perceptual_hashes(paths), max(DISTANCES)), strict=True)
    lesions = table["lesion_id"].to_numpy()
    pairs = pd.DataFrame({"one": lesions[list(first)], "other": lesions[list(second)], "distance": distance})
    confirmed = {frozenset((one[0], other[0])) for one, other in CONFIRMED}
    pairs["lesions"] = [frozenset(two) for two in zip(pairs["one"], pairs["other"], strict=True)]
    pairs["confirmed"] = pairs["lesions"].isin(confirmed)
    across = pairs["one"] != pairs["other"]
    rows = [
        {
            "distance": largest,
            "across_lesions": int((across & (pairs["distance"] <= largest)).sum()),
            "confirmed": int(pairs.loc[pairs["confirmed"] & (pairs["distance"] <= largest), "lesions"].nunique()),
            "within_a_lesion": int((~across & (pairs["distance"] <= largest)).sum()),
        }
        for largest in DISTANCES
    ]
    pd.DataFrame(rows).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
