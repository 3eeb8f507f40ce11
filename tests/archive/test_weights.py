import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dermoscopy.archive import weights
from dermoscopy.errors import WeightsError
from dermoscopy.params.data import Weights

BYTES = b"weights"
SHA256 = hashlib.sha256(BYTES).hexdigest()
NONE = Weights(source="none", sha256=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "there.h5"
    path.write_bytes(BYTES)
    return path


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """Publish the file as VGG19's weights, here instead of there."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path))) as server:
        address = f"http://127.0.0.1:{server.server_port}/{file.name}"
        published = weights.Published(address, hashlib.md5(BYTES).hexdigest())
        monkeypatch.setitem(weights.PUBLISHED, "vgg19", published)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_none_is_only_told(tmp_path: Path) -> None:
    weights.copy_weights({"vgg19": NONE}, tmp_path / "weights")
    assert [path.name for path in (tmp_path / "weights").iterdir()] == ["README.md"]
    assert "None are configured" in (tmp_path / "weights" / "README.md").read_text()


@pytest.mark.parametrize("sha256", [None, SHA256])
def test_a_file_is_copied_under_its_name(file: Path, tmp_path: Path, sha256: str | None) -> None:
    weights.copy_weights({"mine": Weights(source=str(file), sha256=sha256)}, tmp_path / "weights")
    assert (tmp_path / "weights" / "mine.h5").read_bytes() == BYTES
    readme = (tmp_path / "weights" / "README.md").read_text()
    assert f"mine.h5: sha256 {SHA256}" in readme
    assert str(tmp_path) not in readme


def test_all_wrong_files_are_told_at_once(file: Path, tmp_path: Path) -> None:
    configured = {
        "other": Weights(source=str(file), sha256="0" * 64),
        "absent": Weights(source="absent.h5", sha256=None),
        "unpublished": Weights(source="imagenet", sha256=None),
    }
    with pytest.raises(WeightsError) as error:
        weights.copy_weights(configured, tmp_path / "weights")
    message = str(error.value)
    assert "0" * 64 in message
    assert SHA256 in message
    assert "there is no file absent.h5" in message
    assert "imagenet is there for vgg19, inception_v3 only" in message


@pytest.mark.usefixtures("server")
def test_imagenet_is_downloaded_once(file: Path, tmp_path: Path) -> None:
    entry = {"vgg19": Weights(source="imagenet", sha256=SHA256)}
    weights.copy_weights(entry, tmp_path / "first")
    file.unlink()
    weights.copy_weights(entry, tmp_path / "second")
    assert (tmp_path / "second" / "vgg19.h5").read_bytes() == BYTES


@pytest.mark.usefixtures("server")
def test_other_bytes_are_refused(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"a proxy's login page")
    with pytest.raises(WeightsError, match="other bytes than published"):
        weights.copy_weights({"vgg19": Weights(source="imagenet", sha256=None)}, tmp_path / "weights")


def test_without_a_network_all_that_helps_is_told(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    server.server_close()
    with pytest.raises(WeightsError) as error:
        weights.copy_weights({"vgg19": Weights(source="imagenet", sha256=None)}, tmp_path / "weights")
    message = str(error.value)
    assert weights.PUBLISHED["vgg19"].address in message
    assert "data.weights.vgg19.source" in message


def test_addresses_and_hashes_are_those_of_the_installed_keras() -> None:
    keras = pytest.importorskip("importlib.util").find_spec("keras")
    assert keras is not None and keras.origin is not None
    for name, published in weights.PUBLISHED.items():
        source = (Path(keras.origin).parent / "src" / "applications" / f"{name}.py").read_text()
        assert published.md5 in source
        assert published.address.rsplit("/", 1)[-1] in source
