"""What is wrong with an dataset, told all at once.

data/problems.csv: what verification found in the dataset and went on with; nothing, where all is sound.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from dermoscopy.core.errors import first_few
from dermoscopy.core.tables import Table

Outcome = Literal["fatal", "left out", "kept"]


class Problem(NamedTuple):
    """One thing that is wrong, or worth knowing.

    Attributes:
        kind: What is wrong, in the words of a reader.
        name: The image, lesion, file or column it is wrong with.
        detail: The value received, or empty.
        images: image_id of the images it concerns, as received.
        outcome: "fatal": nothing can go on with it. "left out": without strictness, all goes on
            but for its images. "kept": nothing is wrong, and a reader is told.
    """

    kind: str
    name: str
    detail: str = ""
    images: tuple[str, ...] = ()
    outcome: Outcome = "left out"


def printable(text: str) -> str:
    """Return a text as a terminal may show it: what is no visible character, nor a blank, is escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def summarize(problems: Sequence[Problem]) -> list[str]:
    """Return one line a kind, in the order of their first problems: its count and its first few names."""
    kinds: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.kind].append(problem)
    lines = []
    for kind, members in kinds.items():
        names = [f"{name} ({detail})" if detail else name for _, name, detail, *_ in members]
        lines.append(f"{kind}, {len(members):,}: {printable(', '.join(first_few(names)))}")
    return lines


def left_out_images(problems: Iterable[Problem]) -> set[str]:
    """Return the image_id, as received, of every image that does not go on."""
    return {image_id for problem in problems if problem.outcome == "left out" for image_id in problem.images}


PROBLEMS = Table(
    columns={
        "kind": "str",
        "name": "str",  # of the image, lesion, file or folder, as a reader is told
        "image_id": "str",  # of a image it concerns, a row each; empty if it concerns none
        "detail": "str",  # the value received, or empty
        "outcome": "str",  # "left out", or "kept": noted, and taken in all the same
    },
    order=("outcome", "kind", "name", "image_id"),
)
