"""data/truth/scores.csv: the simulator's latent score of each photograph; no rows for a real archive."""

from dermoscopy.tables.table import Table

SCORES = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "score": "float64",  # the larger, the more malignant; no model of the photographs can know more
    },
    order=("image_id",),
)
