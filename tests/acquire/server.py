"""A local HTTP server of files whose responses can be scripted to fail."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Response = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Serve `files` by path: the next requests get the responses of `script`, later ones `default`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.script: list[Response] = []
        self.default: Response = whole_or_range
        self.requests: list[tuple[str, str | None]] = []  # path and Range of each request
        self.sent: list[int] = []  # bytes sent of each response's body
        self.ended = threading.Event()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers["Range"]))
        self.server.sent.append(0)
        self.number = len(self.server.sent) - 1
        respond = self.server.script.pop(0) if self.server.script else self.server.default
        respond(self)

    @property
    def body(self) -> bytes:
        return self.server.files[self.path]

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def send(self, body: bytes) -> None:
        # Counted before sending: the client may compare at once.
        self.server.sent[self.number] += len(body)
        with suppress(OSError):  # the client may be gone
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def begin(handler: Handler) -> bytes:
    """Send the headers of a correct response and return its body."""
    body, requested = handler.body, handler.headers["Range"]
    if requested is None:
        handler.head(200, Content_Length=len(body))
        return body
    start = int(requested.removeprefix("bytes=").removesuffix("-"))
    if start >= len(body):
        handler.head(416, Content_Range=f"bytes */{len(body)}", Content_Length=0)
        return b""
    content_range = f"bytes {start}-{len(body) - 1}/{len(body)}"
    handler.head(206, Content_Range=content_range, Content_Length=len(body) - start)
    return body[start:]


def whole_or_range(handler: Handler) -> None:
    handler.send(begin(handler))


def interrupted(after: int, handler: Handler) -> None:
    handler.send(begin(handler)[:after])


def stalled(after: int, handler: Handler) -> None:
    """Send some bytes and then nothing, until the server ends."""
    handler.send(begin(handler)[:after])
    handler.server.ended.wait(60)


def slow(pause: float, size: int, handler: Handler) -> None:
    body = begin(handler)
    for start in range(0, len(body), size):
        handler.server.ended.wait(pause)
        handler.send(body[start : start + size])


def without_ranges(handler: Handler) -> None:
    handler.head(200, Content_Length=len(handler.body))
    handler.send(handler.body)


def page(text: bytes, handler: Handler) -> None:
    handler.head(200, Content_Length=len(text), Content_Type="text/html")
    handler.send(text)


def without_length(text: bytes, handler: Handler) -> None:
    handler.head(200)
    handler.send(text)


def other_range(handler: Handler) -> None:
    """Respond with the range from 0, whatever was requested."""
    size = len(handler.body)
    handler.head(206, Content_Range=f"bytes 0-{size - 1}/{size}", Content_Length=size)
    handler.send(handler.body)


def status(code: int, handler: Handler) -> None:
    handler.head(code, Content_Length=0)


def redirected(path: str, handler: Handler) -> None:
    handler.head(303, Location=path, Content_Length=0)


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
        thread.start()
        yield server
        server.ended.set()
        server.shutdown()
        thread.join()
