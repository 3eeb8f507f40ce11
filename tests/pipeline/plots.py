"""The plots of dvc.yaml, and small tables for them."""

import shutil
from functools import cache
from pathlib import Path

from dvc_render.vega_templates import TEMPLATES
from ruamel.yaml import YAML

from dermoscopy.core.splits import LABELS
from tests.pipeline.project import TOP, Project

PLOTS = TOP / ".dvc" / "plots"
TABLES = {
    "roc.csv": ["name,fpr,tpr", "cnn_a,0,0", "cnn_a,1e-05,0.9", "cnn_a,1,1", "ensemble,0,0", "ensemble,1,1"],
    "precision_recall.csv": [
        "name,threshold,sensitivity,ppv,prevalence",
        "cnn_a,0.1,1,0.3,0.3",
        "cnn_a,0.8,0.5,0.9,0.3",
        "ensemble,0.1,1,0.3,0.3",
        "ensemble,0.8,0.5,1,0.3",
    ],
    "ensemble_roc.csv": ["threshold,fpr,sensitivity,specificity", "1,0,0,1", "0.6,0.1,0.8,0.9", "0.1,1,1,0"],
    "point_confusion.csv": [
        "point,threshold,actual,predicted,images",
        *(f"half,0.5,{actual},{predicted},{7 * (actual == predicted)}" for actual in LABELS for predicted in LABELS),
        *(f"sensitive,0.25,{actual},{predicted},5" for actual in LABELS for predicted in LABELS),
    ],
    "thresholds.csv": [
        "metric,point,threshold,value,low,high",
        *(f"{metric},,{x},{x},{x},{x}" for metric in ("sensitivity", "specificity") for x in (0.1, 0.9)),
        *(f"{metric},balanced,0.4,0.5,0.4,0.6" for metric in ("sensitivity", "specificity")),
    ],
    "ensemble_sizes.csv": [
        "start,size,added,method,split,accuracy,low,high",
        "cnn_a,1,cnn_a,mean,test,0.8,0.7,0.9",
        "cnn_a,2,vgg19,mean,test,0.9,0.8,0.95",
        "cnn_a,1,cnn_a,mean,val,0.6,,",
    ],
    "confusion.csv": ["actual,predicted", *7 * ["benign,benign"], *5 * ["malignant,benign"]],
    "diagnoses_confusion.csv": ["actual,predicted", *6 * ["nv,nv"], *2 * ["mel,nv"], *2 * ["mel,vasc"]],
    "curves.csv": ["name,split,epoch,accuracy,loss,roc_auc", "cnn_a,train,1,0.5,0.7,0.5", "cnn_a,val,1,0.6,0.69,0.6"],
    "best_epoch.csv": ["name,split,roc_auc", "cnn_a,train,0.71", "cnn_a,val,0.62"],
    "roc_auc.csv": ["name,kind,value,low,high", "ensemble,ensemble,0.8,0.7,0.9", "prevalence,baseline,0.5,,"],
    "calibration_curve.csv": [
        "name,probability,value,low,high",
        "before,0.1,0.12,0.05,0.2",
        "before,0.9,0.8,0.7,0.9",
        "after,0.05,0.12,0.05,0.2",
        "after,0.95,0.8,0.7,0.9",
    ],
    "decision_curve.csv": [
        "name,kind,threshold,value,low,high",
        "cnn_a,member,0.05,0.21,0.18,0.24",
        "cnn_a,member,0.1,0.2,0.17,0.23",
        "ensemble,ensemble,0.05,0.23,0.2,0.26",
        "ensemble,ensemble,0.1,0.22,0.19,0.25",
        "thumbnail,baseline,0.1,0.12,0.1,0.14",
        "treat all,strategy,0.05,0.2,,",
        "treat all,strategy,0.1,-8,,",
        "treat none,strategy,0.1,0,,",
    ],
    "risks.csv": ["label,probability,proportion", "benign,0-0.5,0.87", "malignant,0.5-1,0.66"],
    "diagnoses.csv": ["split,label,dx,images,lesions", "train,benign,nv,41,31", "test,malignant,mel,9,7"],
    "by_split.csv": [
        "split,prevalence,images,missing,proportion",
        "train,of lesions,,,0.26",
        "test,of images,,,0.31",
        "train,,1,,0.61",
        "train,,4 or more,,0.0034",
        "test,,,sex,0.0121",
    ],
    "by_label.csv": [
        "label,age,sex,localization,proportion",
        "benign,unknown,,,0.99",
        "malignant,100-109,,,0.02",
        "malignant,20-29,,,0.08",
        "benign,20-29,,,0",
        "malignant,,male,,0.64",
        "benign,,,lower extremity,0.24",
    ],
}
SEARCH = {
    "trials.csv": [
        "trial,name,score,epochs,optimizer",
        "1,paper_a,0.61,3,adam",
        "7,sampled,0.52,3,sgd",
        "8,sampled,,3,sgd",
    ],
    "coordinates.csv": [
        "trial,name,rank,score,axis,dimension,value,position",
        "1,paper_a,1,0.61,0,optimizer,adam,0.0",
        "7,sampled,2,0.52,0,optimizer,sgd,1.0",
        "1,paper_a,1,0.61,1,learning_rate,0.001,0.5",
        "7,sampled,2,0.52,1,learning_rate,0.001,0.5",
    ],
    "importance.csv": ["dimension,values,trials,proportion,chance", "optimizer,2,7,0.9,0.17", "learning_rate,1,7,0,0"],
}


@cache
def plots() -> list[str | dict]:
    return YAML(typ="safe", pure=True).load(TOP / "dvc.yaml")["plots"]


def charts_of_tables() -> dict[str, dict]:
    return {name: plot for entry in plots() if isinstance(entry, dict) for name, plot in entry.items()}


OF_DVC = {template.DEFAULT_NAME for template in TEMPLATES}


def charts_of_own_templates() -> dict[str, str]:
    """Return the template of each chart that has not one of DVC's own."""
    templates = {name: plot["template"] for name, plot in charts_of_tables().items()}
    return {name: template for name, template in templates.items() if template not in OF_DVC}


def project_of_plots(folder: Path) -> Project:
    """Return a new project in a folder: the plots of this project with small tables."""
    (folder / "plots").mkdir(parents=True)
    shutil.copytree(PLOTS, folder / ".dvc" / "plots")
    shutil.copyfile(TOP / ".dvc" / "config", folder / ".dvc" / "config")
    YAML().dump({"plots": plots()}, folder / "dvc.yaml")
    for name, lines in TABLES.items():
        (folder / "plots" / name).write_text("\n".join(lines) + "\n")
    for name, lines in SEARCH.items():
        (folder / "plots" / f"search_{name}").write_text("\n".join(lines) + "\n")
    project = Project(folder)
    project.done("git", "init", "--quiet")
    project.commit("tables")
    return project


def page_of(output: str) -> Path:
    return Path(output.strip().splitlines()[-1].removeprefix("file://"))
