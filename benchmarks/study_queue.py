"""Queue trainings as experiments of DVC, run them one after another, and find their results."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study_plan import Training

from dermoscopy.cli.dvc import environment
from dermoscopy.cli.repository import git
from dermoscopy.cli.run import differences, flatten, override, replaced
from dermoscopy.core.errors import UserError
from dermoscopy.core.params import read_yaml
from dermoscopy.core.stage import checkpoints, remove_finished

RUNS = Path("runs")
SECONDS_BETWEEN = 10.0  # dvc queue status takes half a second of one core
LOOKS = 6  # after which a worker is started again: it needs some seconds to begin, and between two trainings
TASK = re.compile(r"^(\w+) +(\S+) +.*\b(Queued|Running|Failed|Success)$", re.M)
WAITING = ("Queued", "Running")


def dvc(*arguments: str) -> str:
    """Run dvc and return what it prints.

    Raises:
        UserError: It failed.
    """
    command = [sys.executable, "-m", "dvc", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, env=environment())
    if result.returncode:
        raise UserError(f"dvc {' '.join(arguments)} failed:\n{(result.stderr or result.stdout).strip()}")
    return result.stdout


def tasks(status: str) -> dict[str, str]:
    """Return the state of each experiment in the queue.

    Args:
        status: Output of dvc queue status. It lists waiting tasks first.
    """
    states: dict[str, str] = {}
    for _, name, state in TASK.findall(status):
        states.setdefault(name, state)
    return states


def commits() -> dict[str, str]:
    """Return the commit of each experiment of the last commit, by name."""
    head = git("rev-parse", "HEAD").stdout.strip()
    folder = f"refs/exps/{head[:2]}/{head[2:]}/"
    lines = git("for-each-ref", "--format=%(refname) %(objectname)", folder).stdout.splitlines()
    return {name.removeprefix(folder): commit for name, commit in map(str.split, lines)}


def show(commit: str, path: str) -> str:
    """Return a file of a commit."""
    return git("show", f"{commit}:{path}").stdout


def finished(planned: Sequence[Training], tree: dict[str, Any]) -> dict[str, str]:
    """Return the commits of the trainings that have an experiment with their parameters, by name of the experiment.

    Args:
        planned: The trainings.
        tree: Content of params.yaml with the base.
    """
    found, known = {}, commits()
    for training in planned:
        commit = known.get(training.experiment)
        if commit:
            parameters = flatten(read_yaml(show(commit, "params.yaml")))
            if not differences(parameters, flatten(replaced(tree, training.changes))):
                found[training.experiment] = commit
    return found


def queue(planned: Sequence[Training]) -> None:
    """Queue trainings; earlier experiments and tasks of the same names are removed.

    Args:
        planned: The trainings.
    """
    states, known = tasks(dvc("queue", "status")), commits()
    for training in planned:
        name = training.experiment
        if name in states:
            dvc("queue", "remove", name)
        if name in known:
            dvc("exp", "remove", name)
        shutil.rmtree(RUNS / name, ignore_errors=True)
        options = [word for key, value in training.changes.items() for word in ("-S", override(key, value))]
        dvc("exp", "run", "--queue", "--name", name, *options, training.stage)
        print(f"queued {name}", flush=True)


def wait(planned: Sequence[Training]) -> None:
    """Run the queued trainings, one at a time, and print how each of them ended.

    Args:
        planned: The trainings.
    """
    waiting = {training.experiment for training in planned}
    started = time.monotonic()
    idle = 0
    missing: set[str] = set()
    while waiting:
        states = tasks(dvc("queue", "status"))
        # DVC lists running tasks, then queued ones: a task that starts in between is in neither list once.
        missed, missing = missing, waiting - set(states)
        for name in sorted(waiting - (missing - missed)):
            if states.get(name) not in WAITING:
                minutes = (time.monotonic() - started) / 60
                waiting.remove(name)
                print(
                    f"{minutes:.0f} min: {name} {states.get(name, 'is gone').lower()}, {len(waiting)} left", flush=True
                )
        remove_finished(checkpoints())
        if waiting:
            if "Running" in states.values():
                idle = 0
            else:  # nothing has started yet, or the worker has been killed
                if idle % LOOKS == 0:
                    start_worker()
                idle += 1
            time.sleep(SECONDS_BETWEEN)


def start_worker() -> None:
    """Start a worker of the queue, which runs in the background until the queue is empty; nothing if one runs."""
    # A pipe to the output would stay open until the worker ends.
    command = [sys.executable, "-m", "dvc", "queue", "start", "--jobs", "1"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), check=True)


def refuse_waiting() -> None:
    """Refuse to start while the queue has tasks: they would run too, or are those of a study that is at work.

    Raises:
        UserError: It has; the message names them.
    """
    waiting = [name for name, state in tasks(dvc("queue", "status")).items() if state in WAITING]
    if waiting:
        raise UserError(
            f"DVC's queue has {len(waiting)} tasks: {', '.join(waiting)}.\n"
            "Wait until they have ended (dvc queue status), or remove them: dvc queue stop --kill && dvc queue remove "
            "--queued"
        )
