"""What is wrong with an archive, told all at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

NAMED = 5  # of each kind; the count says how many more there are

Outcome = Literal["fatal", "left out", "kept"]


class Problem(NamedTuple):
    """One thing that is wrong, or worth knowing.

    Attributes:
        kind: What is wrong, in the words of a reader.
        name: The photograph, lesion, file or column it is wrong with.
        detail: The value received, or empty.
        images: image_id of the photographs it concerns, as received.
        outcome: "fatal": nothing can go on with it. "left out": without strictness, all goes on
            but for its photographs. "kept": nothing is wrong, and a reader is told.
    """

    kind: str
    name: str
    detail: str = ""
    images: tuple[str, ...] = ()
    outcome: Outcome = "left out"


def summarize(problems: Sequence[Problem]) -> list[str]:
    """Return one line a kind, in the order of their first problems: its count and its first few names."""
    kinds: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.kind].append(problem)
    lines = []
    for kind, members in kinds.items():
        names = [f"{name} ({detail})" if detail else name for _, name, detail, *_ in members[:NAMED]]
        more = [f"and {len(members) - NAMED:,} more"] if len(members) > NAMED else []
        lines.append(f"{kind}, {len(members):,}: {', '.join(names + more)}")
    return lines


def left_out(problems: Iterable[Problem]) -> set[str]:
    """Return the image_id, as received, of every photograph that does not go on."""
    return {image_id for problem in problems if problem.outcome == "left out" for image_id in problem.images}
