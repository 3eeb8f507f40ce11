"""Examine a stage at each of its writes: the process that every_write.py starts.

python -m benchmarks.every_write_worker CASE

It imports what the stage imports, once; each run is a fork of it.
"""

import copy
import functools
import gc
import hashlib
import json
import os
import runpy
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any

from benchmarks.every_write_runs import (
    FAULTS,
    FULL,
    KILLED,
    Case,
    Copy,
    Run,
    Runner,
    Write,
    digest,
    digests,
    remove,
)
from dermoscopy.core import params, pipeline, stage
from dermoscopy.core.environment import RESTARTED, fix_environment
from dermoscopy.core.errors import DISK_FULL
from dermoscopy.core.interrupt import end_on_interrupt

MESSAGE = os.strerror(DISK_FULL[0])
NOT_COMPARED = ("runs", ".checkpoints")  # logs; and states of trainings, which only the next run reads
EXAMPLES = 3  # of each finding, that are printed


def parse_once() -> None:
    """Keep what was parsed from YAML for all runs: most of the time of a run would go there."""
    parsed = functools.cache(params.read_yaml)
    for module in (params, pipeline):
        module.read_yaml = lambda text: copy.deepcopy(parsed(text))  # type: ignore[attr-defined]
    stage.later_results = functools.cache(pipeline.later_results)  # type: ignore[attr-defined]


def run_script(stage: str) -> int:
    """Run a stage in this process as `core.launch` does; it exits.

    Args:
        stage: Name of the stage in DVC.
    """
    end_on_interrupt(stage)
    name, *arguments = stage.split("@")
    sys.argv = [f"stages/{name}.py", *arguments]
    runpy.run_path(sys.argv[0], run_name="__main__")
    return 0


class Findings:
    """What was found after the runs with one fault; `examples` has the first writes of each finding."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def add(self, name: str, example: str) -> None:
        """Count a finding."""
        self.counts[name] += 1
        self.examples.setdefault(name, []).append(example)


def examine(case: Case) -> dict[str, Any]:
    """Disturb the stage at each write, and return the rows of the table and the examples."""
    runner = Runner(case, lambda: run_script(case.stage))
    project = Copy(Path(case.before), runner.folder)
    expected = digests(Path(case.after), case.outs)
    later = {str(path) for path in stage.later_results(case.stage)}
    first = runner.run()
    if first.code != 0 or (different := differing(digests(runner.folder, case.outs), expected)):
        raise SystemExit(f"{case.stage} without a fault: {first.code} {first.output} {different}")
    if unseen := set(project.differences()) - set(project.changed(first.paths)):
        raise SystemExit(f"{case.stage}: writes that are not seen: {sorted(unseen)[:EXAMPLES]}")
    project.restore(first.paths)
    runner.import_modules()
    for path in ("dvc.yaml", "params.yaml"):
        params.read_yaml(Path(path).read_text())
    gc.freeze()
    writes = [write for write in first.writes if write.call != "from"]  # a few more or less in each run, with threads
    print(f"{case.stage}: {len(writes)} writes", file=sys.stderr, flush=True)
    found = {name: Findings() for name in FAULTS}
    disturbed, seconds = Counter[str](), Counter[str]()
    # What the next run starts from, with the fault, the write and where it is that leave it first; and all that do.
    first_of: dict[str, tuple[str, int]] = {}
    where_of: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def inspect(number: int, name: str, so_far: list[Write]) -> None:
        start = time.monotonic()
        where = f"{number} ({so_far[-1].call} {so_far[-1].path})"
        changed = project.changed({write.path for write in so_far})
        check_files(project, case, changed, expected, later, where, found[name])
        key = state(project, case, changed)
        first_of.setdefault(key, (name, number))
        where_of[key].append((name, where))
        disturbed[name] += 1
        seconds[name] += time.monotonic() - start

    watched = runner.run(watch=inspect)
    if watched.code or differing(digests(runner.folder, case.outs), expected):
        raise SystemExit(f"{case.stage}, watched: {watched.code} {watched.output}")
    project.restore(watched.paths)
    numbers = chosen(writes, case.most)
    full = [(FULL, number) for number in numbers]
    kills = list(first_of.items())
    if case.most:
        kills = kills[:: -(-len(kills) // case.most)]
    problems_of: dict[str, list[str]] = {}
    for key, (name, number) in [*kills, *((None, one) for one in full)]:
        start = time.monotonic()
        write = writes[number - 1]
        where = f"{number} ({write.call} {write.path})"
        run = runner.run(number, FAULTS[name])
        check_run(run, name, where, found[name])
        changed, paths = project.changed(run.paths), run.paths
        left = state(project, case, changed)
        if name == FULL:
            disturbed[name] += 1
            check_files(project, case, changed, expected, later, where, found[name])
            if run.code == 0 and differing(digests(runner.folder, case.outs), expected):
                found[name].add("succeeded_wrongly", where)
            where_of[left].append((name, where))
        elif left != key:
            found[name].add("not_as_watched", where)
        if left not in problems_of:
            again, problems = next_run(runner, project, case, expected, changed)
            paths = run.paths | again.paths | {path for path in expected if not (project.folder / path).is_file()}
            found[name].counts["next_runs"] += 1
            problems_of[left] = problems
        project.restore(paths)
        seconds[name] += time.monotonic() - start
    for left, problems in problems_of.items():
        for name, where in where_of[left] if problems else ():
            found[name].add("not_repeated", f"{where}: {'; '.join(problems[:EXAMPLES])}")
    if different := project.differences():
        raise SystemExit(f"{case.stage}: not put back: {different[:EXAMPLES]}")
    rows = [
        {
            "stage": case.stage,
            "fault": name,
            "writes": len(writes),
            "disturbed": disturbed[name],
            **found[name].counts,
            "seconds": round(seconds[name]),
        }
        for name in FAULTS
    ]
    for row in rows:
        print(json.dumps(row), file=sys.stderr, flush=True)
    return {"rows": rows, "examples": {name: one.examples for name, one in found.items()}}


def chosen(writes: list[Write], most: int | None) -> list[int]:
    """Return the numbers of the writes that need space, or no more than `most` of them, evenly spread."""
    numbers = [number for number, write in enumerate(writes, 1) if write.needs_space]
    if most is None or len(numbers) <= most:
        return numbers
    return sorted({numbers[round(place * (len(numbers) - 1) / (most - 1))] for place in range(most)})


def check_run(run: Run, fault: str, where: str, found: Findings) -> None:
    """Count a wrong end: a hang, a traceback, another exit code, no or several messages."""
    if run.code == -signal.SIGKILL:
        found.add("hangs", where)
    if "Traceback" in run.output:
        found.add("tracebacks", f"{where}: {run.output[-1500:]}")
    if fault == FULL:
        if run.code == 0 and not run.output.count(MESSAGE):
            found.counts["succeeded"] += 1  # only the cost, in runs/, was not written
        elif run.code != 2:
            found.add("exit_code", f"{where}: {run.code} {run.output[-300:]}")
        elif run.output.count(MESSAGE) != 1:
            found.add("not_one_message", f"{where}: {run.output[-1500:]}")
    elif run.code != KILLED:
        found.add("not_killed", f"{where}: {run.code}")


def check_files(
    project: Copy,
    case: Case,
    changed: Collection[str],
    expected: dict[str, str],
    later: Collection[str],
    where: str,
    found: Findings,
) -> None:
    """Count half-written outs, files beside the outs that are left, and other files that were changed."""
    half, rest, other = [], [], []
    for path in changed:
        now = digest(project.folder / path)
        if any(Path(path).is_relative_to(out) for out in case.outs):
            if now not in ("folder", "missing", expected.get(path), digest(project.before / path)):
                (rest if path.rpartition("/")[2].startswith(".") else half).append(path)
        elif path.split("/")[0] in NOT_COMPARED or now == "folder":
            continue
        elif path in later:
            if now == "missing" or (project.folder / path).read_text() not in ("{}\n", header(project.before / path)):
                other.append(path)
        elif digest(project.before / path) == "missing":
            rest.append(path)
        else:
            other.append(path)
    for name, paths in {"half_written": half, "left_beside": rest, "others_changed": other}.items():
        if paths:
            found.add(name, f"{where}: {', '.join(paths[:EXAMPLES])}")


def header(path: Path) -> str:
    """Return the first line of a file."""
    return path.read_text().partition("\n")[0] + "\n" if path.is_file() else ""


def state(project: Copy, case: Case, changed: Collection[str]) -> str:
    """Return a digest of what the next run starts from: all changed files but logs, locks and what DVC removes.

    Equal states need only one next run.
    """
    lines = [
        f"{path} {digest(project.folder / path)}"
        for path in changed
        if path.split("/")[0] != "runs" and not path.endswith(".lock")
        if not any(Path(path).is_relative_to(out) for out in case.removed)
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def next_run(
    runner: Runner, project: Copy, case: Case, expected: dict[str, str], changed: Collection[str]
) -> tuple[Run, list[str]]:
    """Run the stage again, after removing what DVC removes; return in what it differs and what is left beside."""
    for out in case.removed:
        remove(runner.folder / out)
    again = runner.run()
    if again.code != 0:
        return again, [f"exit code {again.code}: {again.output[-1500:]}"]
    left = [
        path
        for path in project.changed({*changed, *again.paths})
        if digest(project.before / path) == "missing"
        and digest(project.folder / path) != "folder"
        and path.split("/")[0] not in NOT_COMPARED
        and not any(Path(path).is_relative_to(out) for out in case.outs)
    ]
    return again, differing(digests(runner.folder, case.outs), expected) + [f"still there: {path}" for path in left]


def differing(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """Return the paths whose digests differ."""
    return sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))


def main() -> None:
    """Examine the case of this process, and print the result in JSON."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print to the standard output
    case = Case(**json.loads(sys.argv[-1]))
    os.environ[RESTARTED] = "1"
    fix_environment()
    os.chdir(case.before)
    parse_once()
    result = examine(case)
    print(json.dumps(result), file=answers, flush=True)
    answers.close()
    os._exit(0)  # without the end of libraries that only forks have used


if __name__ == "__main__":
    main()
