"""data/split/<part>.csv: who is where; a row a picture, original or planned copy."""

from dermoscopy.tables.table import Table

PARTS = ("train", "val", "test")

LABELS = ("benign", "malignant")  # their labels are 0 and 1, their folders bear their names

PART = Table(
    columns={
        "image_id": "str",  # a copy's is its original's, "_copy" and a number
        "lesion_id": "str",
        "group": "str",
        "dx": "str",
        "dx_type": "str",
        "age": "float64",
        "sex": "str",
        "localization": "str",
        "label": "int64",
        "part": "str",
        "source": "str",  # image_id of the original; an original's own
        "path": "str",  # from the project's top folder
        "sha256": "str",  # of an original's file; empty for a copy, which is not made yet
    },
    order=("image_id",),
)
