"""Export the ensemble of the finished run as a bundle."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dermoscopy.bundle.manifest import bundle_id
from dermoscopy.cli.repository import git, results_differ, top_folder
from dermoscopy.export.export import PARITY_FILE, export_bundle, require_replaceable
from dermoscopy.export.formats import FORMATS, require_packages
from dermoscopy.export.parity import PARITY, losses

FORMAT_HELP = (
    f"Format to add, of {', '.join(FORMATS)}; repeat it for several. Without it: all. The weights are always written."
)


def export(
    folder: Annotated[Path, typer.Argument(help="Folder of the bundle. An earlier bundle is replaced.")],
    formats: Annotated[list[str] | None, typer.Option("--format", metavar="FORMAT", help=FORMAT_HELP)] = None,
) -> None:
    """Write the ensemble of the finished run into a folder that can be used without this repository.

    The folder appears complete or not at all. It has the weights, a model card, licences, and a checksum of each file.
    """
    names = list(dict.fromkeys(formats or FORMATS))
    require_packages(names)
    folder = folder.absolute()
    root = top_folder()
    require_replaceable(folder)
    commit = git("rev-parse", "HEAD").stdout.strip() if not results_differ() else None
    export_bundle(root, folder, names, commit)
    print(folder)
    print(f"sha256 of its SHA256SUMS: {bundle_id(folder)}", file=sys.stderr)
    parity = folder / PARITY_FILE
    if parity.is_file() and (lines := losses(PARITY.read(parity))):
        print(
            "These files in int8 lose ROC AUC on val (95 % interval). Use float32 or the other format instead:",
            *lines,
            sep="\n  ",
            file=sys.stderr,
        )
    if commit is None:
        print(
            "The results are not committed, so the bundle names no commit: commit them and export again.",
            file=sys.stderr,
        )
