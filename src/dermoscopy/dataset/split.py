"""Groups of lesions are dealt to train, val and test."""

import numpy as np
import pandas as pd

from dermoscopy.errors import ParameterError
from dermoscopy.params.split import Split
from dermoscopy.tables.parts import LABELS, PARTS


def deal(table: pd.DataFrame, params: Split) -> "pd.Series[str]":
    """Deal whole groups to the parts, stratified by label and diagnosis.

    The groups of a label are taken diagnosis by diagnosis, each diagnosis in random order, and
    every group goes to the part that so far lacks most photographs of its share. So each part's
    count of a label is off by less than a few groups' photographs, a diagnosis's likewise, and
    what a group's size is does not decide where it goes. scikit-learn's StratifiedGroupKFold
    needs shares that are multiples of one fold's and takes seconds on ten thousand photographs.

    Args:
        table: Columns `image_id`, `group`, `dx`, `label`; a row a photograph, in any order. A
            group of several labels counts as malignant.
        params: Shares and seed.

    Returns:
        The part of each row, by the table's index; the same for any order of the rows.

    Raises:
        ParameterError: A part would have no lesion of some label.
    """
    shares = np.array([1 - params.val - params.test, params.val, params.test])
    rng = np.random.default_rng(params.seed)
    # The last by label and diagnosis stands for its group: malignant, if any of it is.
    groups = table.sort_values(["group", "label", "dx"]).groupby("group")[["label", "dx"]].last()
    groups["photographs"] = table.groupby("group").size()

    part_of: dict[str, str] = {}
    for _, of_label in groups.groupby("label"):
        lacking = np.zeros(len(PARTS))
        for _, of_dx in of_label.groupby("dx"):
            for group, photographs in of_dx["photographs"].iloc[rng.permutation(len(of_dx))].items():
                part = int(np.argmax(lacking))
                lacking += photographs * shares
                lacking[part] -= photographs
                part_of[str(group)] = PARTS[part]

    dealt = table["group"].map(part_of)
    _refuse_gaps(table["label"], dealt)
    return dealt


def _refuse_gaps(label: "pd.Series[int]", part: "pd.Series[str]") -> None:
    gaps = [
        f"{name} gets no {label_name} photograph; there are {(label == value).sum()} in all"
        for name in PARTS
        for value, label_name in enumerate(LABELS)
        if not ((part == name) & (label == value)).any()
    ]
    if gaps:
        raise ParameterError(
            "Too few lesions to fill every part with both labels",
            gaps,
            "Raise merge.lesions, raise split.val or split.test, or change policy.malignant.",
        )
