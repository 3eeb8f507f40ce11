"""data/merged/duplicates.csv: photographs that are one, or of one lesion, under two names."""

from dermoscopy.tables.table import Table

DUPLICATES = Table(
    columns={
        "kind": "str",  # "same bytes", "near-duplicate" (perceptual hash), "confirmed" (by eye, published)
        "image_id": "str",  # the first of the two by name
        "other": "str",  # image_id of the second
        "lesion_id": "str",
        "other_lesion": "str",
        "distance": "float64",  # of the perceptual hashes, in bits of 256; empty for other kinds
    },
    order=("kind", "image_id", "other"),
)
