"""Write data/croissant.json: the simulated dataset and its splits, in the format Croissant of MLCommons.

python docs/croissant.py

It describes the tables of the run in dvc.lock, with their md5 from there, and reads no table.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dermoscopy.core.params import read_yaml
from dermoscopy.core.splits import SPLIT, SPLITS
from dermoscopy.core.tables import Table
from dermoscopy.ham10000.duplicates import MERGED

PAGE = Path("data/croissant.json")
CROISSANT = "http://mlcommons.org/croissant/"
KINDS = {"str": "sc:Text", "float64": "sc:Float", "int64": "sc:Integer"}
DESCRIPTIONS = {
    "image": "The image, a JPEG file",
    "image_id": "Name of the image; an augmented image has that of its original, _copy and a number",
    "lesion_id": "Name of the lesion; a lesion can have several images",
    "group": "Lesions that must stay in one split, named after the first of them",
    "dx": "Diagnosis: akiec, bcc, bkl, df, mel, nv or vasc",
    "dx_type": "How the diagnosis was made: histo, follow_up, consensus or confocal",
    "age": "Age of the patient in years; may be missing",
    "sex": "Sex of the patient; may be missing",
    "localization": "Part of the body; may be missing",
    "dataset": "Source of the image: the simulated camera",
    "label": "0 benign, 1 malignant",
    "split": "train, val or test",
    "source": "image_id of the original image",
    "path": "Path of the image in the project",
    "sha256": "Of the original image; empty for an augmented image, which the run makes itself",
}
# As the format prescribes it.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": CROISSANT,
    "rai": f"{CROISSANT}RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{name: {"@id": f"cr:{name}", "@type": "@json"} for name in ("data", "examples")},
    **{
        name: f"cr:{name}"
        for name in (
            *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet"),
            *("format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
            *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField"),
            "transform",
        )
    },
}


def main() -> None:
    """Write the file, unless the run is of other data, whose licence is another."""
    if (source := json.loads(Path("data/source.json").read_text())["source"]) != "simulated":
        sys.exit(f"data/source.json: the run is of the source {source}; this describes the simulated dataset only.")
    PAGE.write_text(json.dumps(croissant(), indent=1) + "\n")


def croissant() -> dict[str, Any]:
    """Return the description of the dataset in the working tree, from the files in git."""
    stages = read_yaml(Path("dvc.lock").read_text())["stages"]
    sums = {out["path"]: out["md5"] for stage in ("merge", "split") for out in stages[stage]["outs"]}
    tables = {"metadata": (MERGED, "merged/metadata.csv"), **{name: (SPLIT, f"split/{name}.csv") for name in SPLITS}}
    project = read_yaml(Path("CITATION.cff").read_text())
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": f"{CROISSANT}1.0",
        "name": "dermoscopy-simulated",
        "description": (
            "Simulated dermatoscopic images of skin lesions in the layout of HAM10000, and their splits by lesion. No "
            "image shows a patient. The stage acquire makes them from the parameters of params.yaml."
        ),
        "license": "https://spdx.org/licenses/MIT",
        "citeAs": f"{project['authors'][0]['name']}: {project['title']}, version {project['version']}",
        "creator": {"@type": "sc:Organization", "name": project["authors"][0]["name"]},
        "version": project["version"],
        "datePublished": str(project["date-released"]),
        "distribution": [
            *(
                {
                    "@type": "cr:FileObject",
                    "@id": path,
                    "name": name,
                    "contentUrl": path,
                    "encodingFormat": "text/csv",
                    "md5": sums[f"data/{path}"],
                }
                for name, (_, path) in tables.items()
            ),
            {
                "@type": "cr:FileSet",
                "@id": "merged/images",
                "name": "images",
                "encodingFormat": "image/jpeg",
                "includes": "merged/images/*.jpg",
            },
        ],
        "recordSet": [images(), *(records(name, table, path) for name, (table, path) in tables.items())],
    }


def images() -> dict[str, Any]:
    """Return the records of the images, which the tables name by image_id."""
    name = {"fileSet": {"@id": "merged/images"}, "extract": {"fileProperty": "filename"}}
    content = {"fileSet": {"@id": "merged/images"}, "extract": {"fileProperty": "content"}}
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "key": {"@id": "images/image_id"},
        "field": [
            field("images", "image_id", "sc:Text", {**name, "transform": {"regex": r"^(.+)\.jpg$"}}),
            field("images", "image", "sc:ImageObject", content),
        ],
    }


def records(name: str, table: Table, path: str) -> dict[str, Any]:
    """Return the records of a table.

    Args:
        name: Name of the records.
        table: Columns of the file.
        path: Path of the file in data/.
    """
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": {"@id": f"{name}/image_id"},
        "field": [
            field(name, column, KINDS[kind], {"fileObject": {"@id": path}, "extract": {"column": column}})
            for column, kind in table.columns.items()
        ],
    }


def field(records: str, name: str, kind: str, source: dict[str, Any]) -> dict[str, Any]:
    """Return a field of records, with the description of its column."""
    identifier = {"@type": "cr:Field", "@id": f"{records}/{name}", "name": name}
    return identifier | {"description": DESCRIPTIONS[name], "dataType": kind, "source": source}


if __name__ == "__main__":
    main()
