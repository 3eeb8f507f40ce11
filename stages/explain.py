"""Draw activation maps and wrongly classified images."""

from pathlib import Path

from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.protocol import leak_warning, read_audited_protocol
from dermoscopy.core.splits import read_split
from dermoscopy.core.stage import run
from dermoscopy.core.tables import ENSEMBLE, PREDICTIONS
from dermoscopy.ensemble.fit import read_ensemble
from dermoscopy.ensemble.thresholds import read_thresholds
from dermoscopy.evaluate.params import Point
from dermoscopy.explain.explain import draw_activations, draw_wrong, ensemble_predictions
from dermoscopy.explain.params import Explain
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure


def explain() -> None:
    """Draw the activation maps of the members and the test images that the ensemble classifies wrongly."""
    settings = load("explain", Explain)
    test = read_split(Path("data/split/test.csv"), "test")
    predictions = {member: PREDICTIONS.read(Path(f"data/predictions/test/{member}.csv")) for member in member_names()}
    point = load("evaluate.point", Point)
    threshold = read_thresholds(Path("data/ensemble/points.csv"))[ENSEMBLE][point]
    predicted = ensemble_predictions(predictions, *read_ensemble(Path("data/ensemble")), threshold)
    paths = {image_id: Path(path) for image_id, path in zip(test["image_id"], test["path"], strict=True)}

    folder, warning = Path("data/explain"), leak_warning(read_audited_protocol(Path("data/audited")))
    title = f"by image, operating point {point}: predicted malignant from the calibrated probability {threshold:.3f} on"
    draw_wrong(predicted, paths, settings.wrong, folder, title, warning)
    configure(load("runtime", Runtime))
    for member in predictions:
        model = Path("data/models") / member
        masks = Path("data/acquired/truth/masks")
        draw_activations(member, model, predictions[member], predicted, paths, masks, settings, folder, warning)


if __name__ == "__main__":
    run(explain)
