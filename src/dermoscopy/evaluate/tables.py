"""Tables of the evaluation: results on the test split (data/evaluation) and rows of its charts (plots).

`low` and `high` are the bounds of a value's interval (evaluate.confidence); undefined values are empty.
`unit` is image or lesion. `point` is an operating point (half, balanced, sensitive), or empty if a metric
needs none. In the rows of charts, `protocol` is the title of the split protocol, with a warning if splits
share lesions, so that no chart can be shown without it.
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

ROC = Table(  # roc.csv: corners of the ROC curves
    columns={"name": "str", "protocol": "str", "fpr": "float64", "tpr": "float64"},
    order=("name", "fpr", "tpr"),
    committed=True,
)

PRECISION_RECALL = Table(  # precision_recall.csv: PPV (precision) by sensitivity (recall), by image
    columns={
        "name": "str",
        "protocol": "str",
        "threshold": "float64",
        "sensitivity": "float64",
        "ppv": "float64",
        "prevalence": "float64",  # proportion of malignant images: the PPV of a random classifier
    },
    order=("name", "threshold"),
    committed=True,
)

ENSEMBLE_ROC = Table(  # ensemble_roc.csv: corners of the ensemble's ROC curve; without rows if the protocol leaks
    columns={
        "protocol": "str",
        "threshold": "float64",
        "fpr": "float64",
        "sensitivity": "float64",
        "specificity": "float64",
    },
    order=("fpr", "sensitivity"),
    committed=True,
)

CONFUSION = Table(  # confusion.csv, diagnoses_confusion.csv: label or diagnosis of each image, and the predicted one
    columns={"actual": "str", "predicted": "str", "protocol": "str"},
    order=("actual", "predicted"),
    committed=True,
)

POINT_CONFUSION = Table(  # point_confusion.csv: images by label and prediction, at each operating point
    columns={
        "point": "str",
        "protocol": "str",
        "threshold": "float64",
        "actual": "str",
        "predicted": "str",
        "images": "int64",
    },
    order=("point", "actual", "predicted"),
    committed=True,
)

THRESHOLDS = Table(  # thresholds.csv: sensitivity and specificity of the ensemble by threshold, by lesion
    columns={
        "metric": "str",
        "protocol": "str",
        "point": "str",  # operating point with this threshold, or empty
        "threshold": "float64",
        **BOUNDED,
    },
    order=("metric", "threshold", "point"),
    committed=True,
)

ROC_AUC = Table(  # roc_auc.csv: ROC AUC of each classifier, by image
    columns={
        "name": "str",
        "kind": "str",
        "protocol": "str",
        "value": "float64",
        "low": "float64",
        "high": "float64",
        "within_source": "float64",  # the ROC AUC within source; only if sources are known
        "within_low": "float64",
        "within_high": "float64",
    },
    order=("kind", "name"),
    optional=("within_source", "within_low", "within_high"),
    committed=True,
)

CALIBRATION_CURVES = Table(  # calibration_curve.csv: the ensemble's smooth calibration curves, by lesion
    columns={"name": "str", "protocol": "str", "probability": "float64", **BOUNDED},
    order=("name", "probability"),
    committed=True,
)

DECISION_CURVES = Table(  # decision_curve.csv: net benefit at every threshold, without the leaking baseline, by lesion
    columns={"name": "str", "kind": "str", "protocol": "str", "threshold": "float64", **BOUNDED},
    order=("kind", "name", "threshold"),
    committed=True,
)

RISK_BINS = Table(  # risks.csv: the ensemble's probabilities in bins, by label and lesion
    columns={"label": "str", "probability": "str", "protocol": "str", "proportion": "float64"},
    order=("label", "probability"),
    committed=True,
)

ENSEMBLE_SIZES = Table(  # ensemble_sizes.csv: the ensemble as members are added (the paper's figures 5 and 6)
    columns={
        "protocol": "str",
        "start": "str",  # the first member
        "size": "int64",  # number of members
        "added": "str",  # the last added member
        "method": "str",
        "split": "str",  # val (out-of-fold images) or test
        "accuracy": "float64",
        "low": "float64",  # bounds of the accuracy's interval; on test only
        "high": "float64",
        "roc_auc": "float64",
    },
    order=("start", "size", "method", "split"),
    committed=True,
)
