"""The page of `dermoscopy demo`, served by a thread of the tests, and requests to it."""

import http.client
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dermoscopy.demo.examples import Example
from dermoscopy.use.model import Model
from tests.processes import wait_until


@dataclass
class Served:
    """A page that is served.

    Attributes:
        port: Its port.
        temporary: Folder of its temporary files.
        end: Function that ends it, as Ctrl-C does.
    """

    port: int
    temporary: Path
    end: Callable[[], None]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str, dict[str, str]]:
        """Return status, text and headers of the response; the names of the headers are in lower case."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {}, encode_chunked=isinstance(body, Iterator))
            response = connection.getresponse()
            content = response.read().decode("utf-8", "replace")
            return response.status, content, {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()

    def predict(self, content: bytes) -> str:
        """Return the HTML for an image."""
        status, text, _ = self.request("POST", "/predict", content)
        assert status == 200, text
        return text

    def left(self) -> list[str]:
        """Return the names of the temporary files."""
        return sorted(path.name for path in self.temporary.iterdir())


@contextmanager
def served(model: Model, temporary: Path, examples: list[Example], dataset: str = "") -> Iterator[Served]:
    """Serve the page with temporary files in a folder of the test."""
    from dermoscopy.demo.demo import Demo, bind, server

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        listening = bind(0)
        running = server(Demo(model, examples, dataset), listening)

        def end() -> None:
            running.should_exit = True

        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until(lambda: running.started)
            yield Served(listening.getsockname()[1], temporary, end)
        finally:
            end()
            thread.join()


def numbers(text: str) -> dict[str, float]:
    """Return the numbers in the HTML of a prediction, by the names of the columns of `Model.predict`."""
    found = re.findall(r'<data value="([^"]+)" data-name="([^"]+)">', text)
    return {name: float(value) for value, name in found}


def words(text: str) -> dict[str, str]:
    """Return decision and conformal set in the HTML of a prediction."""
    return dict(re.findall(r'data-name="(\w+)" data-value="(\w+)"', text))
