import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import log_chosen, log_epoch, open_live

EPOCHS = [Epoch(1, "trained", 0.7, 0.5, 0.55, 0.69, 0.75, 0.5), Epoch(2, "trained", 0.6, 0.6, 0.65, 0.66, 0.5, 0.75)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    with open_live(tmp_path / "live") as live:
        curve = Curve("val_accuracy")
        for epoch in EPOCHS:
            curve.add(epoch)
            log_epoch(live, epoch)
        log_chosen(live, curve, np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.4, 0.3]))
    return tmp_path / "live"


def strict(text: str) -> object:
    """Parse JSON as a browser does: without NaN and Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


def test_curves_are_written_per_split_and_metric(folder: Path) -> None:
    lines = (folder / "plots/metrics/val/roc_auc.tsv").read_text().splitlines()
    assert lines == ["step\troc_auc", "1\t0.5", "2\t0.75"]
    names = {str(path.relative_to(folder / "plots/metrics")) for path in folder.rglob("*.tsv")}
    assert names == {
        f"{split}/{metric}.tsv" for split in ("train", "val") for metric in ("loss", "accuracy", "roc_auc")
    }


def test_metrics_include_the_chosen_epoch(folder: Path) -> None:
    metrics = strict((folder / "metrics.json").read_text())
    assert metrics["chosen"]["epoch"] == 1
    assert metrics["chosen"]["val_accuracy"] == 0.75
    assert metrics["step"] == 2


def test_the_roc_curve_is_valid_json(folder: Path) -> None:
    corners = strict((folder / "plots/custom/roc.json").read_text())
    assert corners[0] == {"fpr": 0.0, "tpr": 0.0}
    assert corners[-1] == {"fpr": 1.0, "tpr": 1.0}


def test_dvc_yaml_is_not_changed(folder: Path) -> None:
    assert (folder.parent / "dvc.yaml").read_text() == "stages: {}\n"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["dvc.yaml", "live"]
    assert sorted(path.name for path in folder.iterdir()) == ["metrics.json", "plots"]


@pytest.fixture
def studio() -> Iterator[HTTPServer]:
    """A server in place of DVC Studio; `requests` are the paths that were sent to it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.requests.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.requests = []
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


LOG = """
from pathlib import Path
from dermoscopy.train.history import Epoch
from dermoscopy.train.monitoring import log_epoch, open_live
with open_live(Path("live")) as live:
    for number in (1, 2):
        log_epoch(live, Epoch(number, "trained", 0.7, 0.5, 0.55, 0.69, 0.75, 0.5))
        live.next_step()
"""


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("inside_exp_run", [False, True])
@pytest.mark.parametrize("place", ["environment", "older environment", "dvc config"])
def test_nothing_is_sent_to_dvc_studio(tmp_path: Path, studio: HTTPServer, place: str, inside_exp_run: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "STUDIO_"))}
    environment |= {
        "PYTHONPATH": str(Path("src").resolve()),
        "DVC_STUDIO_URL": f"http://127.0.0.1:{studio.server_port}",
    }
    if inside_exp_run:
        environment |= {"DVC_ROOT": str(tmp_path), "DVC_EXP_BASELINE_REV": "0" * 40, "DVC_EXP_NAME": "idea"}

    def run(*command: str) -> None:
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)

    run("git", "init", "--quiet")
    run("dvc", "init", "--quiet")
    run("git", "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message", "first")
    for name, value in {"token": "secret", "repo_url": "git@host:mine.git"}.items():
        if place == "dvc config":
            run("dvc", "config", "--local", f"studio.{name}", value)
        else:
            environment[f"{'DVC_STUDIO' if place == 'environment' else 'STUDIO'}_{name.upper()}"] = value
    run(sys.executable, "-c", LOG)
    assert (tmp_path / "live/metrics.json").is_file()
    assert studio.requests == []
