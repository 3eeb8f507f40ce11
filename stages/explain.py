"""Show what the members see, and what they get wrong."""

from pathlib import Path
from typing import get_args

from dermoscopy.evaluation.protocol import read_audited, warning
from dermoscopy.explain.choose import mean_members
from dermoscopy.explain.members import draw_activations, draw_wrong
from dermoscopy.networks.runtime import configure
from dermoscopy.params.explain import Explain
from dermoscopy.params.file import load
from dermoscopy.params.models import Member
from dermoscopy.params.runtime import Runtime
from dermoscopy.stage import run
from dermoscopy.tables.parts import read_part
from dermoscopy.tables.predictions import PREDICTIONS


def explain() -> None:
    """Draw the members' activation maps and the test photographs they get wrong."""
    settings = load("explain", Explain)
    test = read_part(Path("data/split/test.csv"), "test")
    predictions = {member: PREDICTIONS.read(Path(f"data/predictions/{member}/test.csv")) for member in get_args(Member)}
    mean = mean_members(predictions)
    paths = {image_id: Path(path) for image_id, path in zip(test["image_id"], test["path"], strict=True)}

    folder, warned = Path("data/explain"), warning(read_audited(Path("data/audited")))
    draw_wrong(mean, paths, settings.wrong, folder, warned)
    configure(load("runtime", Runtime))
    for member in predictions:
        model = Path("data/models") / member
        masks = Path("data/truth/masks")
        draw_activations(member, model, predictions[member], mean, paths, masks, settings, folder, warned)


if __name__ == "__main__":
    run(explain)
