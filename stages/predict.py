"""The predict stage."""

from pathlib import Path
from typing import get_args

from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member
from dermoscopy.params.file import load
from dermoscopy.params.models import Member
from dermoscopy.params.predict import Predict
from dermoscopy.params.runtime import Runtime
from dermoscopy.predict.photographs import predict_part
from dermoscopy.stage import checkpoints, run
from dermoscopy.tables.parts import read_part
from dermoscopy.tables.predictions import PREDICTIONS
from dermoscopy.training.checkpoints import remove_finished


def predict() -> None:
    """Compute every member's probability for every photograph of val and test."""
    remove_finished(checkpoints())
    settings = load("predict", Predict)
    runtime = load("runtime", Runtime)
    parts = {part: read_part(Path(f"data/split/{part}.csv"), part) for part in ("val", "test")}
    for member in get_args(Member):
        configure(runtime)
        model, parameters = load_member(Path("data/models") / member)
        for part, rows in parts.items():
            answers = predict_part(model, parameters, rows, settings.batch_size, runtime)
            PREDICTIONS.write(answers, Path(f"data/predictions/{member}/{part}.csv"))


if __name__ == "__main__":
    run(predict)
