"""Predict images with the bundle of this file, as CSV.

python predict.py IMAGE... > predictions.csv

It needs the packages of requirements.txt only, and no other file than those of the bundle. It reads images as the
pipeline does. It is not a medical device: for research only, not for decisions about patients.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

FOLDER = Path(__file__).resolve().parent
SMALLEST = 16  # pixels
EPSILON = 1e-7


def check_files() -> None:
    """Stop if a file of the bundle is damaged."""
    for line in (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, path = line.split("  ", 1)
        if hashlib.sha256((FOLDER / path).read_bytes()).hexdigest() != digest:
            sys.exit(f"{path} is damaged: get the bundle again.")


def read_image(path: str, limit: int) -> Image.Image:
    """Return an image in RGB; an orientation in EXIF is ignored, as in training."""
    with Image.open(path, formats=("JPEG", "PNG")) as image:
        if image.width * image.height > limit or min(image.size) < SMALLEST:
            raise ValueError(f"{image.width} x {image.height} pixels")
        if image.mode.startswith("I"):
            raise ValueError("more than 8 bits per channel")
        return (image.convert("RGBA") if image.has_transparency_data else image).convert("RGB")


def views(image: Image.Image, size: int, turns_and_flips: bool) -> Any:
    """Return the views that the networks predict: the image, or its quarter turns, mirrored or not."""
    pixels = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
    turned = [np.rot90(pixels, turn) for turn in range(4 if turns_and_flips else 1)]
    seen = turned + ([np.fliplr(one) for one in turned] if turns_and_flips else [])
    return np.stack(seen).astype(np.float32)


def logit(probability: Any) -> Any:
    """Return log-odds."""
    probability = np.clip(probability, EPSILON, 1 - EPSILON)
    return np.log(probability / (1 - probability))


def combine(raw: dict[str, float], bundle: dict[str, Any]) -> float:
    """Return the calibrated probability of the ensemble from those of its members."""
    combination, calibration = bundle["combination"], bundle["calibration"]
    values = np.array([raw[name] for name in combination["weights"]])
    weights = np.array(list(combination["weights"].values()))
    if combination["method"] == "vote":
        values = (values >= combination["threshold"]).astype(float)
    if combination["method"] == "stacking":
        combined = 1 / (1 + np.exp(-(logit(values) @ weights + combination["intercept"])))
    else:
        combined = np.clip(values @ weights, 0, 1)
    return float(1 / (1 + np.exp(-(calibration["slope"] * logit(combined) + calibration["intercept"]))))


def conformal_set(probability: float, sets: dict[str, float]) -> str:
    """Return benign or malignant, or refer if both labels or none are possible."""
    malignant, benign = probability >= sets["malignant_from"], probability <= sets["benign_until"]
    return "refer" if malignant == benign else "malignant" if malignant else "benign"


def main(paths: list[str]) -> None:
    """Print a line of CSV for each image; an image that cannot be read has a reason instead."""
    check_files()
    bundle = json.loads((FOLDER / "bundle.json").read_text(encoding="utf-8"))
    threshold = bundle["thresholds"][bundle["point"]]
    networks = {name: onnxruntime.InferenceSession(FOLDER / "onnx" / f"{name}.onnx") for name in bundle["members"]}
    names = ["image", "probability", "decision", "conformal_set", *(f"raw_{name}" for name in networks), "problem"]
    table = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    table.writeheader()
    for path in paths:
        try:
            image = read_image(path, bundle["limits"]["pixels"])
        except Exception as error:  # Pillow raises many kinds
            table.writerow({"image": path, "problem": str(error) or type(error).__name__})
            continue
        raw: dict[str, float] = {}
        for name, member in bundle["members"].items():
            images = views(image, member["parameters"]["image_size"], bundle["predict"]["turns_and_flips"])
            (classes,) = networks[name].run(["probabilities"], {"images": images})
            mean = classes.astype(np.float64).mean(axis=0)
            raw[name] = min(float(mean @ np.array(list(member["classes"].values()), float)), 1.0)
        probability = combine(raw, bundle)
        row: dict[str, Any] = {
            "image": path,
            "probability": probability,
            **{f"raw_{name}": value for name, value in raw.items()},
        }
        row["decision"] = "malignant" if probability >= threshold else "benign"
        table.writerow(row | {"conformal_set": conformal_set(probability, bundle["conformal_sets"])})


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
