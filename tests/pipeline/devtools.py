"""Drive a page in headless Chromium with the DevTools protocol, through pipes: drop files, read texts.

Other pages, which need no user, are rendered by `tests.pipeline.browser`.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.browser import BROWSERS, OPTIONS

SECONDS = 60  # only a failing test waits this long
# Starts the browser, which reads from 3 and writes to 4.
START = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for number, pipe in zip((3, 4), pipes):
    os.dup2(pipe, number)
    os.close(pipe)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Tab:
    """A tab of the browser.

    Attributes:
        requests: Addresses that the tab requested.
        errors: Errors and warnings of its console.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from, self._rest, self._number = to_browser, from_browser, b"", 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.errors: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while True:
            received = self._receive(deadline)
            if received.get("id") == self._number:
                assert "error" not in received, received
                return received["result"]
            self._note(received)

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from], [], [], max(deadline - time.monotonic(), 0))
            assert ready, "the browser does not respond"
            piece = os.read(self._from, 1 << 20)
            assert piece, "the browser has ended"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.errors.append(str(params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def open(self, address: str) -> None:
        """Open a page and wait until it is complete."""
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in JavaScript, which may be a promise."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression in JavaScript is true."""
        deadline = time.monotonic() + SECONDS
        while not self.evaluate(condition):
            assert time.monotonic() < deadline, (condition, self.errors, self.evaluate("document.body.innerText"))
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click an element."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, selector: str, *paths: Path) -> None:
        """Choose files in an input element."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def drop(self, selector: str, *paths: Path) -> None:
        """Drop files on an element, as a user does from a file manager."""
        box = self.evaluate(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()")
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            self.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def show(self, width: int, height: int = 900, scheme: str = "light") -> None:
        """Set the size of the window in pixels, and the colour scheme: light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, image: Path, whole: bool = True) -> None:
        """Write a screenshot as PNG, for manual inspection: of the whole page, or of what is in the window."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        image.write_bytes(base64.b64decode(data))


@contextmanager
def new_tab() -> Iterator[Tab]:
    """Yield a tab of a new browser, which reaches this computer only; skip the test without a browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"needs a browser: {', '.join(BROWSERS)}")
    options = [option for option in OPTIONS if "virtual-time" not in option and "host-resolver" not in option]
    options += ["--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        options.append(f"--user-data-dir={home}")
        (read_commands, to_browser), (from_browser, write_results) = os.pipe(), os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(read_commands), str(write_results), browser, *options],
            env={**os.environ, "HOME": home, "TMPDIR": home},
            pass_fds=(read_commands, write_results),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_commands)
        os.close(write_results)
        try:
            yield Tab(to_browser, from_browser)
        finally:
            os.close(to_browser)  # which ends the browser
            os.close(from_browser)
            try:
                process.wait(SECONDS / 6)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
