"""Check DVC's cache, and remove what interrupted runs have left on the disk."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import psutil
import typer
from filelock import FileLock, Timeout

from dermoscopy.check.locks import refuse_while_at_work
from dermoscopy.cli.compare import plain_table
from dermoscopy.cli.dvc import environment
from dermoscopy.cli.repository import top_folder
from dermoscopy.core.errors import UserError, first_few
from dermoscopy.core.progress import progress
from dermoscopy.core.stage import checkpoints
from dermoscopy.use.recorded import read_stages
from dermoscopy.use.sources import md5_of_file

FILES = Path("files/md5")  # in the folder of the cache
NAME = re.compile(r"[0-9a-f]{32}(\.dir)?")  # md5 of a file, or of the list of a folder's files
CHANGED = "its content has changed"
EXPERIMENTS = Path(".dvc/tmp/exps")  # dvc exp run --temp and dvc exp run --queue copy the project to there
CHECKSUMS = "hashes.json"  # of the dataset: small, and of no single run
MEGABYTE = 10**6

FOLDER_HELP = "Folder of a remote to check in place of the cache, such as a shared folder."
REMOVE_HELP = "Remove the files whose content has changed, and the links to them in the outputs."
YES_HELP = "Do not ask."
GET_BACK = (
    "Removed. To get them back: dvc pull, from a remote. Without one: dvc commit STAGE, which copies outputs that are "
    "still intact into the cache and refuses others; then dvc repro, which runs the stages of the others again."
)
PUSH_AGAIN = "Removed. To get them back, in a clone whose cache is intact: dvc push"

cache = typer.Typer(help="Check DVC's cache, and free disk space.", no_args_is_help=True)


@cache.command()
def check(
    remote: Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help=FOLDER_HELP, show_default=False)] = None,
    remove: Annotated[bool, typer.Option("--remove", help=REMOVE_HELP)] = False,
) -> None:
    """Compare each file of DVC's cache with its name, the md5 of its content; exit code 0 if all match, 1 if not."""
    remote = remote and remote.absolute()
    if remote and not (remote / FILES).is_dir():
        raise UserError(f"{remote} has no folder {FILES}: it is neither a remote nor a cache of DVC.")
    os.chdir(top_folder())
    folder = remote or cache_folder()
    paths = sorted(cached_files(folder))
    damaged = damage(paths)
    if not damaged:
        print(f"All {len(paths):,} files in {folder} are intact.")
        return
    print(f"{len(damaged):,} of {len(paths):,} files in {folder} are damaged:")
    users = outputs(folder)
    for path, problem in damaged.items():
        used = [f"{output} ({stage})" for output, stage in users.get(_md5_in_name(path), [])]
        print(f"  {path.relative_to(folder)}: {problem}. Used by: {', '.join(first_few(used)) or 'no output here'}.")
    if remove:
        changed = {path for path, problem in damaged.items() if problem == CHANGED}
        remove_links(changed, users)
        # DVC sends a folder's files again only if the remote lacks their list.
        for path in changed | (lists_of(changed, paths) if remote else set()):
            path.unlink(missing_ok=True)
        print(PUSH_AGAIN if remote else GET_BACK)
    else:
        print(
            "DVC would use them as they are. "
            "The same command with --remove removes them and prints how to get them back."
        )
    raise typer.Exit(1)


def cache_folder() -> Path:
    """Return the folder of DVC's cache, which may be outside the project.

    Raises:
        UserError: DVC reports an error.
    """
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True, env=environment()
    )
    if done.returncode:
        raise UserError(f"DVC cannot name its cache:\n{done.stderr.strip()}")
    return Path(done.stdout.strip())


def cached_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a cache whose name is an md5; others are temporary files of a dvc at work.

    Args:
        folder: Folder of the cache.
    """
    return (path for path in (folder / FILES).glob("??/*") if NAME.fullmatch(_md5_in_name(path)))


def damage(paths: Sequence[Path]) -> dict[Path, str]:
    """Return the problem of each file that cannot be read, or whose md5 is not its name; several are read at a time.

    Args:
        paths: Files of a cache. One that another dvc removes meanwhile has no problem.
    """
    damaged = {}
    with progress("Check DVC's cache", len(paths)) as advance, ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, problem in zip(paths, pool.map(_problem, paths), strict=True):
            if problem:
                damaged[path] = problem
            advance(1)
    return damaged


def _problem(path: Path) -> str | None:
    try:
        md5 = md5_of_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    return None if md5 == _md5_in_name(path).removesuffix(".dir") else CHANGED


def _md5_in_name(path: Path) -> str:
    return path.parent.name + path.name


def outputs(folder: Path) -> Mapping[str, list[tuple[str, str]]]:
    """Return the outputs in dvc.lock that use each file of the cache, with their stages, by the file's md5.

    Args:
        folder: Folder of the cache, in which a folder's files are listed.
    """
    users = defaultdict(list)
    for stage, entry in read_stages(Path()).items():
        for output in entry.get("outs", []):
            md5, path = str(output["md5"]), output["path"]
            users[md5].append((path, stage))
            for file in _listed(folder / FILES / md5[:2] / md5[2:]):
                users[file["md5"]].append((f"{path}/{file['relpath']}", stage))
    return users


def _listed(path: Path) -> list[dict[str, str]]:
    """Return the entries of a list of a folder's files; none if it is no list, missing or damaged."""
    try:
        entries: list[dict[str, str]] = json.loads(path.read_bytes()) if path.suffix == ".dir" else []
    except (OSError, ValueError):
        return []
    return entries


def lists_of(files: Set[Path], paths: Sequence[Path]) -> set[Path]:
    """Return the lists of folders that have any of some files.

    Args:
        files: Files of a cache.
        paths: All files of the cache.
    """
    names = {_md5_in_name(path) for path in files}
    return {path for path in paths if names & {entry["md5"] for entry in _listed(path)}}


def remove_links(files: Set[Path], users: Mapping[str, list[tuple[str, str]]]) -> None:
    """Remove the links of outputs to files of the cache: DVC stops at a link to nothing, and keeps a hard link.

    Args:
        files: Files of the cache.
        users: Outputs that use each file, see `outputs`.
    """
    for path in files:
        for output in (Path(output) for output, _ in users.get(_md5_in_name(path), [])):
            if output.exists() and output.samefile(path):
                output.unlink()


@cache.command()
def clean(yes: Annotated[bool, typer.Option("--yes", help=YES_HELP)] = False) -> None:
    """Remove checkpoints, downloads and the copies of the project that killed experiments have left.

    DVC's cache and the results stay as they are.
    """
    os.chdir(top_folder())
    refuse_while_at_work()
    found = leftovers()
    if not found:
        print("There is nothing to remove.")
        return
    refuse_used(found)
    sizes = {path: size(path) for path in found}
    rows = [
        (str(path), f"{size / MEGABYTE:,.1f}", time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime)))
        for path, size in sizes.items()
    ]
    print(plain_table([("path", "MB", "last change"), *rows]))
    if not yes:
        typer.confirm("Remove them? An interrupted training then starts from its first epoch.", abort=True)
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    print(f"Removed: {sum(sizes.values()) / MEGABYTE:,.1f} MB.")


def leftovers() -> list[Path]:
    """Return the files and folders that only an interrupted run needs to continue, or that nothing needs."""
    kept = [path for path in checkpoints().glob("*") if path.name != CHECKSUMS]
    copies = [path.parent for pattern in ("tmp*/.dvc", "standalone/tmp*/.dvc") for path in EXPERIMENTS.glob(pattern)]
    return sorted([*kept, *copies])


def refuse_used(paths: Sequence[Path]) -> None:
    """Raise an error if a process works in a folder or holds a lock in it, as experiments outside the workspace do.

    Args:
        paths: Files and folders.

    Raises:
        UserError: One does; the message names its id.
    """
    users = []
    for lock in (file for path in paths for file in (path, *path.rglob("*.lock")) if file.suffix == ".lock"):
        try:
            with FileLock(lock, fallback_to_soft=False).acquire(timeout=0):
                pass
        except Timeout:
            users.append(lock.read_text().strip())
    folders = [path.resolve() for path in paths]
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] and any(Path(process.info["cwd"]).is_relative_to(folder) for folder in folders):
            users.append(str(process.pid))
    if users:
        raise UserError(
            f"An experiment is at work (process {', '.join(users)}), so nothing was removed. Wait until it has ended."
        )


def size(path: Path) -> int:
    """Return the bytes of a file, or of the files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    return sum(file.stat().st_size for file in files)
