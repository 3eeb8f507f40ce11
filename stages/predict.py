"""Predict train, val and test with every member."""

from pathlib import Path

from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.progress import progress
from dermoscopy.core.splits import SPLITS, like_val, read_split
from dermoscopy.core.stage import checkpoints, remove_finished, run
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member
from dermoscopy.predict.params import Predict
from dermoscopy.predict.predict import predict_split


def predict() -> None:
    """Predict the probability of malignancy of every image of val and test, and of train's originals."""
    remove_finished(checkpoints())
    settings = load("predict", Predict)
    runtime = load("runtime", Runtime)
    splits = {split: read_split(Path(f"data/split/{split}.csv"), split) for split in SPLITS}
    splits["train"] = like_val(splits["train"], splits["val"])
    members = member_names()
    with progress("Predict", len(members) * sum(map(len, splits.values()))) as advance:
        for member in members:
            configure(runtime)
            trained = load_member(Path("data/models") / member)
            for split, rows in splits.items():
                predictions = predict_split(trained, rows, settings, runtime)
                PREDICTIONS.write(predictions, Path(f"data/predictions/{split}/{member}.csv"))
                advance(len(rows))


if __name__ == "__main__":
    run(predict)
