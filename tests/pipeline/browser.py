"""A page as a reader without a network sees it: drawn by headless Chromium, its text given back."""

import os
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path

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
    # Where the network cannot be taken from the process, no name leads anywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=10000",
)


def rendered(page: Path | str) -> str:
    """Return the text a page shows once its scripts have run, the charts' included; skip without a browser."""
    return _read(page).text()


def charts(page: Path | str) -> dict[str, str]:
    """Return what is written in each chart that was drawn, by the id DVC gives it; skip without a browser."""
    return {name: "\n".join(texts) for name, texts in _read(page).charts.items()}


def screenshot(page: Path | str, image: Path, width: int = 1500, height: int = 3000) -> None:
    """Write a page's image as PNG, for a person to look at; skip without a browser."""
    _browse(page, f"--screenshot={image}", f"--window-size={width},{height}", "--hide-scrollbars")


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
    reader.feed(_browse(page, "--dump-dom"))
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Collects the text of a page, and apart that of each SVG by the id of the nearest division that has one."""

    def __init__(self) -> None:
        super().__init__()
        self.charts: dict[str, list[str]] = {}
        self._texts: list[str] = []
        self._divisions: list[str | None] = []
        self._drawings = 0
        self._hidden = 0

    def text(self) -> str:
        return "\n".join(self._texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div":
            self._divisions.append(dict(attrs).get("id"))
        elif tag == "svg":
            self._drawings += 1
            self.charts.setdefault(self._division(), [])
        elif tag in ("script", "style", "details"):
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self._divisions.pop()
        elif tag == "svg":
            self._drawings -= 1
        elif tag in ("script", "style", "details"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if self._hidden or not data.strip():
            return
        self._texts.append(data.strip())
        if self._drawings:
            self.charts[self._division()].append(data.strip())

    def _division(self) -> str:
        return next((name for name in reversed(self._divisions) if name), "")
