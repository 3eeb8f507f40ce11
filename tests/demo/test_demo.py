"""The server of `dermoscopy demo`: predictions, refused requests and files, and what it leaves."""

import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dermoscopy.core.errors import UserError
from dermoscopy.core.splits import SPLIT
from dermoscopy.demo.examples import Example, dataset_title, read_examples
from dermoscopy.demo.view import REPORT, View
from dermoscopy.report import colours
from dermoscopy.use.model import Model
from tests.demo.demo_server import Served, numbers, served, words
from tests.finished_run import write_bundle_of_run, write_run
from tests.processes import wait_until
from tests.use.hostile import CONVERTED, REFUSED

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

pytest.importorskip("starlette", reason="needs the extra demo")

FILES = {  # those that a browser can send, with the reason
    name: (make, reason)
    for name, (make, reason) in REFUSED.items()
    if name in ("truncated JPEG", "empty file", "huge declared size", "very many scans", "text", "PDF", "animated GIF")
    or name in ("animated PNG", "16-bit PNG", "image of one pixel")
}
OTHERS = {
    "SVG with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "HTML": b"<!DOCTYPE html><script>alert(1)</script>",
    "zip": REFUSED["nested zip"][0],
}


@pytest.fixture(scope="module")
def examples(run: Path) -> list[Example]:
    folder = run / "data/split/test"
    return [
        Example("test_000", "mel", "malignant", folder / "malignant/test_000.jpg"),
        Example("test_001", "nv", "benign", folder / "benign/test_001.jpg"),
    ]


@pytest.fixture(scope="module")
def page(quick: Model, examples: list[Example], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page of the finished run."""
    with served(quick, tmp_path_factory.mktemp("temporary"), examples) as page:
        yield page


def test_uploads_and_examples_are_predicted_as_by_predict(
    page: Served, quick: Model, images: list[Path], examples: list[Example]
) -> None:
    expected = quick.predict(images).set_index("image")
    shown = {str(path): page.predict(path.read_bytes()) for path in images[:4]}
    for number, example in enumerate(examples):
        status, text, _ = page.request("POST", f"/examples/{number}")
        assert status == 200
        assert f'<strong class="truth">{example.label}</strong>' in text
        shown[str(example.path)] = text
    for path, text in shown.items():
        row = expected.loc[path]
        found = numbers(text)
        assert {"probability", "raw_cnn_a", "raw_cnn_b", "p_mel"} <= found.keys()
        assert found == pytest.approx({name: row[name] for name in found}, abs=1e-6)
        assert words(text) == {name: row[name] for name in ("decision", "conformal_set")}
        assert "data:image/png;base64," in text
    assert page.left() == []


@pytest.mark.parametrize("kind", FILES)
def test_hostile_files_get_the_reason_of_predict(page: Served, kind: str, tmp_path: Path) -> None:
    make, reason = FILES[kind]
    text = page.predict(make(tmp_path).read_bytes())
    assert "Not predicted:" in text
    assert reason in text
    assert "data-name" not in text
    assert page.left() == []


@pytest.mark.parametrize("kind", OTHERS)
def test_files_that_are_no_image_are_not_opened_as_anything_else(page: Served, kind: str, tmp_path: Path) -> None:
    made = OTHERS[kind]
    text = page.predict(made if isinstance(made, bytes) else made(tmp_path).read_bytes())
    assert "not an image" in text
    assert "alert" not in text
    assert page.left() == []


@pytest.mark.parametrize("kind", [kind for kind, (_, note) in CONVERTED.items() if note])
def test_converted_files_are_predicted_with_a_note(page: Served, kind: str) -> None:
    make, note = CONVERTED[kind]
    text = page.predict(make())
    assert note in text
    assert "probability" in numbers(text)


@pytest.mark.parametrize("method_and_path", [("GET", "/"), ("GET", "/examples/0"), ("POST", "/predict")])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1:{port}@evil.example"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_requests_of_other_pages_are_refused(
    page: Served, method_and_path: tuple[str, str], headers: dict[str, str], images: list[Path]
) -> None:
    sent = {name: value.format(port=page.port) for name, value in headers.items()}
    status, text, _ = page.request(*method_and_path, images[0].read_bytes(), sent)
    assert status == 403
    assert "Refused" in text
    assert "data" not in text


def test_requests_of_the_page_itself_are_accepted(page: Served, images: list[Path]) -> None:
    for host in ("127.0.0.1", "localhost"):
        own = {"Host": f"{host}:{page.port}", "Origin": f"http://{host}:{page.port}"}
        assert page.request("POST", "/predict", images[0].read_bytes(), own)[0] == 200


@pytest.mark.parametrize("path", ["/", "/demo.css", "/demo.js", "/examples/0", "/examples/99", "/missing", "/predict"])
def test_every_response_forbids_other_hosts_and_storage(page: Served, path: str) -> None:
    for headers in ({}, {"Host": "evil.example"}):
        status, _, found = page.request("GET", path, headers=headers)
        assert status != 500
        assert "default-src 'none'" in found["content-security-policy"]
        assert "unsafe" not in found["content-security-policy"]
        assert "http" not in found["content-security-policy"]
        assert found["cache-control"] == "no-store"
        assert found["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in found
        assert "server" not in found


def test_the_page_and_its_style_name_no_other_host(page: Served) -> None:
    for path in ("/", "/demo.css", "/demo.js"):
        assert not re.search(r"https?://|//\w|@import|url\(", page.request("GET", path)[1].replace("// ", ""))


@pytest.mark.parametrize("chunked", [False, True])
def test_uploads_over_the_limit_are_refused_and_removed(page: Served, chunked: bool) -> None:
    size = 4_000_001  # four bytes for each of data.limits.pixels
    body = iter([b"\0" * 1_000_000] * 4 + [b"\0"]) if chunked else b"\0" * size
    try:
        status, text, _ = page.request("POST", "/predict", body, {"Transfer-Encoding": "chunked"} if chunked else {})
        assert (status, text) == (413, "file of more than 4 MB")
    except (BrokenPipeError, ConnectionResetError):  # it does not read what is over the limit
        pass
    wait_until(lambda: page.left() == [], page.left)
    assert page.request("GET", "/")[0] == 200


def test_an_error_of_the_program_leaves_no_file(
    quick: Model, images: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Model):
        def predict(self, images: Any, **_: Any) -> pd.DataFrame:
            assert [path.is_file() for path in images] == [True]
            raise ZeroDivisionError

    with served(_as(Failing, quick), tmp_path, []) as page:
        with caplog.at_level(logging.CRITICAL, "uvicorn.error"):
            status, text, _ = page.request("POST", "/predict", images[0].read_bytes())
        assert (status, "Traceback" in text) == (500, False)
        assert page.left() == []


def test_an_error_of_the_user_is_shown(quick: Model, images: list[Path], tmp_path: Path) -> None:
    class Failing(Model):
        def predict(self, images: Any, **_: Any) -> pd.DataFrame:
            raise UserError("too little <memory>")

    with served(_as(Failing, quick), tmp_path, []) as page:
        assert "too little &lt;memory&gt;" in page.predict(images[0].read_bytes())
        assert page.left() == []


def _as(kind: type[Model], model: Model) -> Model:
    return kind(**{name: getattr(model, name) for name in model.__dataclass_fields__})


def test_one_prediction_at_a_time_and_the_page_stays_usable(quick: Model, images: list[Path], tmp_path: Path) -> None:
    go, running, most = threading.Event(), [], []

    class Slow(Model):
        def predict(self, images: Any, **_: Any) -> pd.DataFrame:
            running.append(images)
            most.append(len(running))
            go.wait(60)
            running.pop()
            raise UserError("done")

    content = images[0].read_bytes()
    with served(_as(Slow, quick), tmp_path, []) as page:
        threads = [threading.Thread(target=page.predict, args=[content]) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(page.left()) == 3, page.left)
        assert page.request("GET", "/")[0] == 200
        assert len(running) == 1
        go.set()
        for thread in threads:
            thread.join()
        assert most == [1, 1, 1]
        assert page.left() == []


def test_a_closed_page_is_not_predicted(quick: Model, images: list[Path], tmp_path: Path) -> None:
    import http.client

    go, predicted = threading.Event(), []

    class Slow(Model):
        def predict(self, images: Any, **_: Any) -> pd.DataFrame:
            predicted.append(images)
            go.wait(60)
            raise UserError("done")

    content = images[0].read_bytes()
    with served(_as(Slow, quick), tmp_path, []) as page:
        first = threading.Thread(target=page.predict, args=[content])
        first.start()
        wait_until(lambda: predicted)
        second = http.client.HTTPConnection("127.0.0.1", page.port)
        second.request("POST", "/predict", content)
        wait_until(lambda: len(page.left()) == 2, page.left)
        second.close()
        go.set()
        first.join()
        wait_until(lambda: page.left() == [], page.left)
        assert len(predicted) == 1


def test_when_it_ends_the_running_prediction_is_finished_and_no_other_begins(
    quick: Model, images: list[Path], tmp_path: Path
) -> None:
    go, predicted, results = threading.Event(), [], []

    class Slow(Model):
        def predict(self, images: Any, **_: Any) -> pd.DataFrame:
            predicted.append(images)
            go.wait(60)
            raise UserError("done")

    content = images[0].read_bytes()
    with served(_as(Slow, quick), tmp_path, []) as page:
        threads = [
            threading.Thread(target=lambda: results.append(page.request("POST", "/predict", content)[:2]))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(page.left()) == 2 and predicted, page.left)
        page.end()
        go.set()
        for thread in threads:
            thread.join()
    assert len(predicted) == 1
    assert sorted(status for status, _ in results) == [200, 503]
    assert (503, "the program has been ended") in results
    assert page.left() == []


def test_it_listens_on_this_computer_only_and_refuses_a_port_in_use() -> None:
    from dermoscopy.demo.demo import bind

    with bind(0) as listening:
        host, port = listening.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(UserError, match=rf"--port: received {port}: Address already in use"):
            bind(port)


@pytest.fixture
def row(quick: Model, images: list[Path], tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """Row of a prediction, and the overlay."""
    (row,) = quick.predict(images[:1], explain=tmp_path / "maps").to_dict("records")
    return {str(name): value for name, value in row.items()}, tmp_path / "maps" / row["overlay"]


def test_an_unsuitable_image_is_named_before_its_prediction(quick: Model, row: tuple[dict[str, Any], Path]) -> None:
    view = View(quick, [], "", 1)
    assert "Not suitable" not in view.prediction(*row)
    assert "Not suitable" not in view.prediction({**row[0], "unsuitable": ""}, row[1])
    text = view.prediction({**row[0], "unsuitable": "too <dark>"}, row[1])
    assert text.index("Not suitable:</strong> too &lt;dark&gt;") < text.index("data-name")


def test_a_run_without_diagnoses_shows_none(quick: Model, row: tuple[dict[str, Any], Path]) -> None:
    values = {name: value for name, value in row[0].items() if not name.startswith("p_")}
    text = View(quick, [], "", 1).prediction(values, row[1])
    assert "Diagnoses" not in text
    assert numbers(text).keys() == {"probability", "raw_cnn_a", "raw_cnn_b"}


@pytest.mark.parametrize(("malignant_from", "benign_until"), [(0.2, 0.7), (0.7, 0.2), (0.0, 1.0), (0.5, 0.5)])
def test_the_scale_shows_what_the_conformal_sets_decide(
    quick: Model, row: tuple[dict[str, Any], Path], malignant_from: float, benign_until: float
) -> None:
    sets = replace(quick.sets, malignant_from=malignant_from, benign_until=benign_until)
    text = View(replace(quick, sets=sets), [], "", 1).prediction(*row)
    number = r'="([\d.]+)%"'
    (start, width), (above,) = (
        re.findall(rf'<rect class="refer" x{number} y="26" width{number}', text)[0],
        re.findall(rf'<rect class="label-malignant" x{number}', text),
    )
    low, high = float(start) / 100, (float(start) + float(width)) / 100
    assert float(above) / 100 == pytest.approx(high)
    for probability in (0.1, 0.3, 0.6, 0.9):
        expected = "benign" if probability < low else "refer" if probability < high else "malignant"
        assert sets.decide(pd.Series([probability]).to_numpy())[0] == expected


@pytest.mark.parametrize(("point", "threshold"), [("half", "0.125"), ("sensitive", "0.375")])
def test_the_threshold_is_that_of_the_operating_point_of_the_run(
    quick: Model, row: tuple[dict[str, Any], Path], point: str, threshold: str
) -> None:
    thresholds = {"half": 0.125, "balanced": 0.25, "sensitive": 0.375}
    view = View(replace(quick, thresholds=thresholds, recorded=quick.recorded._replace(point=point)), [], "", 1)
    assert f"<b>{point}</b>: an image is predicted malignant from a probability of {threshold}." in view.page()
    text = view.prediction(*row)
    assert f"Decision at the operating point {point}" in text
    assert f"malignant from {threshold}" in text
    assert f">threshold {threshold}<" in text


def test_warnings_of_the_run_are_shown(quick: Model) -> None:
    page = View(quick, [], "HAM10000", 1).page()
    assert "Trained on the HAM10000" in page
    assert "share lesions" not in page
    assert "Simulated images." not in page
    page = View(replace(quick, warning="leaky protocol: splits share lesions"), [], "simulated dataset", 1).page()
    assert "Leaky protocol: splits share lesions." in page
    assert "Simulated images." in page


def test_members_have_the_colours_of_the_report(quick: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("vgg19", "cnn_a", "cnn_c", "resnet50")
    monkeypatch.setattr(colours, "member_names", lambda: list(names))
    member = quick.members["cnn_a"]
    model = replace(quick, members=dict.fromkeys(names, member))
    style = View(model, [], "", 1).style()
    rules = [rule.partition(" }")[0] for rule in colours.rules()]
    assert len(rules) == 2
    assert all(rule in style for rule in rules)
    text = View(model, [], "", 1).prediction(
        {"probability": 0.5, "decision": "benign", "conformal_set": "benign", "note": "", "problem": ""}
        | {f"raw_{name}": 0.5 for name in names},
        REPORT / "page.css",
    )
    assert all(f'<i class="swatch {colours.css(name)}">' in text for name in names)


def test_examples_are_the_first_originals_of_each_diagnosis(project: Path) -> None:
    rows = SPLIT.read(project / "data/split/test.csv")
    rows = rows[rows["source"] == rows["image_id"]]
    found = read_examples(project)
    assert [example.dx for example in found] == sorted(rows["dx"].unique())
    for example in found:
        assert example.image_id == min(rows.loc[rows["dx"] == example.dx, "image_id"])
        assert example.label == ("malignant" if example.dx == "mel" else "benign")
        assert example.path.is_file()
    found[0].path.unlink()
    assert found[0] not in read_examples(project)
    (project / "data/split/test.csv").unlink()
    assert read_examples(project) == []


def test_the_dataset_is_named_if_it_is_recorded(tmp_path: Path) -> None:
    assert dataset_title(tmp_path) == ""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/source.json").write_text('{"source": "simulated"}')
    assert dataset_title(tmp_path) == "simulated dataset"


def test_a_bundle_has_no_examples_and_names_its_dataset(tmp_path: Path) -> None:
    write_run(tmp_path)
    bundle = write_bundle_of_run(tmp_path)
    assert read_examples(bundle) == []
    assert dataset_title(bundle) == "simulated dataset"


def test_the_page_has_the_list_of_the_documentation_of_predict(quick: Model) -> None:
    section = Path("docs/how-to/predict.md").read_text().partition("## What it must not be used for\n")[2]
    listed = [" ".join(entry.split()) for entry in section.split("\n- ")[1:]]
    shown = re.findall("<li>(.*?)</li>", View(quick, [], "", 1).page().partition('id="limits"')[2])
    assert len(shown) == len(listed) > 3
    for entry, text in zip(listed, shown, strict=True):
        assert re.split(r", without|: see| there: ", entry)[0] in text or text in entry


def test_the_package_contains_the_templates() -> None:
    import tomllib

    data = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert data["dermoscopy.demo"] == ["templates/*"]
    assert {path.suffix for path in Path("src/dermoscopy/demo/templates").iterdir()} == {".j2", ".css", ".js"}
