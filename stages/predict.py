"""The predict stage."""

from pathlib import Path

from dermoscopy.core.files import remove_finished
from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.splits import read_part
from dermoscopy.core.stage import checkpoints, run
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member
from dermoscopy.predict.params import Predict
from dermoscopy.predict.predict import predict_part


def predict() -> None:
    """Compute every member's probability for every photograph of val and test."""
    remove_finished(checkpoints())
    settings = load("predict", Predict)
    runtime = load("runtime", Runtime)
    parts = {part: read_part(Path(f"data/split/{part}.csv"), part) for part in ("val", "test")}
    for member in member_names():
        configure(runtime)
        model, parameters = load_member(Path("data/models") / member)
        for part, rows in parts.items():
            answers = predict_part(model, parameters, rows, settings.batch_size, runtime)
            PREDICTIONS.write(answers, Path(f"data/predictions/{member}/{part}.csv"))


if __name__ == "__main__":
    run(predict)
