"""Run studies: train a member with the parameters of each row, evaluate it on val, and write docs/<file>/<study>.csv.

python benchmarks/studies.py small_cnns --data path/to/ham10000
python benchmarks/studies.py --data path/to/ham10000 --weights inception_v3=path/to/file.h5
python benchmarks/studies.py --file benchmarks/experiments.yaml --data path/to/ham10000

--file defines the studies; without a name, all of them run. Each row is an experiment in DVC's queue,
study-<name>-<row>: see dvc exp show. A row that has an experiment of this commit with the same parameters is not
trained again, so the same command goes on after an interruption. The test split is not read.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from study_plan import STUDIES, read_studies, require_valid, select, trainings
from study_queue import finished, queue, refuse_waiting, wait
from study_table import FAILED, diagnosis_table, evaluate, table, write

from dermoscopy.check.head import refuse_killed_experiment, undo_command
from dermoscopy.check.locks import refuse_while_at_work
from dermoscopy.cli.dvc import run_dvc
from dermoscopy.cli.repository import committed_params, git, top_folder
from dermoscopy.cli.run import Leaves, data_leaves, flatten, override, refuse_other_changes, replaced
from dermoscopy.core.errors import UserError
from dermoscopy.core.params import read
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.networks.params import Runtime

PREPARED = "audit"  # the last stage before training
CODE = ("src", "stages", "dvc.yaml")


def main() -> None:
    """Run the studies of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name")
    parser.add_argument("--file", type=Path, default=STUDIES, help=f"definition of the studies (default: {STUDIES})")
    parser.add_argument("--data", required=True, metavar="PATH", help="folder or zip file of the dataset")
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="file of starting weights; otherwise those that keras.applications publishes are downloaded",
    )
    arguments = parser.parse_args()
    folder = Path.cwd()
    try:
        data, file = data_leaves(arguments.data), arguments.file.absolute()
        os.chdir(top_folder())
        run(file, arguments.names, data | weights_leaves(arguments.weights, folder))
    except UserError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nQueued trainings go on in the background: see dvc queue status. To end them: dvc queue stop --kill")


def weights_leaves(options: Sequence[str], folder: Path) -> Leaves:
    """Return the leaves that select files of starting weights.

    Args:
        options: A name of data.weights and a path each, joined by =.
        folder: Folder to which the paths are relative.

    Raises:
        UserError: An option has no = or an unknown name.
    """
    leaves: Leaves = {}
    known = list(read()["data"]["weights"])
    for option in options:
        name, _, path = option.partition("=")
        if not path or name not in known:
            raise UserError(f"--weights {option}: expected NAME=PATH, with one of the names {', '.join(known)}.")
        leaves[f"data.weights.{name}.source"] = os.path.realpath(folder / path)
    return leaves


def run(file: Path, names: Sequence[str], sources: Leaves) -> None:
    """Run studies and write their tables.

    Args:
        file: Definition of the studies.
        names: Names of the studies; empty for all.
        sources: Leaves that select the dataset and the starting weights.

    Raises:
        UserError: A name, a parameter or the dataset is not valid, or the working tree has other changes.
    """
    studies = read_studies(file)
    selected = select(studies, names)
    by_study = {name: trainings(name, study) for name, study in selected.items()}
    planned = [training for of_study in by_study.values() for training in of_study]
    base = flatten(studies.base) | sources
    tree = replaced(read(), base)
    require_valid(planned, tree)
    refuse_while_at_work()
    refuse_killed_experiment()
    refuse_changed_code()
    refuse_other_changes(str(file), flatten(committed_params()), flatten(read()), base)
    refuse_waiting()

    options = [word for key, value in base.items() for word in ("-S", override(key, value))]
    if run_dvc("exp", "run", *options, PREPARED):
        raise UserError("The stages before training failed, so nothing was queued.")
    done = finished(planned, tree)
    missing = [training for training in planned if training.experiment not in done]
    print(f"\n{len(done)} trainings are done, {len(missing)} follow.", flush=True)
    queue(missing)
    wait(missing)

    val, found = evaluate(planned, finished(planned, tree), Runtime.model_validate(tree["runtime"]))
    for name, study in selected.items():
        result = table(study, by_study[name], val, found)
        print(f"\n{study.title}\n{result.to_string()}\nWritten: {write(file.stem, name, result)}")
        diagnoses = diagnosis_table(by_study[name], val, found, Evaluate.model_validate(tree["evaluate"]))
        if study.diagnoses and len(diagnoses):
            print(f"Written: {write(file.stem, f'{name}_diagnoses', diagnoses)}")
    failed = [name for name, of_row in found.items() if of_row.outcome == FAILED]
    if failed:
        print(f"\nFailed, though not because the loss diverged: {', '.join(failed)}. See: dvc queue logs {failed[0]}")
    print(f"\nThe parameters of the studies stay in params.yaml. To restore the last commit: {undo_command()}")
    if failed:
        sys.exit(1)


def refuse_changed_code() -> None:
    """Refuse code that differs from the commit whose experiments these are.

    Raises:
        UserError: Files differ; the message lists them.
    """
    changed = git("status", "--porcelain", "--untracked-files=no", "--", *CODE).stdout.rstrip()
    if changed:
        raise UserError(f"Commit or undo these changes first, because they would change the results:\n{changed}")


if __name__ == "__main__":
    main()
