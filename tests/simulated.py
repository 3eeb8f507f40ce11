"""Lesions with known scores, imaged once to three times, in numbers like the embedded dataset's test split."""

import numpy as np
import pandas as pd

PHOTOGRAPHS = (1, 1, 1, 2, 3)


def simulate(lesions: int, generator: np.random.Generator, separations: tuple[float, ...] = (2.0,)) -> pd.DataFrame:
    """A third malignant; columns lesion_id, label, and a probability a separation, p0, p1, ...

    Images of one lesion agree more than those of two, and scores of one image agree too.
    """
    lesion = np.repeat(np.arange(lesions), generator.choice(PHOTOGRAPHS, lesions))
    label = (lesion % 3 == 0).astype(int)
    own, shared = generator.normal(size=lesions)[lesion], generator.normal(size=len(lesion))
    rows = pd.DataFrame({"lesion_id": [f"HAM_{name:06d}" for name in lesion], "label": label})
    for number, separation in enumerate(separations):
        noise = 0.7 * own + 0.4 * shared + 0.6 * generator.normal(size=len(lesion))
        rows[f"p{number}"] = 1 / (1 + np.exp(1 - separation * label - noise))
    return rows
