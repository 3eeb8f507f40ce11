"""Problems that verification found in a dataset.

`PROBLEMS` is data/acquired/problems.csv, the problems that did not stop the acquire stage. It has no rows if the
dataset is valid.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from dermoscopy.core.errors import first_few
from dermoscopy.core.tables import Table

Outcome = Literal["fatal", "left out", "unknown", "kept"]


class Problem(NamedTuple):
    """A problem of the dataset, or something worth reporting.

    Attributes:
        kind: Kind of problem, in words for the reader of a message.
        name: Name of the image, lesion, file or column that has the problem.
        detail: The value received, or empty.
        images: image_id of the affected images, as received.
        outcome: "fatal": the dataset cannot be used. "left out": the affected images are left out, unless
            verification is strict. "unknown": the value becomes unknown and the images are used, unless verification
            is strict. "kept": the images are used, and it is only reported.
    """

    kind: str
    name: str
    detail: str = ""
    images: tuple[str, ...] = ()
    outcome: Outcome = "left out"


def printable(text: str) -> str:
    """Escape all characters of a text that are neither visible nor a space, so that a terminal can show it."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def summarize(problems: Sequence[Problem]) -> list[str]:
    """Return one line for each kind, in order of appearance: the number of problems and the first few names."""
    kinds: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.kind].append(problem)
    lines = []
    for kind, found in kinds.items():
        names = [f"{name} ({detail})" if detail else name for _, name, detail, *_ in found]
        lines.append(f"{kind}, {len(found):,}: {printable(', '.join(first_few(names)))}")
    return lines


def left_out_images(problems: Iterable[Problem]) -> set[str]:
    """Return the image_id, as received, of all images that are left out."""
    return {image_id for problem in problems if problem.outcome == "left out" for image_id in problem.images}


PROBLEMS = Table(
    columns={
        "kind": "str",
        "name": "str",  # of the image, lesion, file, folder or column, or a word of the table
        "image_id": "str",  # of an affected image, one row for each; empty if there is none
        "detail": "str",  # the value received, or empty
        "outcome": "str",  # "left out", or "kept": reported only, the image is used
    },
    order=("outcome", "kind", "name", "image_id"),
)
