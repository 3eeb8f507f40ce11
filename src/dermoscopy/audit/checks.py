"""The checks of the audit, one function each.

A check returns the name and a detail of everything it finds: what it is, in which splits, in which files.
Leaks fail the run unless the protocol makes them by design; then they are counted. Faults are
tables, folders and groups that contradict each other; they fail the run under every protocol.
"""

import pandas as pd

from dermoscopy.audit.evidence import Check, Evidence, Findings
from dermoscopy.core.splits import locate
from dermoscopy.core.tables import DATASET
from dermoscopy.ham10000.duplicates import MERGED, group_lesions
from dermoscopy.split.split import confirmed


def _in_several_splits(rows: pd.DataFrame, key: str, split: str) -> Findings:
    """Return the values of a column that are in several splits, with a file of each split."""
    seen = rows.drop_duplicates([key, split])
    seen = seen[seen.duplicated(key, keep=False)]
    for name, files in (seen[split] + " " + seen["path"]).groupby(seen[key]):
        yield str(name), ", ".join(files)


def train_image_elsewhere(evidence: Evidence) -> Findings:
    """Check that no image of train is in another split."""
    rows = evidence.rows
    in_train = rows.loc[rows["table"] == "train", "image_id"]
    return _in_several_splits(rows[rows["image_id"].isin(in_train)], "image_id", "table")


def image_in_val_and_test(evidence: Evidence) -> Findings:
    """Check that no image is in both val and test."""
    return _in_several_splits(evidence.rows[evidence.rows["table"] != "train"], "image_id", "table")


def lesion_in_several_splits(evidence: Evidence) -> Findings:
    """Check that no lesion is in two splits."""
    return _in_several_splits(evidence.rows, "lesion_id", "table")


def group_in_several_splits(evidence: Evidence) -> Findings:
    """Check that no group is in two splits."""
    return _in_several_splits(evidence.rows, "group", "table")


def same_bytes_in_several_splits(evidence: Evidence) -> Findings:
    """Check that no two files of the same bytes are in two splits."""
    files = evidence.files
    splits = files.groupby("sha256")["split"].nunique()
    leaking = files[files["sha256"].isin(splits.index[splits > 1])]
    for _, paths in leaking.groupby("sha256")["path"]:
        yield " = ".join(paths), ""


def near_duplicate_in_several_splits(evidence: Evidence) -> Findings:
    """Check that no near-duplicates, and no images of one lesion with two names, are in two splits."""
    originals = evidence.rows[evidence.rows["image_id"] == evidence.rows["source"]]
    splits = originals.groupby("image_id")["table"].agg(set)
    files = (originals["table"] + " " + originals["path"]).groupby(originals["image_id"]).agg(", ".join)
    pairs = evidence.current_duplicates
    pairs = pairs[pairs["kind"] != "same bytes"].drop_duplicates(["image_id", "other_image_id"])
    for first, second, distance in zip(pairs["image_id"], pairs["other_image_id"], pairs["distance"], strict=True):
        if len(splits[first] | splits[second]) > 1:
            found_by = "confirmed by eye" if pd.isna(distance) else f"{distance:.0f} bits apart"
            yield f"{first} = {second}", f"{found_by}; {files[first]}, {files[second]}"


def augmented_apart_from_original(evidence: Evidence) -> Findings:
    """Check that every augmented image is in the split of its original."""
    rows = evidence.rows
    augmented = rows["image_id"] != rows["source"]
    splits = rows[~augmented].groupby("source")["table"].agg(", ".join)
    originals = rows.loc[~augmented, ["source", "table"]]
    joined = rows[augmented].merge(originals, "left", on=["source", "table"], indicator=True)
    apart = joined[(joined["_merge"] == "left_only") & joined["source"].isin(splits.index)]
    for image_id, source, table, path in zip(
        apart["image_id"], apart["source"], apart["table"], apart["path"], strict=True
    ):
        yield image_id, f"{table} {path}, its original in {splits[source]}"


def augmented_outside_train(evidence: Evidence) -> Findings:
    """Check that augmented images are in train only."""
    rows = evidence.rows
    outside = rows[(rows["image_id"] != rows["source"]) & (rows["table"] != "train")]
    yield from zip(outside["image_id"], outside["table"] + " " + outside["path"], strict=True)


# Leaks that a protocol makes by design: lesions in several splits; augmented images anywhere, and val equal to test.
OF_LESIONS: dict[str, Check] = {
    "lesion in several splits": lesion_in_several_splits,
    "group in several splits": group_in_several_splits,
    "same bytes in several splits": same_bytes_in_several_splits,
    "near-duplicate in several splits": near_duplicate_in_several_splits,
}
OF_AUGMENTED: dict[str, Check] = {
    "image in val and test": image_in_val_and_test,
    "augmented image apart from its original": augmented_apart_from_original,
    "augmented image outside train": augmented_outside_train,
}
LEAKS = {"train image in another split": train_image_elsewhere} | OF_LESIONS | OF_AUGMENTED
TOLERATED = {"lesion": {}, "image": OF_LESIONS, "paper": OF_LESIONS | OF_AUGMENTED}


def missing_images(evidence: Evidence) -> Findings:
    """Check that every merged image is in a split.

    A test split of confirmed lesions leaves out the others; a held-out source leaves out the images of other sources
    whose group has an image of it.
    """
    merged, rows, settings = evidence.merged, evidence.rows, evidence.settings
    missing = ~merged["image_id"].isin(rows["image_id"])
    if settings.test_histo_only and settings.protocol != "paper":  # under "paper", val keeps what test leaves out
        elsewhere = merged["group"].isin(rows.loc[rows["table"] != "test", "group"])
        missing &= confirmed(merged) | (elsewhere & (settings.protocol == "lesion"))
    if settings.held_out is not None and DATASET in merged:
        held_out = merged[DATASET] == settings.held_out
        missing &= held_out | ~merged["group"].isin(merged.loc[held_out, "group"])
    yield from zip(merged.loc[missing, "image_id"], merged.loc[missing, "dx"], strict=True)


def rows_changed(evidence: Evidence) -> Findings:
    """Check that the row of every original has the values that merge wrote."""
    originals = evidence.rows[evidence.rows["image_id"] == evidence.rows["source"]]
    # An optional column that is empty in all rows is absent from its table.
    originals, merged = (
        table.assign(**{name: "" for name in MERGED.optional if name not in table})
        for table in (originals, evidence.merged)
    )
    both = originals.merge(merged, "left", on="image_id", suffixes=("", "_merged"), indicator=True)
    unknown, known = both[both["_merge"] == "left_only"], both[both["_merge"] == "both"]
    yield from zip(unknown["image_id"], unknown["table"] + ".csv, never merged", strict=True)
    for column in [name for name in MERGED.columns if name != "image_id"]:
        value, expected = known[column], known[f"{column}_merged"]
        details = known["table"] + f".csv, {column} " + value.astype(str) + ", merged " + expected.astype(str)
        changed = (value != expected) & (value.notna() | expected.notna())
        yield from zip(known.loc[changed, "image_id"], details[changed], strict=True)


def repeated_ids(evidence: Evidence) -> Findings:
    """Check that no image is in a table twice."""
    repeated = evidence.rows[evidence.rows.duplicated(["image_id", "table"])]
    yield from zip(repeated["image_id"], repeated["table"] + ".csv", strict=True)


def misplaced_rows(evidence: Evidence) -> Findings:
    """Check that every row is in its split's table, with its file in the folder of its split and label."""
    rows = evidence.rows
    misplaced = rows[(rows["path"] != locate(rows, rows["table"])) | (rows["split"] != rows["table"])]
    for image_id, table, split, path in zip(
        misplaced["image_id"], misplaced["table"], misplaced["split"], misplaced["path"], strict=True
    ):
        yield image_id, f"in {table}.csv, split {split}, {path}"


def augmented_unlike_original(evidence: Evidence) -> Findings:
    """Check that every augmented image has an original, of the same lesion, group, diagnosis and label."""
    rows, shared = evidence.rows, ["source", "lesion_id", "group", "dx", "label"]
    augmented = rows["image_id"] != rows["source"]
    originals = rows.loc[~augmented, shared].drop_duplicates()
    joined = rows[augmented].merge(originals, "left", on=shared, indicator=True)
    unlike = joined[joined["_merge"] == "left_only"]
    yield from zip(unlike["image_id"], unlike["table"] + ", source " + unlike["source"], strict=True)


def files_without_row(evidence: Evidence) -> Findings:
    """Check that every file has a row."""
    for path in evidence.files.loc[~evidence.files["path"].isin(evidence.rows["path"]), "path"]:
        yield path, ""


def rows_without_file(evidence: Evidence) -> Findings:
    """Check that every row has a file."""
    for path in evidence.rows.loc[~evidence.rows["path"].isin(evidence.files["path"]), "path"]:
        yield path, ""


def files_changed(evidence: Evidence) -> Findings:
    """Check that the file of every original has the bytes it had when it was merged."""
    originals = evidence.rows[evidence.rows["image_id"] == evidence.rows["source"]]
    return _other_bytes(originals[["path", "image_id"]].merge(evidence.merged, on="image_id"), evidence.files)


def augmented_file_changed(evidence: Evidence) -> Findings:
    """Check that the file of every augmented image has the bytes that its original gives."""
    expected = evidence.rows[["path", "image_id", "source"]].merge(evidence.augmented, on=["image_id", "source"])
    return _other_bytes(expected, evidence.files)


def _other_bytes(expected: pd.DataFrame, files: pd.DataFrame) -> Findings:
    """Return the existing files whose hash is not the expected one."""
    both = expected.merge(files, on="path", suffixes=("", "_found"))
    for path in both.loc[both["sha256"] != both["sha256_found"], "path"]:
        yield path, ""


def groups_differ(evidence: Evidence) -> Findings:
    """Check that every lesion has the group that a new search for duplicates in the files gives."""
    rows, merged = evidence.rows, evidence.duplicates
    # An image that was merged and then left out of test may still join two lesions that were not left out.
    gone = ~(merged["image_id"].isin(rows["image_id"]) & merged["other_image_id"].isin(rows["image_id"]))
    pairs = pd.concat([evidence.current_duplicates, merged[gone]])
    lesions = pd.concat([rows["lesion_id"], pairs["lesion_id"], pairs["other_lesion_id"]])
    expected_group = rows["lesion_id"].map(group_lesions(lesions, pairs))
    different = rows.assign(expected=expected_group)[rows["group"] != expected_group]
    different = different.drop_duplicates(["lesion_id", "group"])
    for lesion, received, expected in zip(
        different["lesion_id"], different["group"], different["expected"], strict=True
    ):
        yield lesion, f"group {received}, by its files {expected}"


FAULTS: dict[str, Check] = {
    "image missing since merge": missing_images,
    "row changed since merge": rows_changed,
    "image_id twice in a table": repeated_ids,
    "row in the table or folder of another split": misplaced_rows,
    "augmented image with another lesion or label than its original": augmented_unlike_original,
    "file without a row": files_without_row,
    "row without a file": rows_without_file,
    "file changed since merge": files_changed,
    "augmented file changed": augmented_file_changed,
    "group contradicts the files": groups_differ,
}
