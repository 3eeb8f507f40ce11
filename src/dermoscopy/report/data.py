"""What the page says of the data."""

from typing import Any

import pandas as pd

from dermoscopy.dataset.sheets import DUPLICATES
from dermoscopy.evaluation.protocol import KNOWN
from dermoscopy.params.split import Split
from dermoscopy.report import findings, names
from dermoscopy.report.ages import age_chart
from dermoscopy.report.pictures import data_uri
from dermoscopy.report.sources import Sources
from dermoscopy.tables.parts import LABELS


def about_data(sources: Sources, split: Split, suffix: str, width: int) -> dict[str, Any]:
    """Return what the templates tell of the data, by the names they use.

    Args:
        sources: What other stages left.
        split: Whether test holds confirmed lesions only.
        suffix: Of every title.
        width: Of a contact sheet, in pixels at most.
    """
    protocol = sources.protocol.split()[0]
    parts = findings.parts_by_diagnosis(sources.parts)
    audited = sources.audit.get("parts", {})
    return {
        "data": sources.data,
        "protocol": protocol,
        "picture": "picture" if protocol == "paper" else "photograph",  # a copy is a picture
        "known": sources.audit.get(KNOWN),
        "histology_only": split.test_histo_only,
        "parts": parts,
        "totals": {label: findings.sum_parts(parts, label) for label in (*LABELS, None)},
        "copies": {part: counts.get("copies") for part, counts in audited.items()},
        "ages": age_chart(sources.by_label, f"Age by label{suffix}"),
        "sites": _sites(sources.by_label),
        "duplicates_sheet": data_uri(sources.sheets / f"{DUPLICATES}.png", 2 * width),
        "sheets": [
            (names.diagnosis(path.stem), path.stem, data_uri(path, width))
            for path in sorted(sources.sheets.glob("*.png"))
            if path.stem != DUPLICATES
        ],
    }


def _sites(by_label: pd.DataFrame) -> list[tuple[str, dict[str, float]]]:
    """Return each localization with its share of each label's photographs, the commonest first."""
    rows = by_label[by_label["localization"] != ""]
    shares = rows.set_index(["localization", "label"])["share"]
    sites = rows.groupby("localization")["share"].sum().sort_values(ascending=False, kind="stable").index
    return [(str(site), {label: float(shares.get((site, label), 0.0)) for label in LABELS}) for site in sites]
