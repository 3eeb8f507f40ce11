"""Kill `dvc repro --single-item split` at its n-th write, and fill the disk from it on: for every_write.py.

python -m benchmarks.every_write_dvc CASE

The stage itself only copies its outs, so that a run is short and the writes are those of DVC: of its cache, its
databases and locks, and dvc.lock. A run takes seconds, so one write of each kind is disturbed, the middle one: same
call, same path but for hashes. New folders are left out, and of databases all but their writes. After each fault:

- Every object of the cache whose name is complete must have the content of its name.
- dvc.lock must be the old or the new one.
- The next `dvc repro` must end with the outs, the dvc.lock and the objects of a run without a fault.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.every_write_runs import FAULTS, FULL, HALFWAY, KILLED, Case, Copy, Run, Runner, Write, digest, digests
from benchmarks.every_write_worker import MESSAGE, Findings

LOCK, OBJECTS = "dvc.lock", ".dvc/cache/files/md5"
DATABASES = ".dvc/tmp/site"  # of SQLite, which has its own journal
IN_PLACE = (LOCK, ".dvc/tmp/rwlock")
HASHES = re.compile(r"SIM_\d+|/\.[\w-]{20,}\.tmp|[0-9a-f]{30,}|(?<=/)[0-9a-f]{2}(?=/|$)")
OWN = (".dvc/", ".git/", "runs")


def repro() -> int:
    """Run DVC in this process."""
    from dvc.cli import main

    return int(main(["repro", "--single-item", "split"]))


def wrong_objects(folder: Path) -> list[str]:
    """Return the objects of the cache whose content is not that of their name."""
    wrong = []
    for path in sorted((folder / OBJECTS).glob("??/*")):
        name = path.parent.name + path.name.removesuffix(".dir")
        if len(name) == 32 and hashlib.md5(path.read_bytes()).hexdigest() != name:
            wrong.append(str(path.relative_to(folder)))
    return wrong


def results(folder: Path, outs: list[str]) -> dict[str, str]:
    """Return the digests of what a run leaves that counts: outs, dvc.lock and the complete objects of the cache."""
    objects = [str(path.relative_to(folder)) for path in (folder / OBJECTS).glob("??/*")]
    complete = [path for path in objects if len(Path(path).stem) == 30]
    return digests(folder, [*outs, LOCK, *complete])


def chosen(writes: list[Write], most: int | None) -> list[int]:
    """Return the numbers of the writes that are disturbed: those in place, and others evenly spread."""
    kinds = defaultdict(list)
    for number, write in enumerate(writes, 1):
        if write.call != "mkdir" and (write.call == "pwrite" or not write.path.startswith(DATABASES)):
            kinds[write.call, HASHES.sub("#", write.path)].append(number)
    middles = {kind: found[len(found) // 2] for kind, found in kinds.items()}
    in_place = [number for (_, path), number in middles.items() if path in IN_PLACE]
    others = [number for (_, path), number in middles.items() if path not in IN_PLACE]
    return sorted({*in_place, *(others if most is None else others[:: max(1, len(others) // most)])})


def check(
    project: Copy,
    case: Case,
    locks: set[str],
    expected: dict[str, str],
    run: Run,
    name: str,
    where: str,
    found: Findings,
) -> None:
    """Count what is wrong after a run with a fault."""
    if "Traceback" in run.output:
        found.add("tracebacks", f"{where}: {run.output[-1500:]}")
    if run.code == -signal.SIGKILL:
        found.add("hangs", where)
    elif name == FULL and run.code == 0:
        found.add("succeeded", where)
    elif name == FULL and run.output.count(MESSAGE) != 1:
        found.add("not_one_message", f"{where}: {run.output[-900:]}")
    elif name != FULL and run.code != KILLED:
        found.add("not_killed", f"{where}: {run.code} {run.output[-600:]}")
    half = wrong_objects(project.folder)
    if digest(project.folder / LOCK) not in locks:
        half.append(LOCK)
    if half:
        found.add("half_written", f"{where}: {', '.join(half)}")
    changed = project.changed(run.paths)
    if rest := [path for path in changed if is_temporary(project, path, expected)]:
        found.add("left_beside", f"{where}: {rest[0]}")
    outside = [path for path in changed if not path.startswith(OWN) and path != LOCK]
    others = [path for path in outside if not any(Path(path).is_relative_to(out) for out in case.outs)]
    if others := [path for path in others if digest(project.before / path) not in ("missing", "folder")]:
        found.add("others_changed", f"{where}: {others}")


def is_temporary(project: Copy, path: str, expected: dict[str, str]) -> bool:
    """Return whether a path is a file that DVC left, and that a run without a fault does not have."""
    known = path in expected or path.startswith((".dvc/cache/runs", ".dvc/tmp"))
    return not known and (project.folder / path).is_file() and not (project.before / path).exists()


def examine(case: Case) -> dict[str, Any]:
    """Disturb DVC at its writes, and return the rows and the examples."""
    os.environ["DVC_SITE_CACHE_DIR"] = str(Path(case.folder, ".dvc/tmp/site"))
    runner = Runner(case, repro)
    project = Copy(Path(case.before), runner.folder)
    first = runner.run()
    expected = results(runner.folder, case.outs)
    if first.code or wrong_objects(runner.folder):
        raise SystemExit(f"dvc repro fails without a fault: {first.output}")
    locks = {digest(project.before / LOCK), digest(project.folder / LOCK)}
    writes = [write for write in first.writes if write.call != "from"]
    numbers = chosen(writes, case.most)
    print(f"dvc: {len(writes)} writes, {len(numbers)} of them disturbed", file=sys.stderr, flush=True)
    restore(project, first.paths | set(case.outs))
    runner.import_modules()
    rows, examples = [], {}
    for name, fault in FAULTS.items():
        found, start = Findings(), time.monotonic()
        of_fault = [
            number
            for number in numbers
            if (name != HALFWAY or writes[number - 1].bytes > 1) and (name != FULL or writes[number - 1].needs_space)
        ]
        for number in of_fault:
            write = writes[number - 1]
            where = f"{number} ({write.call} {HASHES.sub('#', write.path)})"
            run = runner.run(number, fault)
            check(project, case, locks, expected, run, name, where, found)
            again = runner.run()
            found.counts["next_runs"] += 1
            now = results(runner.folder, case.outs)
            if again.code:
                found.add("not_repeated", f"{where}: {again.output[-1500:]}")
            elif now != expected or wrong_objects(runner.folder):
                found.add("not_repeated", f"{where}: {sorted(set(now.items()) ^ set(expected.items()))[:4]}")
            print(f"{name}: {where}: {dict(found.counts)}", file=sys.stderr, flush=True)
            restore(project, run.paths | again.paths | set(case.outs))
        row = {"stage": case.stage, "fault": name, "writes": len(writes), "disturbed": len(of_fault)}
        rows.append({**row, **found.counts, "seconds": round(time.monotonic() - start)})
        examples[name] = found.examples
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return {"rows": rows, "examples": examples}


def restore(project: Copy, paths: set[str]) -> None:
    """Put the project back."""
    for folder in (".dvc/cache", ".dvc/tmp"):
        shutil.rmtree(project.folder / folder, ignore_errors=True)
    project.restore(paths)


def main() -> None:
    """Examine the case of this process, and print the result in JSON."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    result = examine(Case(**json.loads(sys.argv[-1])))
    print(json.dumps(result), file=answers, flush=True)
    answers.close()
    os._exit(0)


if __name__ == "__main__":
    main()
