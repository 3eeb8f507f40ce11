"""Count the pairs of images within each distance of perceptual hashes, on the current output of the stage merge.

python benchmarks/near_duplicates.py

Writes docs/near_duplicates.csv.
"""

from pathlib import Path

import pandas as pd

from dermoscopy.ham10000.duplicates import CONFIRMED, MERGED, near_pairs, perceptual_hashes

DISTANCES = (16, 24, 32, 36, 40, 44, 48, 60)  # of 256 bits; even, because half of the bits of each hash are set
RESULTS = Path("docs/near_duplicates.csv")


def main() -> None:
    """Compare all pairs of images and write the counts."""
    table = MERGED.read(Path("data/merged/metadata.csv"))
    paths = [Path("data/merged/images", f"{image_id}.jpg") for image_id in table["image_id"]]
    first, second, distance = zip(*near_pairs(perceptual_hashes(paths), max(DISTANCES)), strict=True)
    lesions = table["lesion_id"].to_numpy()
    pairs = pd.DataFrame({"first": lesions[list(first)], "second": lesions[list(second)], "distance": distance})
    confirmed = {frozenset((lesion_1, lesion_2)) for (lesion_1, *_), (lesion_2, *_) in CONFIRMED}
    pairs["lesions"] = [frozenset(pair) for pair in zip(pairs["first"], pairs["second"], strict=True)]
    pairs["confirmed"] = pairs["lesions"].isin(confirmed)
    across = pairs["first"] != pairs["second"]
    rows = [
        {
            "distance": limit,
            "across_lesions": int((across & (pairs["distance"] <= limit)).sum()),
            "confirmed": int(pairs.loc[pairs["confirmed"] & (pairs["distance"] <= limit), "lesions"].nunique()),
            "within_a_lesion": int((~across & (pairs["distance"] <= limit)).sum()),
        }
        for limit in DISTANCES
    ]
    pd.DataFrame(rows).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
