"""data/predictions/<member>/<part>.csv: a member's probability for each photograph of a part."""

from dermoscopy.tables.table import Table

PREDICTIONS = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "dx": "str",
        "label": "int64",
        "probability": "float64",  # that the lesion is malignant
    },
    order=("image_id",),
)
