"""What parts may not share, one function a kind of leak.

Each returns a name and a detail for all it found: what it is, in which parts, in which files. A
single one fails the run, but for those that a protocol makes by design, which are counted.
"""

import pandas as pd

from dermoscopy.dataset.evidence import Check, Evidence, Findings


def _crossing(rows: pd.DataFrame, key: str, part: str) -> Findings:
    """Return the keys that stand in several parts, with a file of each part."""
    seen = rows.drop_duplicates([key, part])
    seen = seen[seen.duplicated(key, keep=False)]
    for name, places in (seen[part] + " " + seen["path"]).groupby(seen[key]):
        yield str(name), ", ".join(places)


def pictures_taught(evidence: Evidence) -> Findings:
    """No picture of train is in another part."""
    rows = evidence.rows
    taught = rows.loc[rows["table"] == "train", "image_id"]
    return _crossing(rows[rows["image_id"].isin(taught)], "image_id", "table")


def pictures_judge(evidence: Evidence) -> Findings:
    """No picture is in val and in test."""
    return _crossing(evidence.rows[evidence.rows["table"] != "train"], "image_id", "table")


def lesions_cross(evidence: Evidence) -> Findings:
    """No lesion is in two parts."""
    return _crossing(evidence.rows, "lesion_id", "table")


def groups_cross(evidence: Evidence) -> Findings:
    """No group is in two parts."""
    return _crossing(evidence.rows, "group", "table")


def bytes_cross(evidence: Evidence) -> Findings:
    """No two files of the same bytes are in two parts."""
    files = evidence.files
    parts = files.groupby("sha256")["part"].nunique()
    crossing = files[files["sha256"].isin(parts.index[parts > 1])]
    for _, paths in crossing.groupby("sha256")["path"]:
        yield " = ".join(paths), ""


def near_duplicates_cross(evidence: Evidence) -> Findings:
    """No two photographs that look the same, or of a lesion with two names, are in two parts."""
    originals = evidence.rows[evidence.rows["image_id"] == evidence.rows["source"]]
    parts = originals.groupby("image_id")["table"].agg(set)
    place = (originals["table"] + " " + originals["path"]).groupby(originals["image_id"]).agg(", ".join)
    pairs = evidence.found[evidence.found["kind"] != "same bytes"].drop_duplicates(["image_id", "other"])
    for one, other, distance in zip(pairs["image_id"], pairs["other"], pairs["distance"], strict=True):
        if len(parts[one] | parts[other]) > 1:
            how = "confirmed by eye" if pd.isna(distance) else f"{distance:.0f} bits apart"
            yield f"{one} = {other}", f"{how}; {place[one]}, {place[other]}"


def copies_cross(evidence: Evidence) -> Findings:
    """Every copy is in the part of its original."""
    rows = evidence.rows
    copied = rows["image_id"] != rows["source"]
    parts = rows[~copied].groupby("source")["table"].agg(", ".join)
    beside = rows[copied].merge(rows.loc[~copied, ["source", "table"]], "left", on=["source", "table"], indicator=True)
    apart = beside[(beside["_merge"] == "left_only") & beside["source"].isin(parts.index)]
    for image_id, source, table, path in zip(
        apart["image_id"], apart["source"], apart["table"], apart["path"], strict=True
    ):
        yield image_id, f"{table} {path}, its original in {parts[source]}"


def copies_judged(evidence: Evidence) -> Findings:
    """No copy is in a part that chooses or judges."""
    rows = evidence.rows
    judged = rows[(rows["image_id"] != rows["source"]) & (rows["table"] != "train")]
    yield from zip(judged["image_id"], judged["table"] + " " + judged["path"], strict=True)


# What each protocol makes by design is told apart: photographs of a lesion anywhere; copies anywhere, val and test one.
OF_LESIONS: dict[str, Check] = {
    "lesion in several parts": lesions_cross,
    "group in several parts": groups_cross,
    "same bytes in several parts": bytes_cross,
    "near-duplicate in several parts": near_duplicates_cross,
}
OF_COPIES: dict[str, Check] = {
    "picture in val and in test": pictures_judge,
    "copy apart from its original": copies_cross,
    "copy outside train": copies_judged,
}
LEAKS = {"picture of train in another part": pictures_taught} | OF_LESIONS | OF_COPIES
TOLERATED = {"lesion": {}, "image": OF_LESIONS, "paper": OF_LESIONS | OF_COPIES}
