"""The `dermoscopy` command."""

import sys

import typer

from dermoscopy.cli.compare import compare
from dermoscopy.cli.repro import repro
from dermoscopy.cli.run import overrides, run
from dermoscopy.cli.undo import undo
from dermoscopy.cli.verify import verify_determinism
from dermoscopy.core.errors import UserError

app = typer.Typer(
    help="Commands in addition to those of DVC. The pipeline itself runs with: dvc repro",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(repro)
app.command()(undo)
app.command()(overrides)
app.command()(compare)
app.command()(verify_determinism)


def main() -> None:
    """Run the command; an error that the user can fix is printed without a traceback and exits with 2."""
    try:
        app()
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
