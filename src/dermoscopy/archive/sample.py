"""A sample of an archive's lesions, for quick runs."""

import numpy as np
import pandas as pd

from dermoscopy.errors import ParameterError


def sample_lesions(table: pd.DataFrame, size: int, rng: np.random.Generator) -> list[str]:
    """Draw lesions at random, each diagnosis in its proportion and none left out if it can be helped.

    Lesions in random order are ranked by (rank within the diagnosis + 1/2) / lesions of the
    diagnosis, the quotients of Sainte-Laguë's apportionment; the first of each diagnosis comes
    first. Of one seed, a smaller sample is part of a larger one.

    Args:
        table: Columns `lesion_id`, `dx`; a row a photograph, in any order.
        size: Lesions to draw.
        rng: What draws them.

    Returns:
        `size` lesion_ids, sorted.

    Raises:
        ParameterError: The archive has fewer lesions.
    """
    lesions = table.sort_values("lesion_id").drop_duplicates("lesion_id")[["lesion_id", "dx"]]
    if size > len(lesions):
        raise ParameterError(
            "The archive is too small",
            [f"merge.lesions: {size} lesions wanted, {len(lesions)} are there"],
            "Set merge.lesions to that or less, or to null for all of them.",
        )
    drawn = lesions.iloc[rng.permutation(len(lesions))]
    by_diagnosis = drawn.groupby("dx")["lesion_id"]
    rank = by_diagnosis.cumcount()
    quotient = ((rank + 0.5) / by_diagnosis.transform("size")).where(rank > 0, 0)
    chosen = drawn.loc[quotient.sort_values(kind="stable").index[:size], "lesion_id"]
    return sorted(chosen)
