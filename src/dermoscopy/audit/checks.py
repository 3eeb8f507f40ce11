"""What splits may not share, one function a kind of leak.

Each returns a name and a detail for all it found: what it is, in which splits, in which files. A
single one fails the run, but for those that a protocol makes by design, which are counted.

What no protocol makes: tables, folders and groups that contradict each other, one function a kind.

Each returns a name and a detail for all it found. A single one fails the run under every protocol.
"""

import pandas as pd

from dermoscopy.audit.evidence import Check, Evidence, Findings
from dermoscopy.core.splits import locate
from dermoscopy.ham10000.duplicates import MERGED, group_lesions
from dermoscopy.split.split import confirmed


def _crossing(rows: pd.DataFrame, key: str, split: str) -> Findings:
    """Return the keys that stand in several splits, with a file of each split."""
    seen = rows.drop_duplicates([key, split])
    seen = seen[seen.duplicated(key, keep=False)]
    for name, places in (seen[split] + " " + seen["path"]).groupby(seen[key]):
        yield str(name), ", ".join(places)


def train_image_elsewhere(evidence: Evidence) -> Findings:
    """No image of train is in another split."""
    rows = evidence.rows
    taught = rows.loc[rows["table"] == "train", "image_id"]
    return _crossing(rows[rows["image_id"].isin(taught)], "image_id", "table")


def image_in_val_and_test(evidence: Evidence) -> Findings:
    """No image is in val and in test."""
    return _crossing(evidence.rows[evidence.rows["table"] != "train"], "image_id", "table")


def lesion_in_several_splits(evidence: Evidence) -> Findings:
    """No lesion is in two splits."""
    return _crossing(evidence.rows, "lesion_id", "table")


def group_in_several_splits(evidence: Evidence) -> Findings:
    """No group is in two splits."""
    return _crossing(evidence.rows, "group", "table")


def same_bytes_in_several_splits(evidence: Evidence) -> Findings:
    """No two files of the same bytes are in two splits."""
    files = evidence.files
    splits = files.groupby("sha256")["split"].nunique()
    crossing = files[files["sha256"].isin(splits.index[splits > 1])]
    for _, paths in crossing.groupby("sha256")["path"]:
        yield " = ".join(paths), ""


def near_duplicate_in_several_splits(evidence: Evidence) -> Findings:
    """No two images that look the same, or of a lesion with two names, are in two splits."""
    originals = evidence.rows[evidence.rows["image_id"] == evidence.rows["source"]]
    splits = originals.groupby("image_id")["table"].agg(set)
    place = (originals["table"] + " " + originals["path"]).groupby(originals["image_id"]).agg(", ".join)
    pairs = evidence.found[evidence.found["kind"] != "same bytes"].drop_duplicates(["image_id", "other_image_id"])
    for one, other, distance in zip(pairs["image_id"], pairs["other_image_id"], pairs["distance"], strict=True):
        if len(splits[one] | splits[other]) > 1:
            how = "confirmed by eye" if pd.isna(distance) else f"{distance:.0f} bits apart"
            yield f"{one} = {other}", f"{how}; {place[one]}, {place[other]}"


def augmented_apart_from_original(evidence: Evidence) -> Findings:
    """Every copy is in the split of its original."""
    rows = evidence.rows
    copied = rows["image_id"] != rows["source"]
    splits = rows[~copied].groupby("source")["table"].agg(", ".join)
    beside = rows[copied].merge(rows.loc[~copied, ["source", "table"]], "left", on=["source", "table"], indicator=True)
    apart = beside[(beside["_merge"] == "left_only") & beside["source"].isin(splits.index)]
    for image_id, source, table, path in zip(
        apart["image_id"], apart["source"], apart["table"], apart["path"], strict=True
    ):
        yield image_id, f"{table} {path}, its original in {splits[source]}"


def augmented_outside_train(evidence: Evidence) -> Findings:
    """No copy is in a split that chooses or judges."""
    rows = evidence.rows
    judged = rows[(rows["image_id"] != rows["source"]) & (rows["table"] != "train")]
    yield from zip(judged["image_id"], judged["table"] + " " + judged["path"], strict=True)


# What each protocol makes by design is told apart: images of a lesion anywhere; copies anywhere, val and test one.
OF_LESIONS: dict[str, Check] = {
    "lesion in several splits": lesion_in_several_splits,
    "group in several splits": group_in_several_splits,
    "same bytes in several splits": same_bytes_in_several_splits,
    "near-duplicate in several splits": near_duplicate_in_several_splits,
}
OF_AUGMENTED: dict[str, Check] = {
    "image in val and in test": image_in_val_and_test,
    "copy apart from its original": augmented_apart_from_original,
    "copy outside train": augmented_outside_train,
}
LEAKS = {"image of train in another split": train_image_elsewhere} | OF_LESIONS | OF_AUGMENTED
TOLERATED = {"lesion": {}, "image": OF_LESIONS, "paper": OF_LESIONS | OF_AUGMENTED}


def lost_images(evidence: Evidence) -> Findings:
    """Every image that was merged is in a split, but for what a test split of confirmed lesions leaves out."""
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
    """No image stands twice in a table."""
    repeated = evidence.rows[evidence.rows.duplicated(["image_id", "table"])]
    yield from zip(repeated["image_id"], repeated["table"] + ".csv", strict=True)


def misplaced_rows(evidence: Evidence) -> Findings:
    """Every row stands in its own split's table and points to its own file in its own split's and label's folder."""
    rows = evidence.rows
    astray = rows[(rows["path"] != locate(rows, rows["table"])) | (rows["split"] != rows["table"])]
    for image_id, table, split, path in zip(
        astray["image_id"], astray["table"], astray["split"], astray["path"], strict=True
    ):
        yield image_id, f"in {table}.csv, split {split}, {path}"


def augmented_unlike_original(evidence: Evidence) -> Findings:
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


def augmented_file_changed(evidence: Evidence) -> Findings:
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
    # A image that was merged and then left out of test may still join two lesions that were not.
    gone = ~(merged["image_id"].isin(rows["image_id"]) & merged["other_image_id"].isin(rows["image_id"]))
    pairs = pd.concat([evidence.found, merged[gone]])
    lesions = pd.concat([rows["lesion_id"], pairs["lesion_id"], pairs["other_lesion_id"]])
    anew = rows["lesion_id"].map(group_lesions(lesions, pairs))
    different = rows.assign(anew=anew)[rows["group"] != anew].drop_duplicates(["lesion_id", "group"])
    for lesion, received, expected in zip(different["lesion_id"], different["group"], different["anew"], strict=True):
        yield lesion, f"group {received}, by its files {expected}"


FAULTS: dict[str, Check] = {
    "image lost since it was merged": lost_images,
    "row other than merged": rows_changed,
    "image_id twice in a table": ids_repeat,
    "row in another split's table or folder": misplaced_rows,
    "copy unlike its original": augmented_unlike_original,
    "file without a row": files_without_row,
    "row without a file": rows_without_file,
    "file changed since it was merged": files_changed,
    "copy other than its original gives": augmented_file_changed,
    "group other than the files tell": groups_differ,
}
