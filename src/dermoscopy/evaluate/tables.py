"""Tables of the evaluation: results on the test split (data/evaluation).

`low` and `high` are the bounds of a value's interval (evaluate.confidence); undefined values are empty.
`unit` is image or lesion. `point` is an operating point (half, balanced, sensitive), or empty if a metric
needs none.
"""

from dermoscopy.core.tables import Table

LEAK = "dx_type"  # a baseline that uses the method of diagnosis, which is known only after the diagnosis

BOUNDED = {"value": "float64", "low": "float64", "high": "float64"}

SCORES = Table(  # scores.csv: every metric of every classifier
    columns={
        "name": "str",
        "kind": "str",  # member, ensemble, baseline or ceiling
        "unit": "str",
        "point": "str",
        "metric": "str",
        **BOUNDED,
        "interval": "str",  # kind of interval
    },
    order=("kind", "name", "unit", "point", "metric"),
)

COMPARISONS = Table(  # comparisons.csv: paired tests of the ensemble and every other classifier
    columns={
        "reference": "str",  # classifier that the ensemble is compared with
        "unit": "str",
        "metric": "str",
        "test": "str",
        "ensemble": "float64",  # value of the ensemble
        "reference_value": "float64",
        "difference": "float64",  # ensemble minus reference
        "low": "float64",
        "high": "float64",
        "p": "float64",  # two-sided
    },
    order=("reference", "unit", "metric"),
)

SUBSETS = Table(  # subsets.csv: every subset of the members with every method, by image
    columns={"size": "int64", "members": "str", "method": "str", "metric": "str", **BOUNDED},
    order=("size", "members", "method", "metric"),
)

PREDICTIVE = Table(  # predictive.csv: predictive values of the ensemble by prevalence, by lesion
    columns={"point": "str", "prevalence": "float64", "metric": "str", **BOUNDED},
    order=("point", "prevalence", "metric"),
)

SWEEP = Table(  # sweep.csv: the ensemble at every threshold, by lesion
    columns={"threshold": "float64", "metric": "str", **BOUNDED},
    order=("threshold", "metric"),
)

CALIBRATION = Table(  # calibration.csv: the ensemble's probabilities before and after calibration, by lesion
    columns={
        "name": "str",  # before or after
        "metric": "str",
        **BOUNDED,
        "chance": "float64",  # of an error: the bound under which it is with perfect probabilities
    },
    order=("name", "metric"),
)

CALIBRATION_CURVE = Table(  # calibration_curve.csv: the same probabilities, smoothed, by lesion
    columns={
        "name": "str",  # before or after
        "probability": "float64",  # predicted
        **BOUNDED,  # probability of malignancy given the predicted one
    },
    order=("name", "probability"),
)

RELIABILITY = Table(  # reliability.csv: the same probabilities in bins, by lesion
    columns={
        "name": "str",  # before or after
        "start": "float64",
        "end": "float64",
        "lesions": "int64",
        "probability": "float64",  # mean of the lesions in the bin
        "malignant": "float64",  # proportion of the lesions in the bin
        "low": "float64",
        "high": "float64",
    },
    order=("name", "start"),
)

RISKS = Table(  # risks.csv: the ensemble's probabilities in bins, by label and lesion
    columns={
        "label": "str",
        "start": "float64",
        "end": "float64",
        "lesions": "int64",
        "proportion": "float64",  # of the label's lesions
    },
    order=("label", "start"),
)

RISK_QUARTILES = Table(  # risk_quartiles.csv: quartiles of the same probabilities
    columns={
        "label": "str",
        "lesions": "int64",
        "first_quartile": "float64",
        "median": "float64",
        "third_quartile": "float64",
    },
    order=("label",),
)

DECISION_CURVE = Table(  # decision_curve.csv: net benefit at every threshold, by lesion
    columns={
        "name": "str",  # a classifier, "treat all" or "treat none"
        "kind": "str",  # ensemble, member, baseline or strategy
        "threshold": "float64",  # threshold probability
        **BOUNDED,
    },
    order=("kind", "name", "threshold"),
)

SAMPLE_SIZE = Table(  # sample_size.csv: lesions that an interval of a given width needs
    columns={
        "metric": "str",
        "width": "float64",
        "needed": "float64",  # lesions for this width
        "lesions": "int64",  # lesions of test
        "expected": "float64",  # width with the lesions of test
    },
    order=("metric",),
)

COVERAGE = Table(  # coverage.csv: the ensemble's conformal sets, by lesion
    columns={
        "label": "str",
        "lesions": "int64",
        "benign": "int64",  # number of lesions with this decision
        "refer": "int64",  # number of lesions with this decision
        "malignant": "int64",  # number of lesions with this decision
        "covered": "int64",  # number of lesions whose set contains their label
        **BOUNDED,  # proportion of covered lesions
    },
    order=("label",),
)

GROUPS = Table(  # groups.csv: the ensemble in subgroups of the test split, by lesion
    columns={
        "by": "str",  # dx, dx_type, age, sex, localization
        "group": "str",
        "images": "int64",
        "lesions": "int64",
        "malignant": "int64",  # number of lesions
        "point": "str",
        "metric": "str",
        **BOUNDED,
    },
    order=("by", "group", "point", "metric"),
)

DIAGNOSIS_SCORES = Table(  # diagnoses.csv: classifiers that predict diagnoses; without rows if there is none
    columns={
        "name": "str",
        "kind": "str",  # member or ensemble
        "unit": "str",
        "dx": "str",  # empty for a metric over all diagnoses
        "images": "int64",  # with this diagnosis
        "lesions": "int64",  # with this diagnosis
        "metric": "str",  # recall, roc_auc (the diagnosis against all others) or recall_dx (mean recall)
        **BOUNDED,
        "interval": "str",  # kind of interval
    },
    order=("kind", "name", "unit", "dx", "metric"),
)

DIAGNOSIS_CONFUSION = Table(  # diagnoses_confusion.csv: numbers of images or lesions by true and predicted diagnosis
    columns={
        "name": "str",
        "kind": "str",
        "unit": "str",
        "dx": "str",
        "predicted": "str",  # the diagnosis with the highest probability
        "rows": "int64",  # number of images or lesions
    },
    order=("kind", "name", "unit", "dx", "predicted"),
)

TABLES = {
    "scores": SCORES,
    "comparisons": COMPARISONS,
    "subsets": SUBSETS,
    "predictive": PREDICTIVE,
    "sweep": SWEEP,
    "calibration": CALIBRATION,
    "reliability": RELIABILITY,
    "calibration_curve": CALIBRATION_CURVE,
    "risks": RISKS,
    "risk_quartiles": RISK_QUARTILES,
    "decision_curve": DECISION_CURVE,
    "sample_size": SAMPLE_SIZE,
    "coverage": COVERAGE,
    "groups": GROUPS,
    "diagnoses": DIAGNOSIS_SCORES,
    "diagnoses_confusion": DIAGNOSIS_CONFUSION,
}
