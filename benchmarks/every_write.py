"""Kill each stage at its n-th write, and fill the disk from it on, for every n; then run the stage again.

python -m benchmarks.every_write
python -m benchmarks.every_write split train@cnn_a --most 50

Needs Linux and a C compiler. A write is a call that changes a file of the project: creating, writing, renaming,
removing; every_write.c counts them. The profile tiny runs once in a clone of the last commit, in a temporary folder.
Then each stage (or those that are named) runs in a copy of the clone as DVC leaves it to the stage, once for each write
and each of three faults: killed before the write, killed after half of its bytes, and the disk full from half of its
bytes on. `--most` disturbs no more than that number of writes, evenly spread. After each run:

- Files that were there before and are no outs of the stage must be unchanged. (The results of later stages may have
  been emptied: see core.stage.)
- The next run, without a fault, must give the bytes of the first one. As DVC does, it begins without the outs that are
  not `persist`. States that are equal then need one next run only.
- On a full disk the stage must exit with 2 and print one message, without a traceback.

The stage search runs its trials in one process, so that all its writes are counted. Prints the first examples of each
finding, and replaces the rows of the stages in docs/every_write.csv: numbers of faults. half_written: an out was
incomplete when the run ended. left_beside: a temporary file was left beside the outs.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from benchmarks.every_write_runs import Case
from benchmarks.every_write_worker import EXAMPLES
from dermoscopy.cli.run import override, read_profile
from dermoscopy.core.params import read_yaml

RESULTS = Path("docs/every_write.csv")
SOURCE = Path(__file__).with_suffix(".c")
DVC = "dvc repro"
DVC_MOST = 20  # kinds of writes that are disturbed: a run takes seconds
NOT_COPIED = (".git", ".dvc", ".checkpoints", "runs", "docs", "tests", "benchmarks")
COUNTS = ("next_runs", "not_as_watched", "half_written", "left_beside", "others_changed", "not_repeated")
ENDS = ("succeeded", "succeeded_wrongly", "exit_code", "not_one_message", "tracebacks", "not_killed", "hangs")
COLUMNS = ("stage", "fault", "writes", "disturbed", *COUNTS, *ENDS, "seconds")


def finished_project(folder: Path) -> None:
    """Run the profile tiny in a clone of the last commit."""
    subprocess.run(["git", "clone", "--quiet", ".", str(folder)], check=True)
    options = [option for key, value in read_profile("tiny").items() for option in ("-S", override(key, value))]
    subprocess.run(["dvc", "exp", "run", *options], cwd=folder, check=True)


def compiled(folder: Path) -> Path:
    """Compile every_write.c into a folder, and return the library."""
    library = folder / "every_write.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


def outs(project: Path) -> dict[str, list[str]]:
    """Return the outs of each stage of a finished project, by its name in DVC."""
    stages = read_yaml((project / "dvc.lock").read_text())["stages"]
    return {stage: [out["path"] for out in entry["outs"]] for stage, entry in stages.items()}


def persistent(project: Path) -> set[str]:
    """Return the outs that DVC does not remove before it runs their stage."""
    stages = read_yaml((project / "dvc.yaml").read_text())["stages"].values()
    listed = [entry for stage in stages for entry in stage["outs"] if isinstance(entry, dict)]
    return {path for entry in listed for path, settings in entry.items() if settings.get("persist")}


def prepare(project: Path, stage: str, folder: Path, most: int | None) -> Case:
    """Make the project as DVC leaves it to a stage that has not run yet.

    Args:
        project: Finished project.
        stage: Name of the stage in DVC.
        folder: Folder in which the project and its copy are made.
        most: Largest number of writes that are disturbed; None disturbs all.
    """
    before, of_stage, kept = folder / "before", outs(project)[stage], persistent(project)
    shutil.copytree(project, before, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for out in of_stage:
        path = before / out
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    params = before / "params.yaml"
    params.write_text(params.read_text().replace("\n  jobs: 2\n", "\n  jobs: 1\n"))
    removed = [out for out in of_stage if out not in kept]
    return Case(stage, str(before), str(project), str(folder / "project"), of_stage, removed, most)


def prepare_dvc(project: Path, folder: Path, most: int | None) -> Case:
    """Make the project before `dvc repro --single-item split`, with an empty cache and a stage that copies its outs."""
    before, of_stage = folder / "before", outs(project)["split"]
    ignored = shutil.ignore_patterns(*(set(NOT_COPIED) - {".git", ".dvc"}))
    shutil.copytree(project, before, symlinks=True, ignore=ignored)
    for path in [".dvc/cache", ".dvc/tmp", *of_stage]:
        shutil.rmtree(before / path) if (before / path).is_dir() else (before / path).unlink(missing_ok=True)
    (before / "stages/run").write_text("".join(f"cp -r '{project / out}' {out}\n" for out in of_stage))
    lock = read_yaml((before / "dvc.lock").read_text())
    del lock["stages"]["split"]
    YAML().dump(lock, before / "dvc.lock")
    return Case(DVC, str(before), str(project), str(folder / "project"), of_stage, [], most)


def measure(case: Case, library: Path) -> dict[str, Any]:
    """Run the worker of a case, and return its rows and examples."""
    worker = "every_write_dvc" if case.stage == DVC else "every_write_worker"
    environment = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": os.pathsep.join(["src", str(Path.cwd())])}
    command = [sys.executable, "-m", f"benchmarks.{worker}", json.dumps(case._asdict())]
    done = subprocess.run(command, cwd=case.before, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"The worker of {case.stage} ended with {done.returncode}.")
    return json.loads(done.stdout)


def write(rows: Sequence[dict[str, Any]]) -> None:
    """Replace the rows of the stages in docs/every_write.csv."""
    frame = pd.DataFrame(rows).reindex(columns=COLUMNS).fillna(0)
    if RESULTS.is_file():
        earlier = pd.read_csv(RESULTS)
        frame = pd.concat([earlier[~earlier["stage"].isin(frame["stage"])], frame])
    counts = [name for name in COLUMNS if name not in ("stage", "fault")]
    frame.astype(dict.fromkeys(counts, int)).to_csv(RESULTS, index=False, lineterminator="\n")


def main() -> None:
    """Disturb all stages, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="*")
    parser.add_argument("--most", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = folder / "finished"
        finished_project(project)
        library = compiled(folder)
        for stage in arguments.stages or [*outs(project), DVC]:
            if stage == DVC:
                case = prepare_dvc(project, folder / stage, arguments.most or DVC_MOST)
            else:
                case = prepare(project, stage, folder / stage, arguments.most)
            result = measure(case, library)
            for fault, findings in result["examples"].items():
                for finding, examples in findings.items():
                    for example in examples[:EXAMPLES]:
                        print(f"{stage}, {fault}, {finding}: {example}")
            write(result["rows"])
            shutil.rmtree(folder / stage)


if __name__ == "__main__":
    main()
