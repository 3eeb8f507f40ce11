"""Run a function again and again in forks, each time disturbed at another write, in a folder that is put back.

Needs every_write.c preloaded.
"""

import atexit
import contextlib
import ctypes
import hashlib
import importlib
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

# As in every_write.c.
BEFORE, HALFWAY, FULL = "killed before the write", "killed halfway", "disk full from there on"
FAULTS = {BEFORE: 1, HALFWAY: 2, FULL: 3}
WATCHED = 4
KILLED = 137
SECONDS = 900  # of one run, after which it counts as a hang


class Case(NamedTuple):
    """A stage and where it runs.

    Attributes:
        stage: Name in DVC, for example train@cnn_a.
        before: Project as DVC leaves it to the stage: without the outs that DVC removes.
        after: The same project with the outs of the stage.
        folder: Copy of `before`, in which the stage runs.
        outs: Paths of the outs.
        removed: Those that DVC removes before it runs the stage.
        most: Largest number of writes that are disturbed, evenly spread; None disturbs all.
    """

    stage: str
    before: str
    after: str
    folder: str
    outs: list[str]
    removed: list[str]
    most: int | None


class Write(NamedTuple):
    """A write as every_write.c lists it."""

    call: str
    bytes: int
    needs_space: bool
    path: str


class Run(NamedTuple):
    """A run: its exit code, negative after a signal, what it printed, and its writes."""

    code: int
    output: str
    writes: list[Write]

    @property
    def paths(self) -> set[str]:
        """What it may have changed."""
        return {write.path for write in self.writes}


class Copy:
    """A copy of a folder that can be put back.

    Args:
        before: The folder as it was.
        folder: The copy, which is made.
    """

    def __init__(self, before: Path, folder: Path) -> None:
        self.before, self.folder = before, folder
        shutil.copytree(before, folder, symlinks=True)

    def differences(self) -> list[str]:
        """Compare all files and folders, and return the paths that differ."""
        found = (path.relative_to(top) for top in (self.before, self.folder) for path in top.rglob("*"))
        return self.changed({str(path) for path in found})

    def changed(self, written: Collection[str]) -> list[str]:
        """Return those of some paths that differ: changed, added or removed."""
        return sorted(path for path in self._with(written) if digest(self.before / path) != digest(self.folder / path))

    def _with(self, written: Collection[str]) -> set[str]:
        """Return paths with all that is in folders among them, which may have been renamed."""
        inside = (
            str(path.relative_to(top))
            for top in (self.before, self.folder)
            for folder in written
            if (top / folder).is_dir()
            for path in (top / folder).rglob("*")
        )
        return {*written, *inside}

    def restore(self, written: Collection[str]) -> None:
        """Put some paths back."""
        paths = sorted(self._with(written))
        for path in reversed(paths):
            if (self.before / path).is_dir() and (self.folder / path).is_dir():
                continue
            remove(self.folder / path)
        for path in paths:
            source, target = self.before / path, self.folder / path
            if source.is_dir():
                target.mkdir(exist_ok=True)
                shutil.copystat(source, target)
            elif source.exists():
                shutil.copy2(source, target)


def remove(path: Path) -> None:
    """Remove a file or a folder; it may be missing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; another word for a folder or if there is none."""
    if path.is_dir():
        return "folder"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def digests(folder: Path, paths: Collection[str]) -> dict[str, str]:
    """Return the digest of each file in some files and folders, by its path."""
    found: dict[str, str] = {}
    for path in paths:
        inside = sorted((folder / path).rglob("*")) if (folder / path).is_dir() else []
        for file in [folder / path, *inside]:
            found[str(file.relative_to(folder))] = digest(file)
    return found


class Runner:
    """Runs the stage of a case in forks of this process.

    Args:
        case: The case.
        stage: Function that runs the stage and returns its exit code.
    """

    def __init__(self, case: Case, stage: Callable[[], int]) -> None:
        self.case, self.stage = case, stage
        self.folder = Path(case.folder)
        self.output = self.folder.with_suffix(".output")
        self.list = self.folder.with_suffix(".writes")
        self.modules = self.folder.with_suffix(".modules")
        self.library = ctypes.CDLL(None)
        self.library.every_write.argtypes = [ctypes.c_char_p, ctypes.c_long, *[ctypes.c_int] * 4]

    def run(self, number: int = 0, fault: int = 0, watch: Callable[[int, str, list[Write]], None] | None = None) -> Run:
        """Run the stage once.

        Args:
            number: Number of the write that is disturbed, from 1; 0 disturbs none.
            fault: Value of `FAULTS`.
            watch: Function that is called before each write and after half of its bytes, while the stage waits, with
                the number of the write, the fault that a kill now would be, and the writes so far.
        """
        sys.stdout.flush()
        asks, answers = os.pipe(), os.pipe()
        child = os.fork()
        if not child:
            os.close(asks[0])
            self._run_and_exit(number, WATCHED if watch else fault, asks[1], answers[0])
        os.close(asks[1])
        killed = threading.Timer(SECONDS, os.kill, (child, signal.SIGKILL))
        killed.start()
        with os.fdopen(asks[0]) as lines:
            for line in lines:
                now, when = line.split()
                if watch:
                    watch(int(now), BEFORE if when == "b" else HALFWAY, self._writes())
                os.write(answers[1], b"\n")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        killed.cancel()
        killed.join()
        for end in answers:
            os.close(end)
        return Run(code, self.output.read_text(errors="replace"), self._writes())

    def _writes(self) -> list[Write]:
        rows = [line.split("\t") for line in self.list.read_text().splitlines()]
        return [Write(call, int(size), space == "1", path.strip("/")) for call, size, space, path in rows]

    def _run_and_exit(self, number: int, fault: int, ask: int, answer: int) -> None:
        code = 1
        try:
            output = os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.chdir(self.folder)
            listed = os.open(self.list, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
            self.library.every_write(os.fsencode(self.folder), number, fault, listed, ask, answer)
            code = self.stage()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            atexit._run_exitfuncs()
            with contextlib.suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            if not number:
                self.modules.write_text("\n".join(sys.modules))
            os._exit(code)

    def import_modules(self) -> None:
        """Import the modules that the last run without a fault had imported, for all later runs."""
        for name in self.modules.read_text().splitlines():
            if name not in sys.modules and name != "__main__":
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
