"""Draw the images of README into docs/images/: charts of two runs, example lesions from the simulated dataset.

python docs/images.py
"""

import json
from colorsys import hls_to_rgb
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from dermoscopy.core.tables import LATENT_SCORES
from dermoscopy.ham10000.metadata import METADATA, list_images
from dermoscopy.report.colours import LIGHTNESS, SATURATION, hue
from dermoscopy.report.dataset import describe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IMAGES = Path("docs/images")
HAM10000 = Path("docs/results/ham10000-cpu")

DIAGNOSES = {
    "mel": "melanoma",
    "bcc": "basal cell carcinoma",
    "akiec": "actinic keratosis",
    "nv": "nevus",
    "bkl": "benign keratosis",
    "df": "dermatofibroma",
    "vasc": "vascular lesion",
}
LESIONS = 6  # per diagnosis
WIDTH, HEIGHT, GAP, MARGIN = 132, 99, 6, 140  # pixels

# The colours of .dvc/plots/roc_by_name.json and intervals.json. Members that are not listed get a colour by their name.
CHOSEN = {
    "ensemble": "#1d1c1a",
    "vgg19": "#4269d0",
    "inception_v3": "#b97700",
    "cnn_a": "#d1495b",
    "cnn_b": "#10a0a0",
}
KINDS = {"member": "#4269d0", "ensemble": "#e69f00", "baseline": "#2a9d8f", "ceiling": "#d1495b"}
TEXT, GRID = "#1f2933", "#e4e7eb"


def colour(name: str) -> str | tuple[float, float, float]:
    """Return the colour of a classifier, the same as in the report and in `dvc plots show`."""
    return CHOSEN.get(name) or hls_to_rgb(hue(name) / 360, LIGHTNESS / 100, SATURATION / 100)


def roc(curves: pd.DataFrame, scores: pd.DataFrame, protocol: str) -> "Figure":
    """Draw the ROC curves, with the ROC AUC of each in the legend.

    Args:
        curves: Rows of plots/roc.csv.
        scores: Rows of plots/roc_auc.csv.
        protocol: Title of the split protocol, as in metrics/test.json.
    """
    figure, axes = _axes(6.4, 6.0)
    roc_aucs = scores.set_index("name")["value"]
    names = sorted(curves["name"].unique(), key=lambda name: (name == "ensemble", name))
    for name in names:
        curve = curves[curves["name"] == name]
        label = f"{name} ({roc_aucs[name]:.3f})" if name in roc_aucs else name
        width = 2.8 if name == "ensemble" else 1.3
        axes.plot(curve["fpr"], curve["tpr"], color=colour(name), linewidth=width, label=label)
    axes.plot([0, 1], [0, 1], color="#9aa5b1", linewidth=1, linestyle=(0, (2, 4)))
    axes.text(0.72, 0.69, "chance", color=TEXT, fontsize=8, rotation=45, ha="center", va="center")
    axes.set(xlim=(0, 1), ylim=(0, 1.005), xlabel="1 - specificity", ylabel="sensitivity", aspect="equal")
    axes.set_title(f"ROC curves on the test split, by image; split by {protocol}", fontsize=11)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return figure


def roc_auc(scores: pd.DataFrame, protocol: str) -> "Figure":
    """Draw the ROC AUC of each classifier with its confidence interval, the largest on top.

    Args:
        scores: Rows of plots/roc_auc.csv; low and high may be missing.
        protocol: Title of the split protocol, as in metrics/test.json.
    """
    ordered = scores.sort_values("value", kind="stable").reset_index(drop=True)
    figure, axes = _axes(6.8, 0.8 + 0.3 * len(ordered))
    for kind, colour in KINDS.items():
        rows = ordered[ordered["kind"] == kind]
        if rows.empty:
            continue
        axes.hlines(rows.index, rows["low"], rows["high"], color=colour, linewidth=3, alpha=0.45)
        axes.scatter(rows["value"], rows.index, color=colour, s=30, zorder=3, label=kind)
    for row, value in ordered["value"].items():
        axes.annotate(
            f"{value:.3f}", (1, row), (6, 0), ("axes fraction", "data"), "offset points", va="center", fontsize=8
        )
    axes.axvline(0.5, color="#9aa5b1", linewidth=1, linestyle=(0, (2, 4)))
    axes.annotate("chance", (0.5, 1), (4, -2), ("data", "axes fraction"), "offset points", va="top", fontsize=8)
    axes.set_yticks(ordered.index, ordered["name"])
    axes.set_xlabel("ROC AUC")
    axes.set_title(f"ROC AUC on the test split, by image; split by {protocol}", fontsize=11)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return figure


def lesions(data: Path) -> Image.Image:
    """Draw one image of each of the first lesions of every diagnosis.

    Args:
        data: Folder that contains source.json and acquired/.

    Raises:
        SystemExit: The dataset is missing, or it is not the simulated one. The images of HAM10000 are CC BY-NC and
            must not be in the repository.
    """
    if not (data / "acquired" / "dataset" / METADATA).is_file():
        raise SystemExit(f"{data}/acquired has no dataset to draw the lesions of README from. Run: dvc repro acquire")
    source = json.loads((data / "source.json").read_text())["source"]
    table = pd.read_csv(data / "acquired" / "dataset" / METADATA, keep_default_na=False)
    # Only the simulator writes latent scores. source.json may be newer than the dataset that acquire wrote.
    simulated = set(LATENT_SCORES.read(data / "acquired" / "truth" / "scores.csv")["image_id"])
    if source != "simulated" or not set(table["image_id"]) <= simulated:
        raise SystemExit(
            f"{data}/acquired is not the simulated dataset (source: {source}): its images must not be in README.\n"
            "Go back to the last commit with: dermoscopy undo"
        )
    files = {path.stem: path for path in list_images(data / "acquired" / "dataset")}
    sheet = Image.new("RGB", (MARGIN + LESIONS * (WIDTH + GAP), GAP + len(DIAGNOSES) * (HEIGHT + GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for line, (dx, name) in enumerate(DIAGNOSES.items()):
        top = GAP + line * (HEIGHT + GAP)
        draw.text((GAP, top + HEIGHT / 2), f"{name}\n({dx})", TEXT, font, anchor="lm")
        chosen = table[table["dx"] == dx].sort_values("image_id").drop_duplicates("lesion_id").head(LESIONS)
        for column, image_id in enumerate(chosen["image_id"]):
            with Image.open(files[image_id]) as image:
                small = image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            sheet.paste(small, (MARGIN + column * (WIDTH + GAP), top))
    return sheet


def _axes(width: float, height: float) -> tuple["Figure", "Axes"]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    mpl.rcdefaults()
    mpl.rcParams.update({"text.color": TEXT, "axes.labelcolor": TEXT, "xtick.color": TEXT, "ytick.color": TEXT})
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color(GRID)
    return figure, axes


def draw_charts(run: Path, prefix: str = "") -> None:
    """Write roc.png and roc_auc.png of a run into docs/images/.

    Args:
        run: Folder of the run: that of the project, or one in docs/results/.
        prefix: Start of the names of the files.
    """
    scores = pd.read_csv(run / "plots/roc_auc.csv")
    # The title names the dataset.
    title = describe(json.loads((run / "data/source.json").read_text())).title
    protocol = f"{json.loads((run / 'metrics/test.json').read_text())['protocol']}; {title}"
    figures = {"roc": roc(pd.read_csv(run / "plots/roc.csv"), scores, protocol), "roc_auc": roc_auc(scores, protocol)}
    for name, figure in figures.items():
        # Without the version of matplotlib in the metadata, equal charts have equal bytes.
        figure.savefig(IMAGES / f"{prefix}{name}.png", dpi=150, metadata={"Software": None})


def main() -> None:
    """Write all images into docs/images/."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    draw_charts(HAM10000)
    draw_charts(Path(), prefix="simulated_")
    lesions(Path("data")).save(IMAGES / "lesions.png", optimize=True)


if __name__ == "__main__":
    main()
