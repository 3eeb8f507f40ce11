"""Draw Grad-CAM, activation maps and wrongly classified images, and measure whether Grad-CAM is inside the lesions."""

from pathlib import Path

import pandas as pd

from dermoscopy.core.members import member_names
from dermoscopy.core.params import Proportion, load
from dermoscopy.core.protocol import leak_warning, read_audited_protocol
from dermoscopy.core.splits import read_split
from dermoscopy.core.stage import run
from dermoscopy.core.tables import ENSEMBLE, LOCALIZATION, PREDICTIONS
from dermoscopy.ensemble.fit import read_ensemble
from dermoscopy.ensemble.thresholds import read_thresholds
from dermoscopy.evaluate.params import Point
from dermoscopy.explain.choose import choose_images, ensemble_predictions
from dermoscopy.explain.explain import Drawing, draw_activations, draw_examples, draw_wrong, heat_maps
from dermoscopy.explain.localization import measure_localization
from dermoscopy.explain.params import Explain
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member


def explain() -> None:
    """Draw what the members respond to, and the test images that the ensemble classifies wrongly."""
    settings = load("explain", Explain)
    test = read_split(Path("data/split/test.csv"), "test")
    predictions = {member: PREDICTIONS.read(Path(f"data/predictions/test/{member}.csv")) for member in member_names()}
    point, confidence = load("evaluate.point", Point), load("evaluate.confidence", Proportion)
    threshold = read_thresholds(Path("data/ensemble/points.csv"))[ENSEMBLE][point]
    combiner, calibration = read_ensemble(Path("data/ensemble"))
    shown = choose_images(ensemble_predictions(predictions, combiner, calibration, threshold), settings)
    paths = {image_id: Path(path) for image_id, path in zip(test["image_id"], test["path"], strict=True)}
    warning = leak_warning(read_audited_protocol(Path("data/audited")))
    drawing = Drawing(paths, Path("data/acquired/truth/masks"), Path("data/explain"), warning)

    configure(load("runtime", Runtime))
    heat, localization = {}, []
    for member in predictions:
        saved = load_member(Path("data/models") / member)
        draw_activations(member, saved, predictions[member], shown.examples, settings, drawing)
        heat[member] = heat_maps(saved, shown.image_ids, drawing, settings.map_size)
        localization += measure_localization(member, saved, test, drawing.masks, settings, confidence)
    draw_examples(shown, predictions, heat, combiner.members, drawing)
    title = f"by image, operating point {point}: predicted malignant from the calibrated probability {threshold:.3f} on"
    draw_wrong(shown, {member: heat[member] for member in combiner.members}, drawing, title)
    LOCALIZATION.write(
        pd.DataFrame(localization, columns=list(LOCALIZATION.columns)), drawing.folder / "localization.csv"
    )


if __name__ == "__main__":
    run(explain)
