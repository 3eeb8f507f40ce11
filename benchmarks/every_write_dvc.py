"""Kill `dvc repro --single-item split` at its n-th write, and fill the disk from it on: the part of every_write.py for DVC.

python -m benchmarks.every_write_dvc CASE

The stage itself only copies its outs, so that a run is short and the writes are those of DVC: of its cache, its
databases and locks, and dvc.lock. After each fault:

- Every object of the cache whose name is complete must have the content of its name.
- dvc.lock must be the old or the new one.
- The next `dvc repro` must end with the outs, the dvc.lock and the objects of a run without a fault.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.every_write_worker import FAULTS, KILLED, Case, Copy, Findings, Run, Runner, chosen, digest, digests

LOCK, OBJECTS = "dvc.lock", ".dvc/cache/files/md5"
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


def beside(project: Copy, expected: dict[str, str]) -> list[str]:
    """Return temporary files of DVC that are left."""
    return [
        path
        for path in project.changed()
        if path.startswith((".dvc/cache", ".dvc/tmp", "data/"))
        and path not in expected
        and digest(project.folder / path) not in ("folder", "missing")
        and not path.startswith((".dvc/tmp/site", ".dvc/tmp/lock", ".dvc/tmp/rwlock", ".dvc/tmp/btime"))
    ]


def check(project: Copy, case: Case, locks: set[str], run: Run, fault: str, where: str, found: Findings) -> None:
    """Count what is wrong after a run with a fault."""
    if run.code is None:
        found.add("hangs", where)
    if "Traceback" in run.output:
        found.add("tracebacks", f"{where}: {run.output[-1500:]}")
    if fault.startswith("killed") != (run.code == KILLED):
        found.add("exit_code", f"{where}: {run.code} {run.output[-600:]}")
    if fault.startswith("disk") and run.code:
        found.add("messages", f"{where}: {run.output[-600:]}")
    for path in wrong_objects(project.folder):
        found.add("half_written", f"{where}: {path}")
    if digest(project.folder / LOCK) not in locks:
        found.add("half_written", f"{where}: {LOCK}")
    for path in project.changed():
        outside = not path.startswith(OWN) and path != LOCK
        if outside and not any(Path(path).is_relative_to(out) for out in case.outs):
            if digest(project.before / path) not in ("missing", "folder"):
                found.add("others_changed", f"{where}: {path}")


def examine(case: Case) -> dict[str, Any]:
    """Disturb DVC at its writes, and return the rows and the examples."""
    os.environ["DVC_SITE_CACHE_DIR"] = str(Path(case.folder, ".dvc/tmp/site"))
    runner = Runner(case, repro)
    project = Copy(Path(case.before), runner.folder)
    first = runner.run(listed=True)
    writes = runner.writes()
    expected = results(runner.folder, case.outs)
    if first.code or wrong_objects(runner.folder):
        raise SystemExit(f"dvc repro fails without a fault: {first.output}")
    locks = {digest(project.before / LOCK), digest(project.folder / LOCK)}
    left = beside(project, expected)
    print(f"dvc: {len(writes)} writes, {len(expected)} results, left {left}", file=sys.stderr, flush=True)
    Path(case.folder + ".list").write_text("\n".join(map(str, writes)))
    project.restore()
    runner.import_modules()
    rows, examples = [], {}
    for name, fault in FAULTS.items():
        found, start = Findings(), time.monotonic()
        numbers = chosen(writes, name, case.most)
        for number in numbers:
            write = writes[number - 1]
            where = f"{number} ({write.call} {write.path})"
            check(project, case, locks, runner.run(number, fault), name, where, found)
            if rest := beside(project, expected):
                found.add("left_beside", f"{where}: {rest}")
            again = runner.run()
            found.counts["next_runs"] += 1
            now = results(runner.folder, case.outs)
            if again.code:
                found.add("not_repeated", f"{where}: {again.output[-1500:]}")
            elif now != expected or wrong_objects(runner.folder):
                found.add(
                    "not_repeated", f"{where}: other results {sorted(set(now.items()) ^ set(expected.items()))[:4]}"
                )
            if rest := beside(project, expected):
                found.add("still_there", f"{where}: {rest}")
            project.restore()
        row = {"stage": "dvc repro", "fault": name, "writes": len(writes), "disturbed": len(numbers)}
        rows.append({**row, **found.counts, "seconds": round(time.monotonic() - start)})
        examples[name] = found.examples
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return {"rows": rows, "examples": examples}


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
