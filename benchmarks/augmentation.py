"""Measure how well simple features tell augmented malignant images from original ones.

python benchmarks/augmentation.py simulated
python benchmarks/augmentation.py ham10000 path/to/ham10000

The first argument names the dataset in docs/augmentation.csv; its rows are replaced. Without a path the dataset is
simulated.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from augmentation_probe import measure, one_sided_zoom, roc_aucs
from PIL import Image

from dermoscopy.augment.augment import augment_image
from dermoscopy.augment.params import Augment
from dermoscopy.core.params import load, read_yaml
from dermoscopy.ham10000.metadata import METADATA
from dermoscopy.simulate.dataset import simulate
from dermoscopy.simulate.params import Simulate

RESULTS = Path("docs/augmentation.csv")
PROFILE = Path("profiles/ham10000.yaml")
IMAGES = 650  # malignant originals
SIZES = (32, 80, 224)
SEED = 1


def malignant_images(folder: Path) -> tuple[list[Path], list[str]]:
    """Return a sample of the malignant originals of a dataset: files and lesions."""
    table = pd.read_csv(folder / METADATA)
    table = table[table["dx"].isin(read_yaml(Path("params.yaml").read_text())["policy"]["malignant"].split("+"))]
    table = table.sample(min(IMAGES, len(table)), random_state=SEED)
    files = {path.stem: path for path in folder.rglob("*.jpg")}
    return [files[image_id] for image_id in table["image_id"]], table["lesion_id"].tolist()


def main() -> None:
    """Measure each method at each image size and write the rows."""
    dataset = sys.argv[1]
    default, flip = load("augment", Augment), read_yaml(Path("params.yaml").read_text())["training"]["augment"]["flip"]
    paper = default.model_copy(update=read_yaml(PROFILE.read_text())["augment"])

    def with_parameters(params: Augment) -> Callable[[Path, int], bytes]:
        return lambda path, _: augment_image(path, f"{path.stem}_copy1", params, SEED)

    methods = {
        "one-sided zoom, interpolated": (lambda path, n: one_sided_zoom(path, np.random.default_rng([SEED, n])), 0.0),
        "all changes of the paper": (with_parameters(paper), 0.0),
        "flips": (with_parameters(default), 0.0),
        "flips, and flips in training": (with_parameters(default), flip),
    }
    rows = []
    with TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary, "raw")
        if len(sys.argv) <= 2:
            params = load("simulate", Simulate).model_copy(update={"malignant": 0.9})
            simulate(params, folder, Path(temporary, "truth"))
        originals, lesions = malignant_images(folder)
        augmented = Path(temporary, "augmented")
        augmented.mkdir()
        with Image.open(originals[0]) as image:
            file_size = image.size
        measured = {
            (size, chance): measure(originals, file_size, size, chance, 2) for size in SIZES for chance in {0.0, flip}
        }
        for method, (make, chance) in methods.items():
            paths = [augmented / path.name for path in originals]
            for number, (original, path) in enumerate(zip(originals, paths, strict=True)):
                path.write_bytes(make(original, number))
            for size in SIZES:
                found = roc_aucs(measured[size, chance], measure(paths, file_size, size, chance, 3), lesions)
                rows.append({"dataset": dataset, "images": len(paths), "method": method, "image_size": size} | found)
                print(rows[-1], flush=True)
    other_rows = pd.read_csv(RESULTS).query("dataset != @dataset") if RESULTS.is_file() else None
    table = pd.concat([other_rows, pd.DataFrame(rows)])
    table.to_csv(RESULTS, index=False, float_format="%.3f", lineterminator="\n")


if __name__ == "__main__":
    main()
