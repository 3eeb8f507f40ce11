"""The headline that a finished run prints: the metrics of the ensemble, from the files of metrics/."""

import json
from pathlib import Path
from typing import Any

from dermoscopy.core.params import PARAMS, read_yaml
from dermoscopy.core.protocol import SHARED_LESIONS
from dermoscopy.stats.headline import TITLES, Bounded, read_headline


def headline(root: Path = Path()) -> str:
    """Return the metrics of the ensemble as a table of plain text, with a warning if the splits share lesions.

    Args:
        root: Root folder of the project.

    Returns:
        Lines that each end with a line break; an empty string if this pipeline has written no metrics.
    """
    folder = root / "metrics"
    try:
        test = read_headline(folder)
        val, audited = (json.loads((folder / name).read_text()) for name in ("val.json", "audit.json"))
    except FileNotFoundError:  # the run ended before the stage evaluate
        return ""
    # `read` would return the parameters from before the run, and a profile changes them.
    evaluate = read_yaml((root / PARAMS).read_text(encoding="utf-8"))["evaluate"]
    rows = [
        ("", "value", f"{100 * evaluate['confidence']:g} % interval"),
        _row("val", "roc_auc", {"value": val["roc_auc"]}),
        *(_row("test", metric, bounded) for metric, bounded in test.items()),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    counts = audited["splits"]["test"]
    lines = [
        "",
        f"Results of the ensemble ({', '.join(val['members'])}), by image:",
        *("  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows),
        f"Test: {counts['images'] + counts['augmented']} images of {counts['lesions']} lesions. "
        f"Threshold: operating point {evaluate['point']}, chosen on val.",
        *_warning(audited),
    ]
    return "".join(f"{line}\n" for line in lines)


def _row(split: str, metric: str, bounded: Bounded) -> tuple[str, str, str]:
    value, low, high = (_decimals(bounded.get(bound)) for bound in ("value", "low", "high"))
    return f"{split} {TITLES[metric]}", value or "undefined", f"{low} to {high}" if low and high else ""


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _warning(audited: dict[str, Any]) -> list[str]:
    if audited["verdict"] != "leaky":
        return []
    return [
        f"WARNING: the protocol {audited['protocol']} is leaky. {100 * audited[SHARED_LESIONS]:.0f} % of the test "
        "images show a lesion that is also in train,",
        "so these metrics are too optimistic.",
    ]
