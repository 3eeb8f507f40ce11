"""The five baselines by name: four to hold a network against, and the one it must not use."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.baselines.metadata import encode
from dermoscopy.baselines.pictures import colour_quantiles, describe, pixels
from dermoscopy.baselines.regression import regress
from dermoscopy.params.baselines import Baselines


def predict_baselines(train: pd.DataFrame, test: pd.DataFrame, settings: Baselines) -> dict[str, NDArray[np.float64]]:
    """Fit every baseline on the originals of train and predict the test part.

    Args:
        train: Rows of `tables.parts.PART`, originals of both labels among them; copies are left out.
        test: Likewise.
        settings: The `baselines` block.

    Returns:
        Probabilities of malignant by the baseline's name, in the order of `test`:

        - prevalence: train's share of malignant photographs, for everyone;
        - age_sex_site: what a doctor knows before the photograph is taken;
        - colours: colour statistics of the whole photograph;
        - thumbnail: a photograph too small to show any structure;
        - dx_type: how the diagnosis was confirmed. It is a leak, since malignant lesions go to
          histology and benign ones are followed up: shown as a warning, never a feature.
    """
    train = train[train["source"] == train["image_id"]]
    label = train["label"].to_numpy()

    of_train, of_test = ([Path(path) for path in part["path"]] for part in (train, test))
    colours = colour_quantiles(settings.quantiles)
    features = {
        "age_sex_site": encode(train, test, ["age", "sex", "localization"]),
        "colours": [describe(paths, settings.colour_size, colours) for paths in (of_train, of_test)],
        "thumbnail": [describe(paths, settings.thumbnail, pixels) for paths in (of_train, of_test)],
        "dx_type": encode(train, test, ["dx_type"]),
    }
    fitted = {name: regress(known, label, asked, settings.regularization) for name, (known, asked) in features.items()}
    return {"prevalence": np.full(len(test), label.mean()), **fitted}
