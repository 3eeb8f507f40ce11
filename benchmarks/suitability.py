"""Measure which images are flagged as not suitable: of a dataset, of others, changed ones, and foreign ones.

pip install --target path/to/site scikit-image lazy_loader
PYTHONPATH=path/to/site python benchmarks/suitability.py --data path/to/ham10000 --external path/to/images

The first reference is fitted on train and val of the dataset, split by lesion as the pipeline does; test is measured.
The second is that of the current run (data/split), so run the pipeline first. Screenshots need Chromium.
Writes docs/suitability.csv.
"""

import argparse
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import foreign_images
import numpy as np
import pandas as pd
from PIL import Image, ImageFilter

from dermoscopy.core.files import sha256_all
from dermoscopy.core.images import open_image, to_rgb
from dermoscopy.core.params import load
from dermoscopy.core.splits import SPLITS, read_split
from dermoscopy.core.tables import DATASET
from dermoscopy.ham10000.duplicates import find_duplicates, group_lesions, perceptual_hashes
from dermoscopy.ham10000.metadata import METADATA, list_images, read_valid
from dermoscopy.merge.params import Merge
from dermoscopy.split.params import Policy, Split
from dermoscopy.split.split import split_tables
from dermoscopy.suitability.params import Suitability
from dermoscopy.suitability.suitability import REASONS, Reference, fit_reference, measure_files

RESULTS = Path("docs/suitability.csv")
PROPORTIONS = {"val": 0.1, "test": 0.2, "held_out": None, "protocol": "lesion"}  # as in profiles/ham10000.yaml
CHANGED = 300  # images of test that are changed
Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def blur(sigma: float) -> Change:
    """Return a change that blurs with a Gaussian of this standard deviation, in pixels."""
    return lambda image, rng: image.filter(ImageFilter.GaussianBlur(sigma))


def brighten(factor: float) -> Change:
    """Return a change that multiplies all values; a factor below 1 darkens."""
    return lambda image, rng: _image(np.asarray(image, float) * factor)


def add_noise(sigma: float) -> Change:
    """Return a change that adds normal noise of this standard deviation to each channel, in values from 0 to 255."""
    return lambda image, rng: _image(np.asarray(image) + rng.normal(0, sigma, np.asarray(image).shape))


def fade(contrast: float) -> Change:
    """Return a change that keeps this proportion of the differences from the mean colour."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        values = np.asarray(image, float)
        mean = values.mean(axis=(0, 1))
        return _image(mean + contrast * (values - mean))

    return change


def shrink(size: int, *, enlarge: bool) -> Change:
    """Return a change that reduces the image to a square of this width in pixels, and may enlarge it again."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        small = image.resize((size, size), Image.Resampling.BILINEAR)
        return small.resize(image.size, Image.Resampling.BICUBIC) if enlarge else small

    return change


def enlarge(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the image with the size of the published ones."""
    return image.resize((600, 450), Image.Resampling.BICUBIC)


def crop(proportion: float) -> Change:
    """Return a change that keeps the middle: this proportion of width and height."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        x, y = (round(size * (1 - proportion) / 2) for size in image.size)
        return image.crop((x, y, image.width - x, image.height - y))

    return change


def save(quality: int) -> Change:
    """Return a change that saves the image as JPEG with this quality."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality)
        return Image.open(stream).convert("RGB")

    return change


def tint(red: float, blue: float) -> Change:
    """Return a change that multiplies red and blue: another white balance."""
    return lambda image, rng: _image(np.asarray(image, float) * [red, 1, blue])


CHANGES: dict[str, dict[str, Change]] = {
    "blur: standard deviation in pixels of 224": {str(sigma): blur(sigma) for sigma in (1, 2, 3, 4, 6, 8)},
    "darker: factor": {str(factor): brighten(factor) for factor in (0.85, 0.7, 0.5, 0.35, 0.2)},
    "brighter: factor": {str(factor): brighten(factor) for factor in (1.1, 1.3, 1.6, 2)},
    "noise: standard deviation of 255": {str(sigma): add_noise(sigma) for sigma in (2, 5, 10, 15, 20, 30, 40)},
    "less contrast: proportion that is left": {str(contrast): fade(contrast) for contrast in (0.8, 0.6, 0.4, 0.2)},
    "reduced to pixels, enlarged to 224": {str(size): shrink(size, enlarge=True) for size in (128, 96, 64, 48, 32)},
    "reduced to pixels": {str(size): shrink(size, enlarge=False) for size in (128, 96, 64, 48, 32)},
    "the middle only: proportion of the width": {str(part): crop(part) for part in (0.8, 0.5, 0.25)},
    "JPEG: quality": {str(quality): save(quality) for quality in (95, 50, 30)},
    "other": {
        "enlarged to 600 x 450": enlarge,
        "turned by 90 degrees": lambda image, rng: image.transpose(Image.Transpose.ROTATE_90),
        "warmer (red + 5 %, blue - 7 %)": tint(1.05, 0.93),
        "colder (red - 5 %, blue + 7 %)": tint(0.95, 1.07),
        "grey": lambda image, rng: image.convert("L").convert("RGB"),
        "red and blue exchanged": lambda image, rng: _image(np.asarray(image)[..., ::-1]),
        "negative": lambda image, rng: _image(255 - np.asarray(image)),
    },
}


def _image(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def split_dataset(dataset: Path) -> dict[str, pd.DataFrame]:
    """Return the images of each split, with the path of the file as `path`.

    Args:
        dataset: Folder of HAM10000 with valid files.
    """
    paths = {path.stem: path for path in list_images(dataset)}
    table = read_valid(dataset / METADATA, set())
    files = [paths[image_id] for image_id in table["image_id"]]
    table["sha256"] = sha256_all(files)
    duplicates = find_duplicates(table, perceptual_hashes(files), load("merge", Merge).near_duplicates)
    table["group"] = table["lesion_id"].map(group_lesions(table["lesion_id"], duplicates))
    settings = load("split", Split).model_copy(update=PROPORTIONS)
    tables = split_tables(table, load("policy", Policy), settings, balance=0)
    return {split: rows.assign(path=rows["image_id"].map(paths)) for split, rows in tables.items()}


def read_run() -> dict[str, pd.DataFrame]:
    """Return the original images of each split of the current run."""
    tables = {split: read_split(Path(f"data/split/{split}.csv"), split) for split in SPLITS}
    return {split: rows[rows["image_id"] == rows["source"]] for split, rows in tables.items()}


def fit(splits: Mapping[str, pd.DataFrame]) -> Reference:
    """Return the reference of train and val."""
    train, val = (measure_files([Path(path) for path in splits[split]["path"]]) for split in ("train", "val"))
    return fit_reference(train, val, load("suitability", Suitability))


def count(reference: Reference, images: Iterable[Image.Image]) -> dict[str, int]:
    """Return the numbers of images, of flagged images, and of images with each reason."""
    found = [reference.find_reasons(image) for image in images]
    counts = {reason: sum(reason in reasons for reasons in found) for reason in REASONS}
    return {"images": len(found), "flagged": sum(map(bool, found)), **counts}


def opened(paths: Iterable[Path | str]) -> Iterator[Image.Image]:
    """Yield the decoded images of files."""
    for path in paths:
        with open_image(Path(path)) as image:
            yield to_rgb(image)


def rows_of(
    name: str,
    splits: Mapping[str, pd.DataFrame],
    external: Mapping[str, list[Path]],
    foreign: Mapping[str, list[Image.Image]],
) -> Iterator[dict]:
    """Yield the rows of a reference: each split, sources of test, images of other datasets, changed images of test.

    Args:
        name: Name of the dataset of the reference.
        splits: Images of each split.
        external: Name to images of other datasets.
        foreign: Group to images that are not dermatoscopic.
    """
    reference = fit(splits)

    def row(kind: str, group: str, images: Iterable[Image.Image], strength: str = "") -> dict:
        return {"reference": name, "kind": kind, "group": group, "strength": strength, **count(reference, images)}

    test = splits["test"]
    for split, table in splits.items():
        yield row("split", split, opened(table["path"]))
    for source, table in test.groupby(DATASET):
        yield row("source of test", str(source), opened(table["path"]))
    for group, paths in external.items():
        yield row("other dataset", group, opened(paths))
    for group, images in foreign.items():
        yield row("foreign", group, images)
    originals = list(opened(test.sample(min(CHANGED, len(test)), random_state=1)["path"]))
    for group, changes in CHANGES.items():
        for strength, change in changes.items():
            rng = np.random.default_rng(1)
            yield row("changed", group, [change(image, rng) for image in originals], strength)


def main() -> None:
    """Measure with both references and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="folder of HAM10000")
    parser.add_argument("--external", type=Path, required=True, metavar="FOLDER", help="images of another dataset")
    arguments = parser.parse_args()
    real, simulated = split_dataset(arguments.data), read_run()
    external = {"ISIC 2018, validation": sorted(arguments.external.glob("*.jpg"))}
    foreign = foreign_images.groups()
    rows = [
        *rows_of("HAM10000", real, external | {"simulated, test": list(simulated["test"]["path"])}, foreign),
        *rows_of("simulated", simulated, external | {"HAM10000, test": list(real["test"]["path"])}, foreign),
    ]
    pd.DataFrame(rows).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
