"""What parts may not share, one function a kind of leak.

Each returns a name and a detail for all it found: what it is, in which parts, in which files. A
single one fails the run, but for those that a protocol makes by design, which are counted.

What no protocol makes: tables, folders and groups that contradict each other, one function a kind.

Each returns a name and a detail for all it found. A single one fails the run under every protocol.
"""

import pandas as pd

from dermoscopy.audit.evidence import Check, Evidence, Findings
from dermoscopy.core.splits import locate
from dermoscopy.ham10000.duplicates import MERGED, group
from dermoscopy.split.split import confirmed


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


def photographs_lost(evidence: Evidence) -> Findings:
    """Every photograph that was merged is in a part, but for what a test part of confirmed lesions leaves out."""
    merged, rows, split = evidence.merged, evidence.rows, evidence.split
    lost = ~merged["image_id"].isin(rows["image_id"])
    if split.test_histo_only and split.protocol != "paper":  # whose val keeps what its test leaves out
        elsewhere = merged["group"].isin(rows.loc[rows["table"] != "test", "group"])
        lost &= confirmed(merged) | (elsewhere & (split.protocol == "lesion"))
    yield from zip(merged.loc[lost, "image_id"], merged.loc[lost, "dx"], strict=True)


def rows_changed(evidence: Evidence) -> Findings:
    """Every original's row says what was known of it when it was merged."""
    originals = evidence.rows[evidence.rows["image_id"] == evidence.rows["source"]]
    both = originals.merge(evidence.merged, "left", on="image_id", suffixes=("", "_merged"), indicator=True)
    unknown, known = both[both["_merge"] == "left_only"], both[both["_merge"] == "both"]
    yield from zip(unknown["image_id"], unknown["table"] + ".csv, never merged", strict=True)
    for column in [name for name in MERGED.columns if name != "image_id"]:
        now, then = known[column], known[f"{column}_merged"]
        told = known["table"] + f".csv, {column} " + now.astype(str) + ", merged " + then.astype(str)
        other = (now != then) & (now.notna() | then.notna())
        yield from zip(known.loc[other, "image_id"], told[other], strict=True)


def ids_repeat(evidence: Evidence) -> Findings:
    """No picture stands twice in a table."""
    repeated = evidence.rows[evidence.rows.duplicated(["image_id", "table"])]
    yield from zip(repeated["image_id"], repeated["table"] + ".csv", strict=True)


def rows_astray(evidence: Evidence) -> Findings:
    """Every row stands in its own part's table and points to its own file in its own part's and label's folder."""
    rows = evidence.rows
    astray = rows[(rows["path"] != locate(rows, rows["table"])) | (rows["part"] != rows["table"])]
    for image_id, table, part, path in zip(
        astray["image_id"], astray["table"], astray["part"], astray["path"], strict=True
    ):
        yield image_id, f"in {table}.csv, part {part}, {path}"


def copies_unlike(evidence: Evidence) -> Findings:
    """Every copy has its original's lesion, group and label, and there is that original."""
    rows, own = evidence.rows, ["source", "lesion_id", "group", "dx", "label"]
    copied = rows["image_id"] != rows["source"]
    beside = rows[copied].merge(rows.loc[~copied, own].drop_duplicates(), "left", on=own, indicator=True)
    unlike = beside[beside["_merge"] == "left_only"]
    yield from zip(unlike["image_id"], unlike["table"] + ", copy of " + unlike["source"], strict=True)


def files_without_row(evidence: Evidence) -> Findings:
    """Every file has a row."""
    for path in evidence.files.loc[~evidence.files["path"].isin(evidence.rows["path"]), "path"]:
        yield path, ""


def rows_without_file(evidence: Evidence) -> Findings:
    """Every row has a file."""
    for path in evidence.rows.loc[~evidence.rows["path"].isin(evidence.files["path"]), "path"]:
        yield path, ""


def files_changed(evidence: Evidence) -> Findings:
    """Every original's file has the bytes it had when it was merged."""
    originals = evidence.rows[evidence.rows["image_id"] == evidence.rows["source"]]
    return _differ(originals[["path", "image_id"]].merge(evidence.merged, on="image_id"), evidence.files)


def copies_changed(evidence: Evidence) -> Findings:
    """Every copy's file has the bytes that its original gives."""
    copies = evidence.rows[["path", "image_id", "source"]].merge(evidence.copies, on=["image_id", "source"])
    return _differ(copies, evidence.files)


def _differ(expected: pd.DataFrame, files: pd.DataFrame) -> Findings:
    """Return the files that are there and hash to something else."""
    both = expected.merge(files, on="path", suffixes=("", "_found"))
    for path in both.loc[both["sha256"] != both["sha256_found"], "path"]:
        yield path, ""


def groups_differ(evidence: Evidence) -> Findings:
    """Every lesion has the group that the files tell, as searched anew for duplicates."""
    rows, merged = evidence.rows, evidence.duplicates
    # A photograph that was merged and then left out of test may still join two lesions that were not.
    gone = ~(merged["image_id"].isin(rows["image_id"]) & merged["other"].isin(rows["image_id"]))
    pairs = pd.concat([evidence.found, merged[gone]])
    lesions = pd.concat([rows["lesion_id"], pairs["lesion_id"], pairs["other_lesion"]])
    anew = rows["lesion_id"].map(group(lesions, pairs))
    different = rows.assign(anew=anew)[rows["group"] != anew].drop_duplicates(["lesion_id", "group"])
    for lesion, received, expected in zip(different["lesion_id"], different["group"], different["anew"], strict=True):
        yield lesion, f"group {received}, by its files {expected}"


FAULTS: dict[str, Check] = {
    "photograph lost since it was merged": photographs_lost,
    "row other than merged": rows_changed,
    "image_id twice in a table": ids_repeat,
    "row in another part's table or folder": rows_astray,
    "copy unlike its original": copies_unlike,
    "file without a row": files_without_row,
    "row without a file": rows_without_file,
    "file changed since it was merged": files_changed,
    "copy other than its original gives": copies_changed,
    "group other than the files tell": groups_differ,
}
