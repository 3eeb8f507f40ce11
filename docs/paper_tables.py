"""The paper's tables beside those of a run, in Markdown, for docs/pages.py.

The folder of a run is one in docs/results/.
"""

from pathlib import Path

import pandas as pd

from dermoscopy.core.params import read_yaml
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.report import paper
from dermoscopy.stats.headline import read_headline
from dermoscopy.stats.intervals import wilson_interval

PAPER_POINT = "half"  # the paper's threshold is 0.5
BEST_TRIALS = 3


def claims(folder: Path) -> str:
    """Return the claims of the paper, what its own numbers give and the metrics of a run, in Markdown."""
    test = read_headline(folder / "metrics")
    point = read_yaml((folder / "params.yaml").read_text())["evaluate"]["point"]
    prevalence = (pd.read_csv(folder / "plots/confusion.csv")["actual"] == "malignant").mean()
    accuracies = pd.read_csv(folder / "plots/best_epoch.csv").set_index(["name", "split"])["accuracy"]
    roc_aucs = pd.read_csv(folder / "plots/roc_auc.csv").set_index("kind")["value"]
    ensemble_sizes = pd.read_csv(folder / "plots/ensemble_sizes.csv")
    on_test = ensemble_sizes[ensemble_sizes["split"] == "test"]
    best = on_test[on_test["size"] == 1].sort_values("accuracy").iloc[-1]
    combined = on_test[(on_test["size"] == on_test["size"].max()) & (on_test["method"] == "accuracy_weighted")].iloc[0]
    counts = paper.MATRIX
    low, high = wilson_interval(counts.tn + counts.tp, counts.total, 0.95)

    def own(metric: str) -> str:
        bounded = test[metric]
        return f"{bounded['value']:.3f} ({bounded['low']:.3f} – {bounded['high']:.3f})"

    implied = " / ".join(f"{100 * model.prevalence:.0f} %" for model in paper.ROMERO)
    rows = [
        ("5.1", "accuracy 88.02 %", f"{counts.accuracy:.4f} ({low:.3f} – {high:.3f})", own("accuracy")),
        ("5.6", "accuracy 89 %", f"{counts.accuracy:.4f}", own("accuracy")),
        (
            "6",
            "accuracy over 88 % in testing",
            f"{counts.accuracy:.4f}, on images that also chose the epoch",
            own("accuracy"),
        ),
        ("5.2", "precision 80.64 %", f"{counts.ppv:.4f}: 80.65 %", own("ppv")),
        ("5.6", "precision 0.81", f"{counts.ppv:.4f}", own("ppv")),
        (
            "5.2",
            "recall 200/(200 + 78) = 204/278 = 73.53 %",
            f"200/272 = {counts.sensitivity:.4f}; 200/278 = {200 / 278:.4f}, 204/278 = {204 / 278:.4f}",
            own("sensitivity"),
        ),
        ("5.6", "sensitivity 0.82", f"{counts.sensitivity:.4f}", own("sensitivity")),
        (
            "5.1",
            "730 images *labeled* benign, of which 48 mislabeled",
            f"730 are benign; {counts.tn + counts.fn} were predicted benign, {counts.fn} of them are malignant",
            "malignant is the positive class throughout",
        ),
        (
            "3.2, 4.1",
            "8,000 benign, 2,000 malignant; melanoma and BCC 11 % each",
            f"{(counts.fn + counts.tp) / counts.total:.1%} of its test images are malignant, of HAM10000 19.5 %; "
            "BCC is 5.1 %",
            f"{prevalence:.1%} of the test images",
        ),
        (
            "3.3",
            "Inception V3: 99.78 % in training, 88.53 % in test",
            "its log names the latter val_accuracy, at the best epoch: there was no separate test split",
            f"by image, at the threshold 0.5: {accuracies['inception_v3', 'train']:.3f} on train (originals, without "
            f"dropout), {accuracies['inception_v3', 'val']:.3f} on val",
        ),
        (
            "3.3",
            "the ensemble is more accurate than any model used; and less than the one with 88.5 %",
            f"a difference of 0.5 points; the interval from 1,002 images is ± {100 * (high - low) / 2:.1f} points",
            f"at threshold 0.5, as in the paper: all members, weighted by accuracy, "
            f"{combined['accuracy']:.3f} ({combined['low']:.3f} – {combined['high']:.3f}); "
            f"best single member: {best['added']} {best['accuracy']:.3f} ({best['low']:.3f} – {best['high']:.3f})",
        ),
        (
            "3.3",
            "SGD 58.68 % in testing: the network is too deep for it",
            "chance is 50 % on a balanced dataset; the learning rate was not tuned",
            "–",
        ),
        (
            "5.6",
            "significantly better than Romero López (0.78, 81.3 %, 0.79)",
            f"other images, another task; sensitivity {counts.sensitivity:.3f} against 0.787, so it is lower. "
            f"The rows M1 / M2 / M3 of Romero López imply a prevalence of {implied}, so they are not from one test set",
            own("sensitivity"),
        ),
        (
            "5.3",
            "an ROC curve without a ROC AUC",
            "–",
            f"ROC AUC {own('roc_auc')}; best member {roc_aucs['member'].max():.3f}",
        ),
    ]
    head = [
        f"| section | the paper states | its own numbers give | this run: test, by image, at *{point}* |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def systems(folder: Path) -> str:
    """Return the results of Romero López, of the paper and of a run at the paper's threshold, in Markdown."""
    scores = pd.read_csv(folder / "data/evaluation/scores.csv", keep_default_na=False, na_values={"value": [""]})
    own = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "image") & (scores["point"] == PAPER_POINT)]
    values = dict(zip(own["metric"], own["value"], strict=True))
    images = len(pd.read_csv(folder / "plots/confusion.csv"))
    data = f"HAM10000, test split of {images:,} images, by lesion, threshold 0.5"
    rows = [f"| | {' | '.join(paper.SHOWN)} | data |", "|---" * (len(paper.SHOWN) + 2) + "|"]
    for system in paper.comparison({**values, "precision": values["ppv"]}, data):
        cells = ["" if value is None else f"{value:.3f}" for value in system.values]  # noqa: PD011
        rows.append(f"| {system.name} | {' | '.join(cells)} | {system.data} |")
    return "\n".join(rows)


def confusion(folder: Path) -> str:
    """Return the confusion matrices of a run on test at each operating point, and the paper's, in Markdown."""
    cells = pd.read_csv(folder / "plots/point_confusion.csv")
    rows = [
        "| | calibrated threshold | true negatives | false positives | false negatives | true positives |",
        "|---|---|---|---|---|---|",
    ]
    order = [("benign", "benign"), ("benign", "malignant"), ("malignant", "benign"), ("malignant", "malignant")]
    for point, of_point in cells.groupby("point", sort=False):
        counts = of_point.set_index(["actual", "predicted"])["images"]
        numbers = " | ".join(f"{counts[cell]:,}" for cell in order)
        rows.append(f"| this run, *{point}* | {of_point['threshold'].iloc[0]:.3f} | {numbers} |")
    matrix = paper.MATRIX
    return "\n".join(
        [*rows, f"| the paper | 0.5, not calibrated | {matrix.tn} | {matrix.fp} | {matrix.fn} | {matrix.tp} |"]
    )


def growing(folder: Path) -> str:
    """Return the accuracy on test of the ensemble with each added member, as in figures 5 and 6, in Markdown."""
    table = pd.read_csv(folder / "plots/ensemble_sizes.csv").query("split == 'test' and method == 'accuracy_weighted'")
    sizes = sorted(table["size"].unique())
    rows = [f"| first member | {' | '.join(map(str, sizes))} |", "|---" * (len(sizes) + 1) + "|"]
    for start, of_start in table.groupby("start", sort=False):
        cells = [
            f"{row.accuracy:.3f}, {row.roc_auc:.3f}" + ("" if row.size_ == 1 else f" (+ {row.added})")
            for row in of_start.rename(columns={"size": "size_"}).sort_values("size_").itertuples()
        ]
        cells += [""] * (len(sizes) - len(cells))
        rows.append(f"| {start} | {' | '.join(cells)} |")
    return "\n".join(rows)


def search(folder: Path) -> str:
    """Return the best trials of a run's search beside CNN A and CNN B of the paper, on val, in Markdown."""
    trials = pd.read_csv(folder / "plots/search_trials.csv").sort_values("score", ascending=False, kind="stable")
    trials = trials.assign(rank=range(1, len(trials) + 1))
    shown = trials[(trials["rank"] <= BEST_TRIALS) | trials["name"].str.startswith("paper")]
    rows = ["| rank | network | optimizer | weights | epochs | ROC AUC (val) |", "|---|---|---|---|---|---|"]
    for row in shown.itertuples():
        network = f"{row.conv_layers} × [{row.filters} filters {row.kernel_size} × {row.kernel_size}, {row.pooling} "
        network += f"pooling {row.pool_size}], {row.dense_layers} × {row.units} units, dropout {row.dropout:g}"
        name = {"paper_a": "CNN A: ", "paper_b": "CNN B: "}.get(row.name, "")
        cells = [
            f"{row.rank} of {len(trials)}",
            name + network,
            row.optimizer,
            f"{row.n_weights:,}",
            f"{row.epochs:.0f}",
        ]
        rows.append(f"| {' | '.join(cells)} | {row.val_roc_auc:.3f} |")
    return "\n".join(rows)
