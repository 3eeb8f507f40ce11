"""data/merged/metadata.csv: a row a photograph of the archive."""

from dermoscopy.tables.table import Table

MERGED = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "group": "str",  # lesions that must stay in one part, named after the first of them
        "dx": "str",
        "dx_type": "str",
        "age": "float64",  # years
        "sex": "str",
        "localization": "str",
        "sha256": "str",  # of the photograph's file
    },
    order=("image_id",),
)
