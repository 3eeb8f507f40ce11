"""Simulated lesions with one to three images and scores of known separation."""

import numpy as np
import pandas as pd

IMAGES = (1, 1, 1, 2, 3)


def simulate(lesions: int, generator: np.random.Generator, separations: tuple[float, ...] = (2.0,)) -> pd.DataFrame:
    """Simulate images of lesions, a third of them malignant.

    Images of one lesion are correlated, and so are the scores of one image.

    Args:
        lesions: Number of lesions.
        generator: Random generator.
        separations: For each score, the difference of the mean logits of malignant and benign.

    Returns:
        A row per image: lesion_id, label, and a probability for each separation, p0, p1, ...
    """
    lesion = np.repeat(np.arange(lesions), generator.choice(IMAGES, lesions))
    label = (lesion % 3 == 0).astype(int)
    own, shared = generator.normal(size=lesions)[lesion], generator.normal(size=len(lesion))
    rows = pd.DataFrame({"lesion_id": [f"HAM_{name:06d}" for name in lesion], "label": label})
    for number, separation in enumerate(separations):
        noise = 0.7 * own + 0.4 * shared + 0.6 * generator.normal(size=len(lesion))
        rows[f"p{number}"] = 1 / (1 + np.exp(1 - separation * label - noise))
    return rows
