"""Run the default pipeline on simulated datasets of several seeds, and on fresh lesions of the committed one.

python benchmarks/simulated.py 1 2 3 4 5      # writes docs/simulated.csv: one experiment of DVC for each seed
python benchmarks/simulated.py --fresh 2500   # writes docs/simulated_fresh.csv: the models in data/ on new lesions

The intervals of a run are for other lesions; the seeds also change the training images and with them the models. The
fresh lesions have another seed, so no model has seen them, and they are many: their values are those of the population.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from dermoscopy.baselines.baselines import predict_baselines
from dermoscopy.baselines.params import Baselines
from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.splits import read_split
from dermoscopy.core.tables import ENSEMBLE, LATENT, LATENT_SCORES
from dermoscopy.ensemble.fit import read_ensemble
from dermoscopy.ham10000.metadata import METADATA, list_images, read_valid
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member
from dermoscopy.predict.params import Predict
from dermoscopy.predict.predict import predict_split
from dermoscopy.simulate.dataset import simulate
from dermoscopy.simulate.params import Simulate
from dermoscopy.split.params import Policy
from dermoscopy.split.split import labels
from dermoscopy.stats.roc import roc_auc_interval, roc_aucs

RUNS, FRESH = Path("docs/simulated.csv"), Path("docs/simulated_fresh.csv")
FRESH_SEED = 1000  # far from the seeds of the runs
CONFIDENCE = 0.95


def main() -> None:
    """Run the seeds, or predict fresh lesions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="*", type=int, metavar="seed")
    parser.add_argument("--fresh", type=int, metavar="LESIONS", help="number of fresh lesions")
    arguments = parser.parse_args()
    for seed in arguments.seeds:
        add(run(seed))
    if arguments.fresh:
        fresh(arguments.fresh).to_csv(FRESH, index=False, lineterminator="\n", float_format="%.4f")


def add(rows: pd.DataFrame) -> None:
    """Write the rows of a run into the table, in place of those of an earlier run with the same seed."""
    earlier = pd.read_csv(RUNS) if RUNS.is_file() else rows.head(0)
    table = pd.concat([earlier[~earlier["seed"].isin(rows["seed"])], rows]).sort_values("seed", kind="stable")
    table.to_csv(RUNS, index=False, lineterminator="\n", float_format="%.4f")


def run(seed: int) -> pd.DataFrame:
    """Run the pipeline with a seed of the simulation, and return the ROC AUC of each classifier on test, by image."""
    start = time.monotonic()
    command = ["dvc", "exp", "run", "--force", "--name", f"simulated-{seed}", "-S", f"simulate.seed={seed}"]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"The run with simulate.seed={seed} failed: see above.")
    scores = pd.read_csv("plots/roc_auc.csv")[["kind", "name", "value", "low", "high", "within_source"]]
    images, lesions = (pd.read_csv("data/split/test.csv")[column].nunique() for column in ("image_id", "lesion_id"))
    return scores.assign(seed=seed, images=images, lesions=lesions, seconds=time.monotonic() - start)


def fresh(lesions: int) -> pd.DataFrame:
    """Return the ROC AUC of all classifiers of the last run on simulated lesions that it has not seen, by image."""
    parameters = load("simulate", Simulate)
    parameters = parameters.model_copy(update={"seed": FRESH_SEED + parameters.seed, "lesions": lesions})
    with tempfile.TemporaryDirectory() as folder:
        raw, truth = Path(folder, "raw"), Path(folder, "truth")
        simulate(parameters, raw, truth)
        rows = fresh_rows(raw)
        latent = LATENT_SCORES.read(truth / "scores.csv").set_index("image_id")["score"]
        scores = {(kind, name): score for kind, name, score in classifiers(rows)}
    scores["ceiling", LATENT] = latent[rows["image_id"]].to_numpy()
    roc = roc_aucs(
        rows["label"].to_numpy(), pd.DataFrame(scores).to_numpy().T, rows["lesion_id"].to_numpy(dtype=object)
    )
    table = []
    for index, (kind, name) in enumerate(scores):
        value, variance = float(roc.aucs[index]), float(roc.covariance[index, index])
        low, high = roc_auc_interval(value, variance, roc.lesions, CONFIDENCE)
        table.append({"kind": kind, "name": name, "value": value, "low": low, "high": high})
    return pd.DataFrame(table).assign(images=len(rows), lesions=rows["lesion_id"].nunique())


def fresh_rows(raw: Path) -> pd.DataFrame:
    """Return the images of a dataset as rows of a split."""
    files = {path.stem: path for path in list_images(raw)}
    table = read_valid(raw / METADATA, set())
    paths = [str(files[image_id]) for image_id in table["image_id"]]
    columns = {"label": labels(table["dx"], load("policy", Policy)), "source": table["image_id"], "path": paths}
    return table.assign(**columns)


def classifiers(rows: pd.DataFrame):
    """Yield kind, name and score of the ensemble, its members and the baselines, on rows of a split."""
    train = read_split(Path("data/split/train.csv"), "train")
    runtime, settings = load("runtime", Runtime), load("predict", Predict)
    configure(runtime)
    members = {
        member: predict_split(load_member(Path("data/models", member)), rows, settings, runtime)["probability"]
        for member in member_names()
    }
    combiner, calibration = read_ensemble(Path("data/ensemble"))
    yield "ensemble", ENSEMBLE, calibration.apply(combiner.combine(pd.DataFrame(members)))
    yield from (("member", name, score.to_numpy()) for name, score in members.items())
    baselines = predict_baselines(train, rows, load("baselines", Baselines))
    yield from (("baseline", name, score) for name, score in baselines.items())


if __name__ == "__main__":
    main()
