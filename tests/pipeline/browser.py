"""Render pages in headless Chromium without a network and return their text, their measures or their print."""

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.project import WITHOUT_NETWORK

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    # If the process cannot run without a network, no host name is resolved.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=10000",
)


def rendered(page: Path | str) -> str:
    """Return the text of a page and its charts after its scripts have run; skip the test without a browser."""
    return _read(page).text()


def document(page: Path | str) -> str:
    """Return the HTML of a page after its scripts have run; skip the test without a browser."""
    return _browse(page, "--dump-dom")


def charts(page: Path | str) -> dict[str, str]:
    """Return the text of each rendered chart, by its id in the page of DVC; skip the test without a browser."""
    return {name: "\n".join(texts) for name, texts in _read(page).charts.items()}


def screenshot(page: Path | str, image: Path, width: int = 1500, height: int = 3000) -> None:
    """Write a screenshot of a page as PNG, for manual inspection; skip the test without a browser."""
    _browse(page, f"--screenshot={image}", f"--window-size={width},{height}", "--hide-scrollbars")


def measure(page: Path, script: str, width: int, height: int = 900) -> Any:
    """Return what a script returns in a page that is shown with a given width; skip the test without a browser.

    The page is in a frame, because the window of a browser cannot be as narrow as a phone. All closed details are open.

    Args:
        page: HTML file that needs no other file.
        script: Body of a JavaScript function without arguments. It returns a value that JSON can hold.
        width: Width of the page in pixels.
        height: Height of the visible part in pixels.
    """
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    text = text.replace("<details", "<details open").replace(' loading="lazy"', "")
    text += f"""<script>addEventListener("load", () => {{
        const result = (() => {{ {script} }})();
        const shown = parent.document.createElement("pre");
        shown.textContent = JSON.stringify(result);
        parent.document.body.replaceChildren(shown);
    }})</script>"""
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        frame.write_text(
            f'<!DOCTYPE html><meta charset="utf-8"><body style="margin: 0"><iframe width="{width}" height="{height}" '
            f'style="border: 0" srcdoc="{html.escape(text)}"></iframe>',
            encoding="utf-8",
        )
        size = f"--window-size={max(width, 500)},{height}"
        found = re.search(r"<pre>(.*?)</pre>", _browse(frame, "--dump-dom", "--hide-scrollbars", size), re.DOTALL)
    assert found is not None, "the script in the page failed"
    return json.loads(html.unescape(found[1]))


def printed(page: Path | str) -> list[str]:
    """Return the text of each page of a printed page; skip the test without a browser or without pdftotext."""
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext (poppler-utils)")
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "page.pdf"
        _browse(page, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
        text = subprocess.run(
            ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
        ).stdout
    return text.split("\f")[:-1]


def _browse(page: Path | str, *options: str) -> str:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"needs a browser: {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        result = subprocess.run(
            [*WITHOUT_NETWORK, browser, *OPTIONS, f"--user-data-dir={home}", *options, Path(page).resolve().as_uri()],
            env={**os.environ, "HOME": home},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


def _read(page: Path | str) -> "_Reader":
    reader = _Reader()
    reader.feed(document(page))
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Parser that collects the text of a page and the text of each SVG, by the id of its closest div with an id."""

    def __init__(self) -> None:
        super().__init__()
        self.charts: dict[str, list[str]] = {}
        self._texts: list[str] = []
        self._div_ids: list[str | None] = []
        self._open_svgs = 0
        self._open_hidden = 0

    def text(self) -> str:
        return "\n".join(self._texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div":
            self._div_ids.append(dict(attrs).get("id"))
        elif tag == "svg":
            self._open_svgs += 1
            self.charts.setdefault(self._div_id(), [])
        elif tag in ("script", "style", "details"):
            self._open_hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self._div_ids.pop()
        elif tag == "svg":
            self._open_svgs -= 1
        elif tag in ("script", "style", "details"):
            self._open_hidden -= 1

    def handle_data(self, data: str) -> None:
        if self._open_hidden or not data.strip():
            return
        self._texts.append(data.strip())
        if self._open_svgs:
            self.charts[self._div_id()].append(data.strip())

    def _div_id(self) -> str:
        return next((div_id for div_id in reversed(self._div_ids) if div_id), "")
