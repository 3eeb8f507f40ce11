"""What is wrong with an archive, told all at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, NamedTuple

from dermoscopy.errors import ArchiveError

NAMED = 5  # of each kind; the count says how many more there are


Outcome = Literal["fatal", "left out", "kept"]


class Problem(NamedTuple):
    """One thing that is wrong, or worth knowing.

    Attributes:
        kind: What is wrong, in the words of a reader.
        name: The photograph, lesion, file or column it is wrong with.
        detail: The value received, or empty.
        images: image_id of the photographs it concerns.
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


def refuse(problems: Sequence[Problem], archive: str) -> None:
    """Raise if there are problems.

    Args:
        problems: In the order in which their kinds are to be told.
        archive: How the user calls the archive: its path, or "simulated".

    Raises:
        ArchiveError: There is at least one problem.
    """
    if problems:
        raise ArchiveError(
            f"The archive {archive} cannot be used",
            summarize(problems),
            "Mend the archive, or set data.path to a sound one. Nothing of data/ was changed.",
        )
