"""Copy a finished run into docs/results/<name>/, for README and the pages: no image, no weights, no path of a machine.

python docs/publish.py path/to/clone ham10000-cpu             # the run, and its rows in seeds.csv and costs.csv
python docs/publish.py path/to/clone ham10000-cpu --only-seed   # a run with another seed: its rows in these files only

The first argument is the folder of a clone whose working tree has the run. python docs/pages.py then writes the pages.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from dermoscopy.check.cost import prediction_seconds, search_seconds, training_seconds
from dermoscopy.check.counts import expected_images
from dermoscopy.check.disk import expected_disk
from dermoscopy.check.params import Params
from dermoscopy.core.pipeline import PIPELINE

RESULTS = Path("docs/results")
# What is copied; a folder with all files of the given endings. The tables of evaluation have no image either.
COPIED = (
    *("params.yaml", "dvc.lock", "data/source.json", "data/environment.json", "metrics", "plots", "data/evaluation"),
    *("data/ensemble", "data/explain", "data/report"),
)
ENDINGS = (".csv", ".json", ".yaml", ".lock", ".html")
LARGEST = 500_000  # bytes; a larger table is left out
IMAGE = re.compile(r'<img [^>]*?src="data:image/jpeg;base64,[^"]*"[^>]*>')
NOTE = "<p>This image is not published: the images of HAM10000 are CC BY-NC 4.0. Your own run shows it.</p>"
EXTERNAL = "evaluation-"  # start of the name of a folder that dermoscopy evaluate wrote
SEEDS, COSTS = "seeds.csv", "costs.csv"
KEPT = ("README.md", SEEDS, COSTS)  # when a run is published again
SEED_KEYS = ["seed", "split_seed"]
MEGABYTE = 2**20


def main() -> None:
    """Publish the run of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="path", help="folder of the clone with the finished run")
    parser.add_argument("name", help="name of the folder in docs/results/")
    parser.add_argument("--only-seed", action="store_true", help=f"write the rows of {SEEDS} and {COSTS} only")
    arguments = parser.parse_args()
    if not (arguments.run / "data/report/index.html").is_file():
        sys.exit(f"{arguments.run}: expected the folder of a finished run, but it has no data/report/index.html.")
    folder = RESULTS / arguments.name
    params = Params.model_validate(YAML(typ="safe").load(arguments.run / "params.yaml"))
    scores, spent = seed_rows(arguments.run, params), costs(arguments.run, params)
    if arguments.only_seed:
        if not folder.is_dir():
            sys.exit(f"{folder} does not exist: publish the run itself first, without --only-seed.")
    else:
        publish(arguments.run, folder)
    add_seed(scores, folder / SEEDS)
    add_seed(spent, folder / COSTS)


def publish(run: Path, folder: Path) -> None:
    """Write the files of a run into a folder, in place of all that it had but `KEPT`.

    Args:
        run: Folder of the clone.
        folder: Folder in docs/results/.
    """
    params = YAML(typ="safe").load(run / "params.yaml")
    with tempfile.TemporaryDirectory(dir=RESULTS.parent) as temporary:
        new = Path(temporary, folder.name)
        for source in files(run):
            target = new / published_path(source.relative_to(run))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(public(source.read_text(), local_paths(params)))
        for kept in KEPT:
            if (folder / kept).is_file():
                shutil.copy(folder / kept, new / kept)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(exist_ok=True)
        new.rename(folder)


def published_path(path: Path) -> Path:
    """Return where a file is published: tables of dermoscopy evaluate in external/, as git ignores evaluation-*."""
    first, *others = path.parts
    return Path("external", first.removeprefix(EXTERNAL), *others) if first.startswith(EXTERNAL) else path


def files(run: Path) -> Iterator[Path]:
    """Yield the files of a run that are published."""
    for path in [*(run / name for name in COPIED), *sorted(run.glob(f"{EXTERNAL}*"))]:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            if file.is_file() and file.suffix in ENDINGS and (file.suffix == ".html" or file.stat().st_size < LARGEST):
                yield file


def local_paths(params: Mapping[str, Any]) -> list[str]:
    """Return the paths of this machine in the parameters: of the dataset and of starting weights."""
    sources = [params["data"]["path"], *(entry["source"] for entry in params["data"]["weights"].values())]
    return [source for source in sources if source and os.sep in source]


def public(text: str, paths: list[str]) -> str:
    """Return a text with images replaced by a note, and local paths by path/to/<name>."""
    text = IMAGE.sub(NOTE, text)
    for path in paths:
        text = text.replace(path, f"path/to/{Path(path).name}")
    return text


def costs(run: Path, params: Params) -> pd.DataFrame:
    """Return what each stage took, and what `check` expected.

    Args:
        run: Folder of the clone.
        params: Its parameters.

    Returns:
        A row for each stage in the order of dvc.yaml: `seconds`, `peak_memory_mb`, `images_per_second` (of training)
        and `expected_seconds` (of training, prediction and search); then a row `disk` with `megabytes` and
        `expected_megabytes`, of data, DVC's cache and checkpoints. All have the seeds of the run.
    """
    stages = list(YAML(typ="safe").load(run / PIPELINE)["stages"])
    images = expected_images(params, source := json.loads((run / "data/source.json").read_text()))
    expected = {f"train@{name}": training_seconds(name, params, images) for name in params.models}
    predictions = [prediction_seconds(name, params, images) for name in params.models]
    expected["predict"] = None if None in predictions else sum(filter(None, predictions))
    expected["search"] = search_seconds(params, images)
    rows = []
    for file in sorted((run / "runs").glob("*.json"), key=lambda file: stages.index(file.stem.partition("@")[0])):
        recorded = json.loads(file.read_text())
        row = {"stage": file.stem} | {key: recorded[key] for key in ("seconds", "peak_memory_mb")}
        row |= {"images_per_second": recorded.get("images_per_second"), "expected_seconds": expected.get(file.stem)}
        rows.append(row)
    disk = sum(size(run / name) for name in ("data", ".dvc/cache", ".checkpoints")) / MEGABYTE
    expected_megabytes = expected_disk(params, source, images) / MEGABYTE
    rows.append({"stage": "disk", "megabytes": disk, "expected_megabytes": expected_megabytes})
    return pd.DataFrame(rows).round(1).assign(seed=params.seed, split_seed=params.split.seed)


def size(folder: Path) -> int:
    """Return the bytes of the files in a folder; a file with several links counts once."""
    stats = (path.lstat() for path in folder.rglob("*") if path.is_file())
    return sum({(stat.st_dev, stat.st_ino): stat.st_size for stat in stats}.values())


def seed_rows(run: Path, params: Params) -> pd.DataFrame:
    """Return the ROC AUCs of a run on test and val, by image, with its seeds."""
    scores = pd.read_csv(run / "plots/roc_auc.csv")
    scores = scores[scores["kind"].isin(["ensemble", "member"])]
    # Members as the stage predict predicts them, like on test; metrics/val/ has one view of each image.
    best = pd.read_csv(run / "plots/best_epoch.csv").query("split == 'val'").set_index("name")["roc_auc"]
    ensemble = json.loads((run / "metrics/val.json").read_text())["roc_auc"]
    on_val = [best.get(name, ensemble) for name in scores["name"]]
    columns = ["kind", "name", "value", "low", "high", "within_source", "within_low", "within_high"]
    return scores[columns].assign(val=on_val, seed=params.seed, split_seed=params.split.seed)


def add_seed(rows: pd.DataFrame, path: Path) -> None:
    """Write the rows of a run into the table, in place of those of an earlier run with the same seeds."""
    if path.is_file():
        earlier = pd.read_csv(path)
        same = pd.MultiIndex.from_frame(earlier[SEED_KEYS]).isin(pd.MultiIndex.from_frame(rows[SEED_KEYS]))
        rows = pd.concat([earlier[~same], rows])
    rows.sort_values(SEED_KEYS, kind="stable").to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
