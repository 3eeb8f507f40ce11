"""Give mutated JPEG and PNG files to the verification of acquire and to `dermoscopy predict`, and count what happens.

python -m benchmarks.mutated_images
python -m benchmarks.mutated_images --files 500

The files are images of the simulated dataset in ten forms, each mutated in a way of mutations.py. A file depends on
its number only. One in ten has the ending of the other format. Each is verified (acquire/verify.py), read as for
prediction (use/reading.py) and, if it was accepted, decoded as for training (core/images.py), in another process. What
was accepted must have the declared size, and the same pixels each time.

Counted as failures: an exception, the end of the process, more than 10 seconds of processor time for a file, other
pixels, or a file that one of the two accepts and the other refuses without a reason of its own. Their files are kept in
runs/mutated_images/. Writes docs/mutated_images.csv, unless there are fewer files. Needs Linux.
"""

import argparse
import io
import multiprocessing
import re
import resource
import struct
import time
import traceback
import warnings
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
import psutil
from PIL import Image

from benchmarks.mutations import PNG, mutate
from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.verify import decode_image
from dermoscopy.core.images import read_image
from dermoscopy.core.params import load
from dermoscopy.simulate.dataset import simulate
from dermoscopy.simulate.params import Simulate
from dermoscopy.use.inputs import Found
from dermoscopy.use.reading import Reader

SEED = 1
FILES = 20_000
SECONDS = 10.0  # of processor time
SIZE = 32  # to which accepted images are resized
IMAGES = 8  # of the simulated dataset
RESULTS, KEPT = Path("docs/mutated_images.csv"), Path("runs/mutated_images")
PARAMETERS = {"lesions": 20, "width": 120, "height": 90}
ACCEPTED = "accepted"
# Reasons that only one of the two has.
ONLY_PREDICT = ("image smaller than", "JPEG of more than", "animated image", "file of more than")


class Result(NamedTuple):
    """What happened to a file: the answer of each reader, a failure (mostly empty), warnings, and its cost."""

    acquire: str
    predict: str
    failure: str
    warnings: list[str]
    seconds: float
    megabytes: int


def seeds(folder: Path) -> list[bytes]:
    """Return images of the simulated dataset, each as a JPEG or PNG file of another form."""
    simulate(load("simulate", Simulate).model_copy(update=PARAMETERS), folder / "dataset", folder / "truth")
    paths = sorted((folder / "dataset").rglob("*.jpg"))[:IMAGES]
    return [form for path in paths for form in _forms(path)]


def _forms(path: Path) -> list[bytes]:
    with Image.open(path) as image:
        image.load()
    jpegs = [
        _saved(image, "JPEG", progressive=True),
        _saved(image, "JPEG", restart_marker_rows=1, quality=60),
        _saved(image.convert("L"), "JPEG"),
        _saved(image.convert("CMYK"), "JPEG"),
    ]
    mask = Image.fromarray(np.asarray(image.convert("L")) > 128)
    pngs = [image, image.convert("L"), image.convert("P"), image.convert("RGBA"), mask]
    return [path.read_bytes(), *jpegs, *(_saved(form, "PNG") for form in pngs)]


def _saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def mutated(files: list[bytes], number: int) -> tuple[str, bytes, str]:
    """Return the names of the mutations, the content and the ending of a file."""
    rng = np.random.default_rng([SEED, number])
    name, content = mutate(files, rng)
    endings = [".png", ".jpg"] if content.startswith(PNG) == (rng.random() < 0.9) else [".jpg", ".png"]
    return name, content, endings[0]


def declared_sizes(content: bytes) -> set[tuple[int, ...]]:
    """Return width and height of each header in a file, also of those that a decoder skips."""
    if content.startswith(PNG):
        return {struct.unpack(">II", found[1]) for found in re.finditer(rb"IHDR(.{8})", content, re.DOTALL)}
    frames = re.finditer(rb"\xff[\xc0-\xcf](?=...(....))", content, re.DOTALL)
    return {struct.unpack(">HH", found[1])[::-1] for found in frames}


def examine(path: Path, limits: Limits) -> tuple[str, str, str]:
    """Read a file in each way; return the answers of acquire and predict, and a failure or an empty text."""
    problem, image = decode_image(path, limits.pixels)
    acquire = ACCEPTED if problem is None else f"{problem.outcome}: {problem.kind}"
    [(_, [decoded])] = Reader([SIZE], limits).read([Found(str(path), path)], 1)
    predict = ACCEPTED if not decoded.problem else f"left out: {decoded.problem.partition(': ')[0]}"
    if (image is None) != bool(decoded.problem) and not decoded.problem.startswith(ONLY_PREDICT):
        return acquire, predict, f"only one accepts it: {problem}, {decoded.problem}"
    if image is None:
        return acquire, predict, ""
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.shape != (image.height, image.width, 3):
        return acquire, predict, f"wrong pixels: {pixels.dtype} {pixels.shape}"
    if image.size not in declared_sizes(path.read_bytes()):
        return acquire, predict, f"not the declared size: {image.size}"
    expected = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    arrays = [read_image(path, SIZE), *decoded.sizes.values()]
    if not all(np.array_equal(array, expected) for array in arrays):
        return acquire, predict, "other pixels when decoded again"
    return acquire, predict, ""


def _serve(connection: Connection, limits: Limits) -> None:
    """Examine the files whose paths arrive, and answer with results."""
    peak = Path("/proc/self/clear_refs")
    while True:
        path = connection.recv()
        peak.write_text("5")  # the peak of the memory begins anew
        start = time.process_time()
        try:
            with warnings.catch_warnings(record=True) as warned:
                warnings.filterwarnings("always", append=True)  # all that the project does not ignore
                answers = examine(path, limits)
        except BaseException as error:
            answers = ("", "", f"exception: {error!r} {traceback.format_exc()}")
        lines = Path("/proc/self/status").read_text().splitlines()
        (kilobytes,) = (int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        connection.send(
            Result(*answers, [str(one.message) for one in warned], time.process_time() - start, kilobytes // 1024)
        )


class Worker:
    """A process that examines files; it is replaced when it ends or takes too long."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other, self._limits), daemon=True)
        self.process.start()
        other.close()
        self._spent = psutil.Process(self.process.pid)

    def examine(self, path: Path) -> Result:
        """Examine a file."""
        before = sum(self._spent.cpu_times()[:2])
        self._connection.send(path)
        try:
            while not self._connection.poll(1):
                spent = sum(self._spent.cpu_times()[:2]) - before
                if spent > SECONDS:
                    return self._failed("hang", spent)
            return self._connection.recv()
        except (EOFError, psutil.NoSuchProcess):
            self.process.join()
            return self._failed(f"process ended: {self.process.exitcode}", 0)

    def _failed(self, failure: str, seconds: float) -> Result:
        self.process.kill()
        self.process.join()
        self._start()
        return Result("", "", failure, [], seconds, 0)


def main() -> None:
    """Mutate files, examine them, and write the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=FILES)
    count = parser.parse_args().files
    limits = load("data.limits", Limits)
    answers: dict[str, Counter[str]] = {"acquire": Counter(), "predict": Counter()}
    failures: Counter[str] = Counter()
    warned: Counter[str] = Counter()
    slowest, largest = [], 0
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = seeds(folder)
        worker = Worker(limits)
        for number in range(count):
            mutation, content, ending = mutated(files, number)
            path = folder / f"file{ending}"
            path.write_bytes(content)
            result = worker.examine(path)
            path.unlink()
            answers["acquire"][result.acquire] += 1
            answers["predict"][result.predict] += 1
            slowest = sorted([*slowest, (result.seconds, number, mutation)])[-5:]
            largest = max(largest, result.megabytes)
            warned.update(set(result.warnings))
            if result.failure:
                failures[result.failure.partition(":")[0]] += 1
                KEPT.mkdir(parents=True, exist_ok=True)
                (KEPT / f"{number}{ending}").write_bytes(content)
                print(f"{number} ({mutation}): {result.failure}", flush=True)
            if number % 1000 == 999:
                print(f"{number + 1} files, {sum(failures.values())} failures, at most {largest} MB", flush=True)
        worker.process.kill()
    print(f"warnings: {dict(warned)}")
    print(f"slowest: {slowest}; this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    if count == FILES:
        write(answers, failures, warned.total(), count, slowest[-1][0], largest)


def write(
    answers: dict[str, Counter[str]], failures: Counter[str], warned: int, count: int, seconds: float, megabytes: int
) -> None:
    """Write the counts of each answer, the failures, the longest time and the largest memory."""
    names = sorted(set(answers["acquire"]) | set(answers["predict"]))
    rows = [
        {"what": name or "no answer", **{way: str(found[name]) for way, found in answers.items()}} for name in names
    ]
    both = {
        "files": count,
        **{f"failure: {name}": number for name, number in failures.items()},
        "failures": sum(failures.values()),
        "warnings of Pillow": warned,
        "most seconds of processor time for a file": round(seconds, 2),
        "most memory of the process, in MB": megabytes,
    }
    rows += [{"what": name, **dict.fromkeys(answers, str(value))} for name, value in both.items()]
    pd.DataFrame(rows).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
