"""A server of files on this machine that can be told to misbehave."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Serves `files` by path. The next requests get the answers of `script`, those after it `usual`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.script: list[Answer] = []
        self.usual: Answer = whole_or_range
        self.asked: list[tuple[str, str | None]] = []  # path and Range of each request
        self.sent: list[int] = []  # bytes of each answer's body, as far as it was sent
        self.ended = threading.Event()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Range"]))
        self.server.sent.append(0)
        self.number = len(self.server.sent) - 1
        answer = self.server.script.pop(0) if self.server.script else self.server.usual
        answer(self)

    @property
    def body(self) -> bytes:
        return self.server.files[self.path]

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def send(self, body: bytes) -> None:
        # Before they are: whoever asked may look at once.
        self.server.sent[self.number] += len(body)
        with suppress(OSError):  # or may have gone
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def begin(handler: Handler) -> bytes:
    """Send the head of an honest answer; return the body that belongs to it."""
    body, asked = handler.body, handler.headers["Range"]
    if asked is None:
        handler.head(200, Content_Length=len(body))
        return body
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    if start >= len(body):
        handler.head(416, Content_Range=f"bytes */{len(body)}", Content_Length=0)
        return b""
    ends = f"bytes {start}-{len(body) - 1}/{len(body)}"
    handler.head(206, Content_Range=ends, Content_Length=len(body) - start)
    return body[start:]


def whole_or_range(handler: Handler) -> None:
    handler.send(begin(handler))


def broken_off(after: int, handler: Handler) -> None:
    handler.send(begin(handler)[:after])


def held_back(after: int, handler: Handler) -> None:
    """Send so many bytes and then nothing, until the server ends."""
    handler.send(begin(handler)[:after])
    handler.server.ended.wait(60)


def dripping(pause: float, piece: int, handler: Handler) -> None:
    body = begin(handler)
    for start in range(0, len(body), piece):
        handler.server.ended.wait(pause)
        handler.send(body[start : start + piece])


def without_ranges(handler: Handler) -> None:
    handler.head(200, Content_Length=len(handler.body))
    handler.send(handler.body)


def page(text: bytes, handler: Handler) -> None:
    handler.head(200, Content_Length=len(text), Content_Type="text/html")
    handler.send(text)


def unannounced(text: bytes, handler: Handler) -> None:
    handler.head(200)
    handler.send(text)


def other_range(handler: Handler) -> None:
    """Answer with the range from 0, whatever was asked."""
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
