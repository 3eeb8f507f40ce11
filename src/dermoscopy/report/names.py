"""What classifiers and diagnoses are called on the page."""

from collections.abc import Mapping, Sequence
from typing import get_args

from dermoscopy.params.models import Member

CLASSIFIERS: Mapping[str, str] = {
    "vgg19": "VGG19",
    "inception_v3": "Inception V3",
    "cnn_a": "CNN A",
    "cnn_b": "CNN B",
    "ensemble": "Ensemble",
    "vote": "Majority vote",
    "mean": "Mean",
    "accuracy_weighted": "Accuracy-weighted mean",
    "log_loss_weighted": "Mean weighted by log loss",
    "stacking": "Stacking",
    "alone": "Alone",
    "prevalence": "Prevalence only",
    "age_sex_site": "Age, sex and site",
    "colours": "Colour statistics",
    "thumbnail": "Thumbnail",
    "dx_type": "dx_type, the leak",
    "latent score": "Latent score, the ceiling",
}

DIAGNOSES: Mapping[str, str] = {
    "akiec": "actinic keratosis or Bowen’s disease",
    "bcc": "basal cell carcinoma",
    "bkl": "benign keratosis",
    "df": "dermatofibroma",
    "mel": "melanoma",
    "nv": "melanocytic naevus",
    "vasc": "vascular lesion",
}

POINTS: Mapping[str, str] = {
    "half": "the paper’s 0.5",
    "balanced": "balanced",
    "sensitive": "sensitive",
}

METRICS: Mapping[str, str] = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "mcc": "Matthews",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
}

KINDS: Mapping[str, str] = {
    "ensemble": "Ensemble",
    "member": "Its members",
    "baseline": "Baselines, which see little or the wrong thing",
    "truth": "The best one can expect of the photographs",
}


def classifier(name: str) -> str:
    """Return a classifier's name as one reads it."""
    return CLASSIFIERS.get(name, name)


def diagnosis(dx: str) -> str:
    """Return a diagnosis in full, as it stands within a sentence."""
    return DIAGNOSES.get(dx, dx)


def listing(words: Sequence[str]) -> str:
    """Return words as a sentence lists them."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def opening(words: str) -> str:
    """Return words as they open a line, their first letter large; `capitalize` would make the others small."""
    return words[:1].upper() + words[1:]


def css(name: str) -> str:
    """Return the class that gives a classifier its colour and dash, the same in every chart."""
    if name == "ensemble":
        return "c-ensemble"
    colours = dict(zip(get_args(Member), ("first", "second", "third", "fourth", "fifth"), strict=False))
    return f"c-{colours.get(name, 'other')}"
