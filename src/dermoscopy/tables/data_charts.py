"""plots/*.csv of the data report: the rows behind each chart.

As in the other charts' tables, `protocol` is how the parts were drawn, with a warning where they
share lesions.
"""

from dermoscopy.tables.table import Table

# plots/parts.csv: the photographs and lesions of each diagnosis, without copies.
COUNTS = Table(
    columns={"part": "str", "label": "str", "dx": "str", "protocol": "str", "images": "int64", "lesions": "int64"},
    order=("part", "label", "dx"),
)

# plots/by_part.csv and by_label.csv: a row a bar. Each chart has a column of its own, which names its
# bars and is empty in the rows of the others.
BY_PART = Table(
    columns={
        "part": "str",
        "protocol": "str",
        "prevalence": "str",  # "of photographs", "of lesions": the share that is malignant
        "photographs": "str",  # of a lesion, "1" to "4 or more": the share of lesions
        "missing": "str",  # "age", "sex", "localization": the share of photographs
        "share": "float64",  # from 0 to 1
    },
    order=("prevalence", "photographs", "missing", "part"),
)

BY_LABEL = Table(
    columns={
        "label": "str",
        "protocol": "str",
        "age": "str",  # ten years, "40-49", or "unknown"
        "sex": "str",  # or "unknown"
        "localization": "str",  # or "unknown"
        "share": "float64",  # of the label's photographs, from 0 to 1
    },
    order=("age", "sex", "localization", "label"),
)
