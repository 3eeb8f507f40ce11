"""The page of `dermoscopy demo` in headless Chromium: drop images, read the predictions, look at what is sent."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dermoscopy.demo.examples import Example
from dermoscopy.use.model import Model
from tests.demo.demo_server import Served, served
from tests.pipeline.devtools import Tab, new_tab
from tests.use.hostile import REFUSED, jpeg

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

pytest.importorskip("starlette", reason="needs the extra demo")

NUMBERS = "[...card.querySelectorAll('data')].map(one => [one.dataset.name, Number(one.value)])"
WORDS = "[...card.querySelectorAll('[data-value]')].map(one => [one.dataset.name, one.dataset.value])"
HOSTILE: dict[str, tuple[Any, str]] = {
    "text.jpg": (b"not an image", "file that is not an image"),
    "cut.jpg": (jpeg()[:-400], "truncated image"),
    "deep.png": (REFUSED["16-bit PNG"][0], "16 bits per channel"),
    "huge.png": (REFUSED["huge declared size"][0], "larger than data.limits.pixels: 60000 x 60000"),
    "drawing.svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=1"><script>document.title=1</script></svg>',
        "file that is not an image",
    ),
    "page.html": (b"<!DOCTYPE html><script>document.title = 1</script>", "file that is not an image"),
    "<img src=x onerror='document.title=1'>.jpg": (b"", "image of zero bytes"),
    "large.jpg": (b"\0" * 4_000_001, "file of more than 4 MB"),
}
connections: list[list[str]] = []  # lists to which the addresses of new connections of this process are added


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if connections and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        connections[-1].append(str(arguments[1][0] if event != "socket.getaddrinfo" else arguments[0]))


@pytest.fixture(scope="module")
def page(quick: Model, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page of the finished run, with one example."""
    example = Example("test_000", "mel", "malignant", run / "data/split/test/malignant/test_000.jpg")
    with served(quick, tmp_path_factory.mktemp("temporary"), [example], "simulated dataset") as page:
        yield page


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    with new_tab() as tab:
        yield tab


@pytest.fixture
def tab(browser: Tab, page: Served) -> Iterator[Tab]:
    """Tab with the page. It must log no error, and request nothing of another host."""
    browser.requests.clear()
    browser.errors.clear()
    browser.show(1200)
    browser.open(page.address)
    yield browser
    assert browser.errors == []
    hosts = {urlsplit(address).hostname for address in browser.requests if not address.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert page.left() == []


def wait_for(tab: Tab, count: int) -> list[str]:
    """Wait until so many images are predicted or refused, and return the text of each."""
    tab.wait(f"document.querySelectorAll('article .figures, article .problem').length === {count}")
    tab.wait("[...document.images].every(image => image.complete && image.naturalWidth)")
    return tab.evaluate("[...document.querySelectorAll('article')].map(card => card.innerText)")


def test_dropped_images_show_the_numbers_of_predict(tab: Tab, quick: Model, images: list[Path]) -> None:
    if not connections:
        sys.addaudithook(_hook)
    connections.append([])
    expected = quick.predict(images[:3]).to_dict("records")
    tab.drop(".drop", *images[:2])
    wait_for(tab, 2)
    tab.choose("#file", images[2])
    texts = wait_for(tab, 3)
    order = [images[2], *images[:2]]  # the last ones are shown first
    assert [text.splitlines()[0] for text in texts] == [path.name for path in order]
    found = tab.evaluate(f"[...document.querySelectorAll('article')].map(card => [{NUMBERS}, {WORDS}])")
    rows = {row["image"]: row for row in expected}
    for path, (numbers, words) in zip(order, found, strict=True):
        row = rows[str(path)]
        assert dict(numbers) == pytest.approx({name: row[name] for name, _ in numbers}, abs=1e-6)
        assert {"probability", "raw_cnn_a", "raw_cnn_b", "p_nv"} <= dict(numbers).keys()
        assert dict(words) == {name: row[name] for name in ("decision", "conformal_set")}
    assert connections.pop() == []


def test_an_example_shows_its_true_label(tab: Tab) -> None:
    assert "malignant · test split" in tab.evaluate("document.querySelector('.examples').innerText")
    tab.click("[data-example]")
    [text] = wait_for(tab, 1)
    assert "True label: malignant (melanoma)" in text
    assert text.splitlines()[0] == "test_000"


def test_hostile_files_show_their_reason_and_run_nothing(tab: Tab, tmp_path: Path) -> None:
    for name, (content, _) in HOSTILE.items():
        made = content if isinstance(content, bytes) else content(tmp_path).read_bytes()
        (tmp_path / name).write_bytes(made)
    title = tab.evaluate("document.title")
    tab.drop("main", *(tmp_path / name for name in HOSTILE))
    texts = wait_for(tab, len(HOSTILE))
    for text, (name, (_, reason)) in zip(texts, HOSTILE.items(), strict=True):
        assert text.splitlines()[0] == name
        assert "Not predicted: " in text
        assert reason in text
        assert "Traceback" not in text
    assert tab.evaluate("document.title") == title
    assert tab.evaluate("location.pathname") == "/"


def test_a_folder_is_refused(tab: Tab, tmp_path: Path) -> None:
    tab.drop(".drop", tmp_path)
    [text] = wait_for(tab, 1)
    assert "choose the images in it" in text


def test_all_results_can_be_removed(tab: Tab, images: list[Path]) -> None:
    tab.drop(".drop", images[0])
    wait_for(tab, 1)
    shown = tab.evaluate("document.querySelector('.original').src")
    tab.wait("!document.querySelector('#clear').hidden")
    tab.click("#clear")
    tab.wait("!document.querySelector('article')")
    script = f"new Promise(done => {{ const image = new Image(); image.onload = () => done('kept'); \
        image.onerror = () => done('removed'); image.src = {json.dumps(shown)} }})"
    assert tab.evaluate(script) == "removed"
    tab.errors.clear()  # of the image that is gone


def test_too_many_files_at_once_are_refused(tab: Tab, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.jpg" for number in range(51)]
    for path in paths:
        path.write_bytes(b"")
    tab.choose("#file", *paths)
    tab.wait("document.querySelector('#status').textContent.includes('51 files; at most 50 at once')")
    assert tab.evaluate("document.querySelectorAll('article').length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_the_limits_stay_in_view_and_nothing_is_wider_than_the_window(
    tab: Tab, images: list[Path], width: int, scheme: str
) -> None:
    tab.drop(".drop", images[0])
    wait_for(tab, 1)
    tab.show(width, 844, scheme)
    for top in (0, 600, 100_000):
        tab.evaluate(f"scrollTo(0, {top})")
        box = tab.evaluate("document.querySelector('.limits').getBoundingClientRect().toJSON()")
        assert box["top"] == 0
        assert 0 < box["height"] < 844 / 5
        assert tab.evaluate("document.elementFromPoint(150, 20).closest('.limits') !== null")
    assert tab.evaluate("document.querySelector('.limits').innerText").startswith("Not a medical device")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"
    assert dark == (scheme == "dark")


def test_the_program_that_has_ended_is_named(quick: Model, images: list[Path], browser: Tab, tmp_path: Path) -> None:
    with served(quick, tmp_path, []) as page:
        browser.open(page.address)
    browser.drop(".drop", images[0])
    [text] = wait_for(browser, 1)
    assert "the program has ended. Start it again with dermoscopy demo" in text
