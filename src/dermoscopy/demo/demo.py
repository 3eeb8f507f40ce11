"""Web application of `dermoscopy demo`: it predicts images that a browser on this computer sends, and keeps none.

Only this module needs the optional packages Starlette and uvicorn.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from dermoscopy.core.errors import UserError, os_error_message
from dermoscopy.demo.examples import Example
from dermoscopy.demo.view import TEMPLATES, View
from dermoscopy.use.model import Model
from dermoscopy.use.reading import BYTES_PER_PIXEL

HOST = "127.0.0.1"
SECONDS_TO_END = 30  # for the requests that run when the program is ended
MAX_CONNECTIONS = 64  # a browser opens about six
HEADERS = {
    # Nothing of another host is loaded, nothing is sent to another host, no other page can show this one.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",  # the browser stores nothing either
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Guard:
    """Refuses requests that other pages cause, and adds the headers of `HEADERS` to every response.

    A page of another host can send requests to this computer, and can give its own name the address 127.0.0.1 (DNS
    rebinding). Its requests have another `Origin` or another `Host`.

    Args:
        app: Application.
        port: Port at which it is reached.
    """

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]], port: int) -> None:
        hosts = {f"{name}:{port}" for name in (HOST, "localhost")}
        self._hosts = hosts | ({HOST, "localhost"} if port == 80 else set())  # which browsers leave out
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on to the application, or refuse it with status 403."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        app = self._app if self._is_own(scope) else PlainTextResponse("Refused: a request of another page.\n", 403)
        await app(scope, receive, send_with_headers)

    def _is_own(self, scope: Message) -> bool:
        def values(name: bytes) -> list[str]:
            return [value.decode("latin-1") for key, value in scope["headers"] if key == name]

        hosts, origins = values(b"host"), values(b"origin")
        return len(hosts) == 1 and hosts[0] in self._hosts and all(origin == f"http://{hosts[0]}" for origin in origins)


class Demo:
    """Predicts one image after the other; each is in a private temporary folder until its response is made.

    Args:
        model: The ensemble.
        examples: Images to choose from.
        dataset: What the images of the run are, as written within a sentence; may be empty.

    Attributes:
        is_ending: Function that returns whether the program is being ended: then no prediction begins.
        is_predicting: Whether a thread predicts an image; it goes on when its request has been cancelled.
    """

    def __init__(self, model: Model, examples: Sequence[Example], dataset: str) -> None:
        self._model, self._examples = model, examples
        self._max_bytes = BYTES_PER_PIXEL * model.recorded.limits.pixels  # as `reading.Reader`
        self._view = View(model, examples, dataset, self._max_bytes)
        self._turn = asyncio.Lock()
        self.is_ending: Callable[[], bool] = lambda: False
        self.is_predicting = False

    def app(self, port: int) -> Guard:
        """Return the application.

        Args:
            port: Port at which it is reached.
        """
        page, style = self._view.page(), self._view.style()
        script = (TEMPLATES / "demo.js").read_text(encoding="utf-8")
        routes = [
            Route("/", lambda _: HTMLResponse(page)),
            Route("/demo.css", lambda _: Response(style, media_type="text/css")),
            Route("/demo.js", lambda _: Response(script, media_type="text/javascript")),
            Route("/examples/{number:int}", self._example),
            Route("/examples/{number:int}", self._predict_example, methods=["POST"]),
            Route("/predict", self._predict_upload, methods=["POST"]),
        ]
        return Guard(Starlette(routes=routes), port)

    async def _example(self, request: Request) -> Response:
        example = self._find(request)
        return FileResponse(example.path) if example else PlainTextResponse("There is no such example.\n", 404)

    def _find(self, request: Request) -> Example | None:
        number: int = request.path_params["number"]
        return self._examples[number] if number < len(self._examples) else None

    async def _predict_example(self, request: Request) -> Response:
        example = self._find(request)
        if example is None:
            return PlainTextResponse("There is no such example.\n", 404)
        with tempfile.TemporaryDirectory(prefix="dermoscopy-demo-") as folder:
            return await self._predict(request, example.path, Path(folder), example)

    async def _predict_upload(self, request: Request) -> Response:
        too_large = PlainTextResponse(f"file of more than {self._max_bytes // 10**6:,} MB", 413)
        if int(request.headers.get("content-length", 0)) > self._max_bytes:
            return too_large
        try:
            with tempfile.TemporaryDirectory(prefix="dermoscopy-demo-") as folder:
                # The name in the browser is not used: it could be a path, a pattern or that of a zip.
                path = Path(folder, "image")
                written = 0
                with path.open("wb") as file:
                    async for piece in request.stream():
                        written += len(piece)
                        if written > self._max_bytes:
                            return too_large
                        file.write(piece)
                return await self._predict(request, path, Path(folder), None)
        except ClientDisconnect:  # the page was closed
            return Response(status_code=499)
        except OSError as error:
            message = os_error_message(error)
            if message is None:
                raise
            return HTMLResponse(self._view.problem(message))

    async def _predict(self, request: Request, path: Path, folder: Path, example: Example | None) -> Response:
        async with self._turn:  # TensorFlow uses all threads for one image
            if await request.is_disconnected():
                return Response(status_code=499)
            if self.is_ending():
                return PlainTextResponse("the program has been ended", 503)
            try:
                return HTMLResponse(await run_in_threadpool(self._render, path, folder / "map", example))
            except UserError as error:
                return HTMLResponse(self._view.problem(str(error)))

    def _render(self, path: Path, maps: Path, example: Example | None) -> str:
        self.is_predicting = True
        try:
            (row,) = self._model.predict([path], explain=maps).to_dict("records")
        finally:
            self.is_predicting = False
        overlay = maps / row["overlay"] if row["overlay"] else None
        return self._view.prediction({str(name): value for name, value in row.items()}, overlay, example)


def bind(port: int) -> socket.socket:
    """Return a socket that listens on this computer only.

    Args:
        port: Port, from 0 to 65535; 0 is any free one.

    Raises:
        UserError: The port is in use, or not allowed.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise UserError(
            f"--port: received {port}: {os.strerror(error.errno or 0)}.\nGive another port, or leave --port out."
        ) from None


def serve(demo: Demo, listening: socket.socket) -> int:
    """Serve the page until SIGINT or SIGTERM, then end the requests. A second SIGINT ends them at once.

    Args:
        demo: The application.
        listening: Socket of `bind`.

    Returns:
        Exit code: 130 after SIGINT, 143 after SIGTERM.
    """

    def end(number: int, _: object) -> None:
        for other in (signal.SIGINT, signal.SIGTERM):  # the folders are being removed
            signal.signal(other, signal.SIG_IGN)
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)  # uvicorn calls it when the requests have ended
    try:
        server(demo, listening).run(sockets=[listening])
    except SystemExit as ended:
        return int(ended.code or 0)
    raise AssertionError("uvicorn has ended without a signal")


def server(demo: Demo, listening: socket.socket) -> uvicorn.Server:
    """Return the server of the page; see `serve`."""
    config = uvicorn.Config(
        demo.app(listening.getsockname()[1]),
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,  # no log of the requests
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SECONDS_TO_END,
    )
    running = uvicorn.Server(config)
    demo.is_ending = lambda: running.should_exit
    # Requests that a second signal ends are no errors, but uvicorn prints the traceback of some of them.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not running.should_exit)
    return running
