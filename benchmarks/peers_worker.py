"""What all contenders of benchmarks/peers.py share: the description of a case, and turns on demand.

A contender is a process of its own, which may run in another environment: this module needs the standard library only.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

BATCH = 32


class Case(NamedTuple):
    """What a contender trains.

    Attributes:
        member: Parameters of the member, as in params.yaml.
        trained: "all", or the number of the backbone's last layers that are trained.
        precision: "float32" or "bfloat16".
        threads: Number of threads.
        images: File of numpy with as many images as the longest turn has, uint8, shape (images, size, size, 3).
        folder: Folder with the same images as JPEG files, in a folder for each label.
    """

    member: dict[str, Any]
    trained: str | int
    precision: str
    threads: int
    images: str
    folder: str


def read_case() -> Case:
    """Return the case of this process, from its last argument."""
    return Case(**json.loads(sys.argv[-1]))


def serve(prepare: Callable[[], tuple[dict[str, Callable[[int], None]], int, int]]) -> None:
    """Prepare tasks, then run one for each line of the standard input and write its milliseconds per image.

    Each task runs once before, so that no later turn traces a graph or allocates for the first time.

    Args:
        prepare: Function that returns the tasks by name, from the number of images; the number of all parameters of
            the network; and the number of those that are trained.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print to the standard output
    tasks, parameters, trained = prepare()
    for task in tasks.values():
        task(BATCH)
    print(json.dumps({"parameters": parameters, "trained": trained}), file=answers, flush=True)
    for line in sys.stdin:
        name, images = json.loads(line)
        start = time.perf_counter()
        tasks[name](images)
        print(json.dumps(1000 * (time.perf_counter() - start) / images), file=answers, flush=True)
