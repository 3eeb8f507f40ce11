"""Serve a page on this computer to try the ensemble of the finished run."""

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from dermoscopy import load
from dermoscopy.cli.predict import MODEL_HELP, NOTICE
from dermoscopy.cli.repository import top_folder
from dermoscopy.core.errors import UserError
from dermoscopy.core.interrupt import INTERRUPTED

MISSING = "dermoscopy demo needs {name}. Install it: pip install -e '.[demo]'"
PORT_HELP = "Port of the page. Without it: a free one."
OPEN_HELP = "Open the page in the browser."


def demo(
    bundle: Annotated[Path | None, typer.Option("--model", metavar="BUNDLE", help=MODEL_HELP)] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help=PORT_HELP, show_default=False)] = 0,
    open_browser: Annotated[bool, typer.Option("--open", help=OPEN_HELP)] = False,
) -> None:
    """Serve a page to try the ensemble of the finished run, or of a bundle, with your own images.

    Only this computer reaches it. It stores nothing, and sends nothing to other hosts. Ctrl-C ends it.

    Exit codes: 2 wrong options, no finished run, or another error that you can fix; 130 ended with Ctrl-C; 143
    ended with SIGTERM.
    """
    try:
        from dermoscopy.demo.demo import HOST, Demo, bind, serve
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in ("starlette", "uvicorn"):
            raise
        raise UserError(MISSING.format(name=name)) from None
    from dermoscopy.demo.examples import dataset_title, read_examples

    try:
        print(NOTICE, file=sys.stderr)
        with bind(port) as listening:
            folder = bundle or top_folder()
            model = load(folder)
            page = Demo(model, read_examples(folder), dataset_title(folder))
            address = f"http://{HOST}:{listening.getsockname()[1]}/"
            print(f"Open {address} in a browser on this computer. Ctrl-C ends the page.", flush=True)
            if open_browser:
                webbrowser.open(address)
            code = serve(page, listening)
    except KeyboardInterrupt:  # while the ensemble was loaded
        raise typer.Exit(INTERRUPTED) from None
    print("The page has ended.", file=sys.stderr, flush=True)
    if page.is_predicting:
        os._exit(code)  # otherwise Python would wait for the prediction
    raise typer.Exit(code)
