"""The `dermoscopy` command."""

import getpass
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from dermoscopy.cli.cache import cache
from dermoscopy.cli.compare import compare
from dermoscopy.cli.demo import demo
from dermoscopy.cli.evaluate import evaluate
from dermoscopy.cli.export import export
from dermoscopy.cli.held_out import held_out
from dermoscopy.cli.networks import networks
from dermoscopy.cli.predict import predict
from dermoscopy.cli.repro import repro
from dermoscopy.cli.run import overrides, run
from dermoscopy.cli.score import score
from dermoscopy.cli.undo import undo
from dermoscopy.cli.verify import verify_determinism
from dermoscopy.core.errors import UserError, os_error_message

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
app.command()(held_out)
app.command()(score)
app.command()(predict)
app.command()(export)
app.command()(evaluate)
app.command()(demo)
app.command()(networks)
app.command()(verify_determinism)
app.add_typer(cache, name="cache")


def _print_version(wanted: bool) -> None:
    if wanted:
        print("dermoscopy", version("dermoscopy"))
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Accept the options that need no command."""


def name_user() -> None:
    """Give the user a name and a home folder if the system has none, as in a container run with any user id.

    DVC and git stop without them.
    """
    try:
        getpass.getuser()
    except (KeyError, OSError):  # the error depends on the version of Python
        os.environ["LOGNAME"] = f"user{os.getuid()}"
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()


def main() -> None:
    """Run the command; an error that the user can fix is printed without a traceback and exits with 2."""
    name_user()
    try:
        app()
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        message = os_error_message(error)
        if message is None:
            raise
        print(message, file=sys.stderr)
        sys.exit(2)
