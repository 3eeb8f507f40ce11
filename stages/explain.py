"""Show what the members see, and what they get wrong."""

from pathlib import Path

from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.splits import leak_warning, read_audited_protocol, read_split
from dermoscopy.core.stage import run
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.explain.explain import draw_activations, draw_wrong, mean_members
from dermoscopy.explain.params import Explain
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure


def explain() -> None:
    """Draw the members' activation maps and the test images they get wrong."""
    settings = load("explain", Explain)
    test = read_split(Path("data/split/test.csv"), "test")
    predictions = {member: PREDICTIONS.read(Path(f"data/predictions/{member}/test.csv")) for member in member_names()}
    mean = mean_members(predictions)
    paths = {image_id: Path(path) for image_id, path in zip(test["image_id"], test["path"], strict=True)}

    folder, warned = Path("data/explain"), leak_warning(read_audited_protocol(Path("data/audited")))
    draw_wrong(mean, paths, settings.wrong, folder, warned)
    configure(load("runtime", Runtime))
    for member in predictions:
        model = Path("data/models") / member
        masks = Path("data/truth/masks")
        draw_activations(member, model, predictions[member], mean, paths, masks, settings, folder, warned)


if __name__ == "__main__":
    run(explain)
