import pandas as pd
import pytest

from dermoscopy.ham10000.words import FIELDS, KNOWN, WORDS, nearest, normalize, read


@pytest.mark.parametrize("column", WORDS)
def test_the_published_words_are_unchanged(column: str) -> None:
    for word in WORDS[column]:
        assert read(column, word) == (word, True)


@pytest.mark.parametrize("column", WORDS)
@pytest.mark.parametrize(
    "change", [str.upper, str.title, lambda word: f" {word}\t", lambda word: word.replace(" ", "_")]
)
def test_case_blanks_and_separators_do_not_count(column: str, change) -> None:
    for word in WORDS[column]:
        assert read(column, change(word)) == (word, True)


@pytest.mark.parametrize("column", WORDS)
def test_every_synonym_is_a_known_word(column: str) -> None:
    assert set(KNOWN[column].values()) == set(WORDS[column])


@pytest.mark.parametrize("column", FIELDS)
@pytest.mark.parametrize(
    "text",
    ["", " ", "unknown", "Unknown", "NA", "N/A", "#N/A", "<NA>", "nan", "NaN", "None", "null", "-", "--", ".", "?"],
)
def test_missing_values_are_unknown_in_every_column(column: str, text: str) -> None:
    assert read(column, text) == ("" if column == "age" else "unknown", True)


@pytest.mark.parametrize(
    ("column", "text", "word"),
    [
        ("dx", "melanocytic_Nevi", "nv"),
        ("dx", "Benign keratosis-like lesions ", "bkl"),
        ("dx", "Actinic Keratoses and Intraepithelial Carcinoma / Bowen's disease", "akiec"),
        ("dx_type", "histopathology", "histo"),
        ("dx_type", "Follow-up", "follow_up"),
        ("dx_type", "serial imaging showing no change", "follow_up"),
        ("dx_type", "single image expert consensus", "consensus"),
        ("dx_type", "confocal microscopy with consensus dermoscopy", "confocal"),
        ("sex", "F", "female"),
        ("sex", "m", "male"),
        ("localization", "posterior torso", "back"),
        ("localization", "palms/soles", "acral"),
        ("localization", "head, neck", "head/neck"),
        ("localization", "Lower-Extremity", "lower extremity"),
    ],
)
def test_synonyms(column: str, text: str, word: str) -> None:
    assert read(column, text) == (word, True)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("dx", "scc"),
        ("dx", "keratosis"),
        ("dx_type", "guess"),
        ("sex", "0"),
        ("localization", "elbow"),
        ("sex", "ma\ale"),
    ],
)
def test_other_words_are_unknown(column: str, text: str) -> None:
    assert read(column, text) == ("unknown", False)


@pytest.mark.parametrize(
    ("text", "age"), [("80", "80"), (" 80.0 ", "80.0"), ("80,0", "80.0"), ("7,5", "7.5"), ("0", "0")]
)
def test_ages_are_numbers(text: str, age: str) -> None:
    assert read("age", text) == (age, True)


@pytest.mark.parametrize(
    "text", ["85+", "40-45", "121", "-1", "1,000", "80,000", "1e2", "inf", "80 years", "8O", "1.2.3", "²"]
)
def test_other_ages_are_invalid(text: str) -> None:
    assert read("age", text) == ("", False)


def test_the_nearest_word_is_one_of_the_published_ones() -> None:
    assert nearest("dx_type", "histopatology") == "histo"
    assert nearest("localization", "lower extremety") == "lower extremity"
    assert nearest("sex", "xyz") is None
    assert nearest("age", "old") is None


def test_normalize_changes_words_and_ages_only() -> None:
    frame = pd.DataFrame(
        [["HAM_1", "ISIC_1", "MEL", "biopsy?!", "80,0", "F", "NA"]],
        columns=["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"],
        index=[7],
    )
    assert normalize(frame).to_numpy().tolist() == [["HAM_1", "ISIC_1", "mel", "unknown", "80.0", "female", "unknown"]]
    assert normalize(frame).index.tolist() == [7]
