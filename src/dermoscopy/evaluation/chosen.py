"""data/ensemble/ensemble.json: what the ensemble is, and the paired test on val behind it."""

from pathlib import Path
from typing import Literal

from dermoscopy.errors import TableError
from dermoscopy.params.block import Block
from dermoscopy.params.ensemble import Method
from dermoscopy.params.models import Member

ALONE: Literal["alone"] = "alone"  # the method of a single member

Way = Method | Literal["alone"]


class Choice(Block):
    """What was chosen on val.

    Attributes:
        members: Which are combined.
        method: How.
        best_member: The single member with the lowest log loss on val.
        fell_back: Whether that member stands in for an ensemble that did not earn its place.
        tried_members: What was to be combined, before a fallback.
        tried_method: How.
        gain: ROC AUC of that ensemble minus the best member's, on lesions of val left out of its fits.
        gain_low: Of its interval; None where it has none.
        gain_high: Likewise.
        p: Of the test that there is no gain; None where it cannot be told.
        malignant: Lesions of val that are.
        benign: Likewise.
    """

    members: list[Member]
    method: Way
    best_member: Member
    fell_back: bool
    tried_members: list[Member]
    tried_method: Way
    gain: float
    gain_low: float | None
    gain_high: float | None
    p: float | None
    malignant: int
    benign: int

    def write(self, path: Path) -> None:
        """Write the choice; `read_choice` reads it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=2) + "\n")


def read_choice(path: Path) -> Choice:
    """Read which members were combined and how, as it was chosen on val.

    Raises:
        TableError: The file is missing or is not what `weigh` writes.
    """
    try:
        return Choice.model_validate_json(path.read_text())
    except (FileNotFoundError, ValueError) as error:
        raise TableError(f"{path} is missing or is not what stage weigh writes: {error}\nRun `dvc repro`.") from None
