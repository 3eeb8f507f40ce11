"""A finished run that is pushed to a remote: an empty clone goes on with it, and what is damaged or away is noticed."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from ruamel.yaml import YAML

from tests.pipeline.project import Project, stages_run
from tests.processes import wait_until

pytestmark = pytest.mark.slow

DERMOSCOPY = [sys.executable, "-c", "from dermoscopy.cli.app import main; main()"]
WEIGHTS = "data/models/cnn_a/model.weights.h5"


@pytest.fixture(scope="module")
def original(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished run."""
    return finished.copy(tmp_path_factory.mktemp("remotes") / "original")


@pytest.fixture(scope="module")
def pushed(original: Project) -> Project:
    """A run that was pushed with its run cache to a folder beside it, as docs/how-to/share.md says."""
    original.done("dvc", "remote", "add", "--default", "store", str(original.folder.parent / "store"))
    original.done("dvc", "remote", "modify", "store", "verify", "true")
    original.commit("Add the remote")
    original.done("dvc", "push", "--run-cache")
    return original


def clone(project: Project, folder: Path) -> Project:
    project.done("git", "clone", "--quiet", str(project.folder), str(folder))
    return Project(folder)


def in_cache(project: Project, path: str) -> str:
    """Return the path of a file of an output in DVC's cache, or in a remote."""
    md5 = project.done(sys.executable, "-c", f"from dermoscopy.use.sources import *; print(dvc_md5(Path('{path}')))")
    return f"files/md5/{md5[:2]}/{md5[2:].strip()}"


def damage(path: Path) -> None:
    """Truncate a read-only file, as a download that breaks off or a failing disk does."""
    path.chmod(0o644)
    os.truncate(path, 1000)
    path.chmod(0o444)


def test_a_colleague_goes_on_from_a_run(pushed: Project, tmp_path: Path) -> None:
    theirs = clone(pushed, tmp_path / "theirs")
    theirs.done("dvc", "pull", "--run-cache")
    assert stages_run(theirs.done("dvc", "repro")) == ["check"]
    image = next((pushed.folder / "data/split/test/malignant").iterdir())
    predictions = [project.done(*DERMOSCOPY, "predict", str(image)) for project in (pushed, theirs)]
    assert predictions[0] == predictions[1]
    # The run cache knows what a stage wrote for which inputs, also where dvc.lock does not.
    lock = theirs.folder / "dvc.lock"
    yaml = YAML()
    recorded = yaml.load(lock)
    del recorded["stages"]["merge"]
    yaml.dump(recorded, lock)
    assert "'merge' is cached - skipping run" in theirs.done("dvc", "repro", "-s", "merge")


def test_a_damaged_file_of_the_remote_is_noticed_and_replaced(pushed: Project, tmp_path: Path) -> None:
    store = pushed.folder.parent / "store"
    damage(store / in_cache(pushed, WEIGHTS))
    theirs = clone(pushed, tmp_path / "theirs")
    refused = theirs.run("dvc", "pull")
    assert refused.returncode == 1
    assert "data/models/cnn_a" in refused.stderr
    assert not (theirs.folder / WEIGHTS).exists()

    found = pushed.run(*DERMOSCOPY, "cache", "check", str(store), "--remove")
    assert found.returncode == 1
    assert f"{WEIGHTS} (train@cnn_a)" in found.stdout
    pushed.done("dvc", "push")
    theirs.done("dvc", "pull")
    assert stages_run(theirs.done("dvc", "repro")) == ["check"]


@pytest.mark.parametrize("link", [pytest.param("copy", marks=pytest.mark.long), "symlink"])
def test_a_damaged_file_of_the_cache_is_noticed_and_replaced(pushed: Project, tmp_path: Path, link: str) -> None:
    """Of a cache that two clones share; the second one needs no remote."""
    theirs = clone(pushed, tmp_path / "theirs")
    theirs.done("dvc", "config", "--local", "cache.type", link)
    theirs.done("dvc", "cache", "dir", "--local", str(tmp_path / "cache"))
    shutil.copytree(pushed.folder / ".dvc/cache", tmp_path / "cache")
    theirs.done("dvc", "checkout")
    file = tmp_path / "cache" / in_cache(theirs, WEIGHTS)
    damage(theirs.folder / WEIGHTS if link != "copy" else file)

    found = theirs.run(*DERMOSCOPY, "cache", "check", "--remove")
    assert found.returncode == 1, found.stdout + found.stderr
    assert f"{WEIGHTS} (train@cnn_a)" in found.stdout
    assert (theirs.folder / WEIGHTS).exists() == (link == "copy")
    theirs.done(*(["dvc", "commit", "train@cnn_a"] if link == "copy" else ["dvc", "pull"]))
    assert theirs.done(*DERMOSCOPY, "cache", "check").startswith("All ")
    assert (theirs.folder / WEIGHTS).read_bytes() == (pushed.folder / WEIGHTS).read_bytes()


def test_a_folder_that_is_not_mounted(pushed: Project, tmp_path: Path) -> None:
    theirs = clone(pushed, tmp_path / "theirs")
    theirs.done("dvc", "remote", "modify", "store", "url", str(tmp_path / "away"))
    refused = theirs.run("dvc", "pull")
    assert refused.returncode == 1
    assert refused.stderr.count("ERROR: ") == 1
    assert "Traceback" not in refused.stdout + refused.stderr


KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


class Server:
    """An S3 server on the loopback address, which projects reach without `Project.run`, since it cuts the network."""

    def __init__(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in KEYS.items():
            monkeypatch.setenv(name, value)
        self.address = address
        self.client = boto3.client("s3", endpoint_url=address)
        self.client.create_bucket(Bucket="store")

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket="store", Key=f"dermoscopy/{name}", Body=content)

    def dvc(self, project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["dvc", *arguments]
        return subprocess.run(command, cwd=project.folder, env=project.environment(), capture_output=True, text=True)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    log = tmp_path / "server.log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: "Running on" in log.read_text(), log.read_text)
        server = Server(re.search(r"http://127\.0\.0\.1:\d+", log.read_text())[0], monkeypatch)
        yield server
        server.client.close()
    finally:
        process.terminate()
        process.wait()


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_an_s3_server(original: Project, server: Server, tmp_path: Path) -> None:
    mine = clone(original, tmp_path / "mine")
    mine.done("dvc", "remote", "add", "--default", "--force", "store", "s3://store/dermoscopy")
    mine.done("dvc", "remote", "modify", "store", "endpointurl", server.address)
    mine.done("dvc", "remote", "modify", "store", "verify", "true")
    mine.commit("Add the remote")
    mine.done("dvc", "cache", "dir", "--local", str(original.folder / ".dvc/cache"))
    sent = server.dvc(mine, "push")
    assert sent.returncode == 0, sent.stderr

    weights = in_cache(original, WEIGHTS)
    content = (original.folder / WEIGHTS).read_bytes()
    server.put(weights, content[:1000])
    theirs = clone(mine, tmp_path / "theirs")
    assert server.dvc(theirs, "pull").returncode == 1
    assert not (theirs.folder / WEIGHTS).exists()
    server.put(weights, content)
    got = server.dvc(theirs, "pull")
    assert got.returncode == 0, got.stderr
    assert stages_run(theirs.done("dvc", "repro")) == ["check"]

    theirs.done("dvc", "remote", "modify", "store", "endpointurl", "http://127.0.0.1:9")
    refused = server.dvc(theirs, "push")  # it gives up sooner than dvc pull
    assert refused.returncode != 0
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/' in refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
