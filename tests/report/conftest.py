"""A made-up project: the outputs of the stages that the report reads."""

import json
from functools import cache
from itertools import cycle
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.audit.charts import BY_LABEL, DIAGNOSIS_COUNTS
from dermoscopy.augment.params import Augment
from dermoscopy.baselines.params import BASELINES
from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.tables import LATENT_SCORES, LOCALIZATION, PREDICTIONS
from dermoscopy.ensemble.fit import CANDIDATES, fit_ensemble
from dermoscopy.ensemble.training import BEST_EPOCH, CURVES
from dermoscopy.evaluate.chart_tables import ENSEMBLE_SIZES, ROC, ROC_AUC
from dermoscopy.evaluate.charts import ensemble_size_rows
from dermoscopy.evaluate.evaluate import evaluate_test
from dermoscopy.evaluate.tables import TABLES
from dermoscopy.merge.params import Merge
from dermoscopy.networks.params import Models, Training
from dermoscopy.report.inputs import Parameters, read_sources
from dermoscopy.report.page import write_report
from dermoscopy.report.params import Report
from dermoscopy.split.params import Policy, Split
from dermoscopy.stats.metrics import METRICS
from tests.ensemble import settings
from tests.simulated import simulate

MEMBERS = tuple(member_names())
AUCS = ((0.8612, 0.8011, 0.9134), (0.8123, 0.7411, 0.8754), (0.8741, 0.8189, 0.9217), (0.8702, 0.8123, 0.9208))
ROC_AUCS = {
    ("ensemble", "ensemble"): (0.8937, 0.8421, 0.9385),
    **{(member, "member"): values for member, values in zip(MEMBERS, cycle(AUCS), strict=False)},
    ("prevalence", "baseline"): (0.5, 0.5, 0.5),
    ("age_sex_site", "baseline"): (0.6712, 0.5834, 0.7501),
    ("colours", "baseline"): (0.8514, 0.7899, 0.9045),
    ("thumbnail", "baseline"): (0.7645, 0.6834, 0.8344),
    ("dx_type", "baseline"): (0.7934, 0.7301, 0.8522),
    ("latent score", "ceiling"): (0.9512, 0.9134, 0.9811),
}
COUNTS_OF_TEST = {"tn": 101, "fp": 17, "fn": 12, "tp": 44}
TEST = {
    "roc_auc": {"value": 0.8937, "low": 0.8421, "high": 0.9385},
    "average_precision": {"value": 0.8123, "low": 0.7012, "high": 0.8934},
    "sensitivity": {"value": 0.7857142857142857, "low": 0.6512, "high": 0.8834},
    "specificity": {"value": 0.8559322033898306, "low": 0.7812, "high": 0.9145},
    "ppv": {"value": 0.7213114754098361, "low": 0.5934, "high": 0.8212},
    "accuracy": {"value": 0.8333333333333334, "low": 0.7712, "high": 0.8823},
}
DATA = {
    "images": {"all": 990, "benign": 737, "malignant": 253},
    "lesions": {"all": 493, "benign": 366, "malignant": 127},
    "prevalence": {"lesions": {"all": 0.2576, "train": 0.2581, "val": 0.2637, "test": None}},
    "lesions_by_images": {"1": 301, "2": 105, "3": 30, "4 or more": 57},
    "missing": {"age": 11, "sex": 13, "localization": 17},
    "age": {
        "benign": {"first_quartile": 35.0, "median": 45.0, "third_quartile": 60.0},
        "malignant": {"first_quartile": None, "median": None, "third_quartile": None},
    },
    "sex": {
        "benign": {"female": 359, "male": 371, "unknown": 7},
        "malignant": {"female": 99, "male": 148, "unknown": 6},
    },
    "histology": {"benign": 0.3612, "malignant": 1.0},
    "left_out": {},
    "kept": {},
    "duplicates": {},
}

SOURCES = {
    "simulated": {"source": "simulated"},
    "download": {"source": "download", "files": {}},
    "ham10000": {"source": "directory", "images": {"count": 10015, "ids": "ISIC_0024306 to ISIC_0034320"}},
    "other": {"source": "directory", "images": {"count": 990, "ids": "ISIC_0024306 to ISIC_0025295"}},
}


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


@cache
def evaluated() -> tuple[Path, dict[str, pd.DataFrame], pd.DataFrame]:
    """Return outputs of `ensemble` and `evaluate` on simulated lesions.

    Returns:
        The folder data/ensemble, the tables of the test split by name, and the rows of ensemble_sizes.csv.
    """
    generator, data = np.random.default_rng(3), Path(mkdtemp())
    separations = tuple(value for _, value in zip(MEMBERS, cycle((2.0, 1.0, 2.0, 1.5)), strict=False))
    simulated = {split: simulate(60, generator, separations) for split in ("val", "test")}
    for rows in simulated.values():
        names = np.where(rows["label"] == 1, np.where(rows.index % 2, "mel", "bcc"), "nv")
        rows["image_id"] = [f"ISIC_{number:07}" for number in rows.index]
        rows[["source", "group"]] = rows[["image_id", "lesion_id"]]
        rows["dx"], rows["dx_type"], rows["sex"], rows["localization"], rows["age"] = (
            names,
            "histo",
            "male",
            "ear",
            45.0,
        )
    probabilities = {
        split: rows.filter(regex=r"^p\d+$").set_axis(list(MEMBERS), axis=1) for split, rows in simulated.items()
    }
    rows = simulated["test"][["image_id", "lesion_id", "dx", "label"]]
    for member in MEMBERS:
        predicted = rows.assign(probability=probabilities["test"][member])
        PREDICTIONS.write(predicted, data / "predictions" / "test" / f"{member}.csv")
    for name in BASELINES:
        PREDICTIONS.write(rows.assign(probability=0.3), data / "baselines" / "test" / f"{name}.csv")
    LATENT_SCORES.write(
        rows[["image_id", "lesion_id"]].iloc[:0].assign(score=0.0), data / "acquired" / "truth" / "scores.csv"
    )
    baselines = pd.DataFrame(0.3, index=probabilities["val"].index, columns=list(BASELINES))
    fitted = fit_ensemble(simulated["val"], probabilities["val"], baselines, settings.ensemble(*MEMBERS))
    fitted.write(data / "ensemble")
    tables = evaluate_test(simulated["test"], data, settings.evaluate()).tables
    return (
        data / "ensemble",
        tables,
        ensemble_size_rows(CANDIDATES.read(data / "ensemble/candidates.csv"), tables["subsets"], MEMBERS[0], "lesion"),
    )


def predictions() -> pd.DataFrame:
    """Return predictions that give `COUNTS_OF_TEST` at all thresholds from 0.01 to 0.99."""
    kinds = {"tn": ("nv", 0, 0.001), "fp": ("bkl", 0, 0.999), "fn": ("mel", 1, 0.001), "tp": ("bcc", 1, 0.999)}
    rows = [kinds[kind] for kind, count in COUNTS_OF_TEST.items() for _ in range(count)]
    predicted = pd.DataFrame(rows, columns=["dx", "label", "probability"])
    lesions = np.where(predicted.index < 98, predicted.index // 2, predicted.index)  # 125, of which 49 have two images
    return predicted.assign(
        image_id=[f"ISIC_{number:07}" for number in predicted.index],
        lesion_id=[f"HAM_{number:07}" for number in lesions],
    )


def with_headline(scores: pd.DataFrame, metrics: dict) -> pd.DataFrame:
    """Return the scores with other values and bounds of the ensemble, by image at the headline's operating point."""
    changed = scores.set_index(["name", "unit", "point", "metric"])
    for metric, bounded in metrics.items():
        point = "" if METRICS[metric].needs != "predictions" else settings.evaluate().point
        changed.loc[("ensemble", "image", point, metric), list(bounded)] = list(bounded.values())
    return changed.reset_index()


def write_project(root, *, audited="lesion clean", source="simulated", test=None, data=None, audit=None):
    """Write all inputs of `read_sources` under a folder."""
    rng = np.random.default_rng(1)
    protocol, verdict = audited.split()
    protocol = protocol if verdict == "clean" else f"{protocol} (leaky protocol)"
    folder, metrics, plots = root / "data", root / "metrics", root / "plots"

    write_json(folder / "source.json", SOURCES[source])
    write_json(folder / "environment.json", {"tensorflow": "2.21.0", "keras": "3.15.1"})
    (folder / "audited").write_text(f"{audited}\n")
    splits = {"train": {"augmented": 168}, "val": {"augmented": 0}, "test": {"augmented": 75}}
    audited_splits = {"protocol": protocol, "found": {"lesion in several splits": 0}, "splits": splits}
    write_json(metrics / "audit.json", audited_splits | (audit or {}))
    write_json(metrics / "data.json", DATA | (data or {}))

    mix = [("malignant", "mel", 14), ("malignant", "bcc", 9), ("benign", "nv", 60), ("benign", "bkl", 7)]
    sizes = [("train", 6), ("val", 2), ("test", 3)]
    rows = [
        (split, label, dx, protocol, count * size, count * size // 2)
        for split, size in sizes
        for label, dx, count in mix
    ]
    DIAGNOSIS_COUNTS.write(pd.DataFrame(rows, columns=list(DIAGNOSIS_COUNTS.columns)), plots / "diagnoses.csv")
    proportions = [
        (label, protocol, *names, proportion)
        for names, benign, malignant in [
            (("40-49", "", ""), 0.7, 0.2),
            (("50-59", "", ""), 0.2, 0.8),
            (("unknown", "", ""), 0.1, 0.0),
            (("", "male", ""), 1.0, 1.0),
            (("", "", "ear"), 0.1, 0.4),
            (("", "", "back"), 0.9, 0.6),
        ]
        for label, proportion in (("benign", benign), ("malignant", malignant))
    ]
    BY_LABEL.write(pd.DataFrame(proportions, columns=list(BY_LABEL.columns)), plots / "by_label.csv")

    values = [(*key, protocol, *triple) for key, triple in ROC_AUCS.items()]
    columns = ["name", "kind", "protocol", "value", "low", "high"]
    ROC_AUC.write(pd.DataFrame(values, columns=columns), plots / "roc_auc.csv")
    ensemble, tables, sizes = evaluated()
    copytree(ensemble, folder / "ensemble", dirs_exist_ok=True)
    tables = tables | {"scores": with_headline(tables["scores"], TEST | (test or {}))}
    for name, table in tables.items():
        TABLES[name].write(table, folder / "evaluation" / f"{name}.csv")
    ENSEMBLE_SIZES.write(sizes.assign(protocol=protocol), plots / "ensemble_sizes.csv")
    PREDICTIONS.write(predictions(), folder / "evaluation" / "predictions.csv")

    fpr = np.linspace(0, 1, 60)
    curves = [
        pd.DataFrame({"name": name, "protocol": protocol, "fpr": fpr, "tpr": np.maximum.accumulate(fpr**power)})
        for name, power in zip(("ensemble", *MEMBERS), cycle((0.13, 0.2, 0.3, 0.18, 0.17)), strict=False)
    ]
    ROC.write(pd.concat(curves), plots / "roc.csv")
    epochs = np.arange(1, 9)
    histories = [
        pd.DataFrame(
            {
                "name": member,
                "protocol": protocol,
                "split": split,
                "epoch": epochs,
                "accuracy": 0.9 - 0.3 / epochs + rng.normal(0, 0.02, 8),
                "loss": 0.3 + 0.4 / epochs + rng.normal(0, 0.03, 8),
                "roc_auc": 0.95 - 0.3 / epochs + rng.normal(0, 0.02, 8),
            }
        )
        for member in MEMBERS
        for split in ("train", "val")
    ]
    curves = pd.concat(histories)
    CURVES.write(curves, plots / "curves.csv")
    BEST_EPOCH.write(curves[curves["epoch"] == 3], plots / "best_epoch.csv")
    LOCALIZATION.write(localization(), folder / "explain" / "localization.csv")
    for path in (
        "explain/wrong",
        "explain/gradcam",
        *(f"explain/activations_{member}" for member in MEMBERS),
        "sheets/mel",
        "sheets/nv",
    ):
        image = folder / f"{path}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)).save(image)
    return root


def localization(members=MEMBERS):
    """Return rows of Grad-CAM beside masks: inside more than the area if trained, not if random."""
    common = {"images": 40, "lesions": 30, "area": 0.25, "empty": 0.05}
    rows = []
    for member in members:
        trained = {"inside": 0.65, "difference": 0.4, "low": 0.3, "high": 0.5, "correlation": float("nan")}
        random = {"inside": 0.26, "difference": 0.01, "low": -0.1, "high": 0.12, "correlation": -0.05}
        rows.append({"name": member, "weights": "trained", "networks": 1, **common, **trained})
        rows.append({"name": member, "weights": "random", "networks": 5, **common, **random})
    return pd.DataFrame(rows, columns=list(LOCALIZATION.columns))


EXACT = Augment(balance=1.0, scale=0.0, crop=0.0, translate=0.0)


def render(root, *, histology_only=False, lesions=None, profile=None, augment=EXACT, held_out=None, **ensemble):
    """Write the report of a project to its data/report and return the text of the page."""
    parameters = Parameters(
        merge=Merge(lesions=lesions, seed=1, near_duplicates=None),
        policy=Policy(malignant="mel+bcc+akiec"),
        split=Split(protocol="lesion", seed=1, val=0.15, test=0.25, test_histo_only=histology_only, held_out=held_out),
        augment=augment,
        training=load("training", Training),
        models=load("models", Models),
        ensemble=settings.ensemble(*MEMBERS, **ensemble),
        evaluate=settings.evaluate(),
        report=Report(title="Malignant or benign", profile=profile, image_width=400),
    )
    write_report(read_sources(root), parameters, root / "data" / "report")
    return (root / "data" / "report" / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    """Return a function that writes a made-up project and returns its page."""

    def make(**changes):
        return render(write_project(tmp_path, **changes))

    return make
