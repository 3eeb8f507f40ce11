import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from dermoscopy.acquire import transfer, weights
from dermoscopy.acquire.params import Weights
from dermoscopy.acquire.transfer import Published
from dermoscopy.core.errors import WeightsError
from dermoscopy.networks.backbones import BACKBONES
from tests.acquire.server import Server, serving

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

BYTES = b"weights"
SHA256 = hashlib.sha256(BYTES).hexdigest()
NONE = Weights(source="none", sha256=None)


def copy(configured: dict[str, Weights], folder: Path) -> None:
    """Copy weights for one member per entry, which has the entry's name."""
    used = {name: name for name, entry in configured.items() if entry.source != "none"}
    weights.copy_weights(list(configured), used, configured, folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "present.h5"
    path.write_bytes(BYTES)
    return path


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A local server that publishes the bytes as VGG19's weights."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(transfer, "time", SimpleNamespace(sleep=lambda seconds: None))
    with serving() as server:
        server.files["/vgg19.h5"] = BYTES
        published = Published("vgg19.h5", server.address("/vgg19.h5"), hashlib.md5(BYTES).hexdigest(), len(BYTES))
        monkeypatch.setitem(weights.PUBLISHED, "vgg19", published)
        yield server


def test_without_weights_only_the_readme_is_written(tmp_path: Path) -> None:
    copy({"vgg19": NONE}, tmp_path / "weights")
    assert [path.name for path in (tmp_path / "weights" / "vgg19").iterdir()] == ["README.md"]
    assert "sha256" not in (tmp_path / "weights" / "vgg19" / "README.md").read_text()


@pytest.mark.parametrize("sha256", [None, SHA256])
def test_a_file_is_copied_under_its_name(file: Path, tmp_path: Path, sha256: str | None) -> None:
    copy({"mine": Weights(source=str(file), sha256=sha256)}, tmp_path / "weights")
    assert (tmp_path / "weights" / "mine" / "mine.h5").read_bytes() == BYTES
    readme = (tmp_path / "weights" / "mine" / "README.md").read_text()
    assert f"mine.h5: sha256 {SHA256}" in readme
    assert str(tmp_path) not in readme


def test_a_member_has_a_folder_with_its_own_weights_only(file: Path, tmp_path: Path) -> None:
    entries = {"mine": Weights(source=str(file), sha256=None), "unused": Weights(source="absent.h5", sha256=None)}
    weights.copy_weights(["a", "b", "c"], {"a": "mine", "b": "mine"}, entries, tmp_path / "weights")
    found = sorted(path.relative_to(tmp_path / "weights").as_posix() for path in tmp_path.rglob("weights/*/*"))
    assert found == ["a/README.md", "a/mine.h5", "b/README.md", "b/mine.h5", "c/README.md"]


def test_all_invalid_files_are_reported_at_once(file: Path, tmp_path: Path, wording: Callable[..., None]) -> None:
    configured = {
        "other": Weights(source=str(file), sha256="0" * 64),
        "absent": Weights(source="absent.h5", sha256=None),
        "unpublished": Weights(source="imagenet", sha256=None),
    }
    with pytest.raises(WeightsError) as error:
        copy(configured, tmp_path / "weights")
    message = str(error.value)
    assert "0" * 64 in message
    assert SHA256 in message
    assert "data.weights.absent.source" in message
    assert "data.weights.unpublished.source" in message
    assert ", ".join(BACKBONES) in message
    wording(message)


def test_imagenet_is_downloaded_once_into_keras_s_cache(server: Server, tmp_path: Path) -> None:
    entry = {"vgg19": Weights(source="imagenet", sha256=SHA256)}
    copy(entry, tmp_path / "first")
    copy(entry, tmp_path / "second")
    assert (tmp_path / "second" / "vgg19" / "vgg19.h5").read_bytes() == BYTES
    assert (tmp_path / "keras" / "models" / "vgg19.h5").read_bytes() == BYTES
    assert len(server.requests) == 1


def test_an_interrupted_download_is_resumed(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "keras" / "models" / "vgg19.h5.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(BYTES[:3])
    copy({"vgg19": Weights(source="imagenet", sha256=SHA256)}, tmp_path / "weights")
    assert server.requests == [("/vgg19.h5", "bytes=3-")]


def test_wrong_bytes_are_refused(server: Server, tmp_path: Path) -> None:
    server.files["/vgg19.h5"] = BYTES[::-1]
    with pytest.raises(WeightsError, match=r"data\.weights\.vgg19: .*not the published ones"):
        copy({"vgg19": Weights(source="imagenet", sha256=None)}, tmp_path / "weights")
    assert not list((tmp_path / "keras").rglob("*.h5*"))


def test_without_a_network_the_files_to_download_are_reported(server: Server, tmp_path: Path) -> None:
    server.shutdown()
    server.server_close()
    configured = {"vgg19": Weights(source="imagenet", sha256=None), "absent": Weights(source="absent.h5", sha256=None)}
    with pytest.raises(WeightsError) as error:
        copy(configured, tmp_path / "weights")
    message = str(error.value)
    published = weights.PUBLISHED["vgg19"]
    assert "127.0.0.1 cannot be reached (Connection refused)" in message
    assert f"{published.size} bytes, md5 {published.md5}, from\n    {published.address}\n" in message
    assert str(tmp_path / "keras" / "models") in message
    assert "data.weights.vgg19.source" in message
    assert "data.weights.absent.source" in message


def test_without_a_checksum_a_file_of_another_size_is_replaced(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published("small.h5", server.address("/vgg19.h5"), None, len(BYTES))
    monkeypatch.setitem(weights.PUBLISHED, "mobilenet_v2", published)
    cached = tmp_path / "keras" / "models" / "small.h5"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(BYTES[:3])
    entry = {"mobilenet_v2": Weights(source="imagenet", sha256=None)}
    copy(entry, tmp_path / "first")
    copy(entry, tmp_path / "second")
    assert cached.read_bytes() == BYTES
    assert (tmp_path / "second" / "mobilenet_v2" / "mobilenet_v2.h5").read_bytes() == BYTES
    assert len(server.requests) == 1
