"""Draw activation maps and wrongly classified images."""

from pathlib import Path

from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.protocol import leak_warning, read_audited_protocol
from dermoscopy.core.splits import read_split
from dermoscopy.core.stage import run
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.explain.explain import draw_activations, draw_wrong, mean_members
from dermoscopy.explain.params import Explain
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure


def explain() -> None:
    """Draw the activation maps of the members and the wrongly classified test images."""
    settings = load("explain", Explain)
    test = read_split(Path("data/split/test.csv"), "test")
    predictions = {member: PREDICTIONS.read(Path(f"data/predictions/test/{member}.csv")) for member in member_names()}
    mean = mean_members(predictions)
    paths = {image_id: Path(path) for image_id, path in zip(test["image_id"], test["path"], strict=True)}

    folder, warning = Path("data/explain"), leak_warning(read_audited_protocol(Path("data/audited")))
    draw_wrong(mean, paths, settings.wrong, folder, warning)
    configure(load("runtime", Runtime))
    for member in predictions:
        model = Path("data/models") / member
        masks = Path("data/acquired/truth/masks")
        draw_activations(member, model, predictions[member], mean, paths, masks, settings, folder, warning)


if __name__ == "__main__":
    run(explain)
