"""Print a profile as options of `dvc exp run`."""

from typing import Annotated

import typer

from dermoscopy.cli.profile import DATA_HELP, data_leaves, override, read_profile
from dermoscopy.errors import UserError

REFUSED = "--refused-by-dermoscopy-overrides"  # an option that dvc does not know


def overrides(
    profile: Annotated[str, typer.Argument(help="Its name in profiles/, or a file.")],
    data: Annotated[str | None, typer.Option(help=DATA_HELP)] = None,
) -> None:
    """Print a profile as options: dvc exp run $(dermoscopy overrides tiny) -S optimizer=adam."""
    try:
        items = _items(profile, data)
    except UserError:
        # Without any option dvc would run something else than was asked for.
        print(REFUSED)
        raise
    for item in items:
        print("-S", item)


def _items(profile: str, data: str | None) -> list[str]:
    leaves = read_profile(profile) | (data_leaves(data) if data else {})
    items = [override(key, value) for key, value in leaves.items()]
    for item in items:
        # The shell splits what is printed at white space and takes no quotes from it.
        if any(letter.isspace() for letter in item):
            raise UserError(f"{item}: the shell would split this at the space; use dermoscopy run instead.")
    return items
