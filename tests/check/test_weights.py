import errno
import hashlib

import pytest

from dermoscopy.acquire.params import Weights
from dermoscopy.check.check import member_weights_problems, weights_problems
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.params import Transfer

NONE = Weights(source="none", sha256=None)
IMAGENET = Weights(source="imagenet", sha256=None)


def member(tree, weights: str) -> Transfer:
    return Transfer(**tree["models"]["vgg19"] | {"weights": weights})


def test_valid_weights_pass(tree, tmp_path):
    file = tmp_path / "w.h5"
    file.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    weights = {"vgg19": IMAGENET, "mine": Weights(source=str(file), sha256=digest), "later": NONE}
    assert weights_problems(weights) == []
    for name in ("none", "vgg19", "mine"):
        assert member_weights_problems("vgg19", member(tree, name), weights) == []


@pytest.mark.parametrize(
    ("name", "entry", "detail"),
    [
        ("vgg19", Weights(source="imagnet", sha256=None), " imagenet?"),
        ("vgg19", Weights(source="/nowhere/w.h5", sha256=None), "does not exist"),
        ("vgg19", Weights(source="~nosuchuser/w.h5", sha256=None), "does not exist"),
        ("vgg19", Weights(source="w" * 300, sha256=None), "(File name too long)"),
        ("vgg19", Weights(source="/", sha256=None), "is a folder"),
        ("resnet", IMAGENET, ", ".join(BACKBONES)),
        ("../w", NONE, "invalid name"),
        ("none", NONE, "invalid name"),
    ],
)
def test_invalid_weights_are_reported_in_one_line(name, entry, detail):
    (line,) = weights_problems({name: entry})
    assert line.startswith(f"data.weights.{name}")
    assert detail in line


def test_a_file_with_another_checksum_is_reported(tmp_path):
    file = tmp_path / "w.h5"
    file.write_bytes(b"other")
    (line,) = weights_problems({"mine": Weights(source=str(file), sha256="0" * 64)})
    assert line.startswith("data.weights.mine.sha256: received 0000")
    assert hashlib.sha256(b"other").hexdigest() in line


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("vgg", "(vgg19, inception_v3). Did you mean vgg19?"),
        ("imagenet", "Set data.weights.vgg19.source to imagenet"),
        ("vgg19", "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"),
        ("inception_v3", "of inception_v3, and the backbone is vgg19"),
    ],
)
def test_a_member_names_existing_weights_of_its_backbone(tree, name, detail):
    (line,) = member_weights_problems("vgg19", member(tree, name), {"vgg19": NONE, "inception_v3": IMAGENET})
    assert line.startswith(f"models.vgg19.weights: received {name!r};")
    assert detail in line


def test_an_unreadable_file_is_reported_in_one_line(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("dermoscopy.check.check.sha256", refuse)
    (tmp_path / "w.h5").touch()
    (line,) = weights_problems({"mine": Weights(source=str(tmp_path / "w.h5"), sha256="0" * 64)})
    assert line.startswith("data.weights.mine.source")
    assert "(Permission denied)" in line
