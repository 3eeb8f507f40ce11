"""Whole groups are dealt to parts at random, each part with its share of every diagnosis."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dermoscopy.errors import ParameterError
from dermoscopy.tables.parts import LABELS


def deal(table: pd.DataFrame, shares: Mapping[str, float], seed: int) -> "pd.Series[str]":
    """Deal whole groups to the parts, stratified by label and diagnosis.

    The groups of a label are taken diagnosis by diagnosis, each diagnosis in random order, and
    every group goes to the part that so far lacks most photographs of its share. So each part's
    count of a label is off by less than a few groups' photographs, a diagnosis's likewise, and
    what a group's size is does not decide where it goes. scikit-learn's StratifiedGroupKFold
    needs shares that are multiples of one fold's and takes seconds on ten thousand photographs.

    Args:
        table: Columns `group`, `dx`, `label`; a row a picture, in any order. A group of several
            labels counts as malignant.
        shares: Part to its share of the pictures; they sum to 1.
        seed: Of the draw.

    Returns:
        The part of each row, by the table's index; the same for any order of the rows.

    Raises:
        ParameterError: A part would have no picture of some label.
    """
    parts, wanted = list(shares), np.array(list(shares.values()))
    rng = np.random.default_rng(seed)
    # The last by label and diagnosis stands for its group: malignant, if any of it is.
    groups = table.sort_values(["group", "label", "dx"]).groupby("group")[["label", "dx"]].last()
    groups["pictures"] = table.groupby("group").size()

    part_of: dict[str, str] = {}
    for _, of_label in groups.groupby("label"):
        lacking = np.zeros(len(parts))
        for _, of_dx in of_label.groupby("dx"):
            for group, pictures in of_dx["pictures"].iloc[rng.permutation(len(of_dx))].items():
                part = int(np.argmax(lacking))
                lacking += pictures * wanted
                lacking[part] -= pictures
                part_of[str(group)] = parts[part]

    dealt = table["group"].map(part_of)
    gaps = [
        f"{part} gets no {name} photograph; there are {(table['label'] == label).sum()} in all"
        for part in parts
        for label, name in enumerate(LABELS)
        if not ((dealt == part) & (table["label"] == label)).any()
    ]
    if gaps:
        raise ParameterError(
            "Too few lesions to fill every part with both labels",
            gaps,
            "Raise merge.lesions, raise split.val or split.test, or change policy.malignant.",
        )
    return dealt
