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


def test_what_is_right_passes(tree, tmp_path):
    file = tmp_path / "w.h5"
    file.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    weights = {"vgg19": IMAGENET, "mine": Weights(source=str(file), sha256=digest), "later": NONE}
    assert weights_problems(weights) == []
    for name in ("none", "vgg19", "mine"):
        assert member_weights_problems("vgg19", member(tree, name), weights) == []


@pytest.mark.parametrize(
    ("name", "entry", "said"),
    [
        ("vgg19", Weights(source="imagnet", sha256=None), "Did you mean imagenet?"),
        ("vgg19", Weights(source="/nowhere/w.h5", sha256=None), "this is not there"),
        ("vgg19", Weights(source="~nosuchuser/w.h5", sha256=None), "this is not there"),
        ("vgg19", Weights(source="w" * 300, sha256=None), "this cannot be reached (File name too long)"),
        ("vgg19", Weights(source="/", sha256=None), "this is a folder"),
        ("resnet", IMAGENET, f"that is there for {', '.join(BACKBONES)} only"),
        ("../w", NONE, "not a name"),
        ("none", NONE, "not a name"),
    ],
)
def test_what_is_wrong_is_one_line(name, entry, said):
    (line,) = weights_problems({name: entry})
    assert line.startswith(f"data.weights.{name}")
    assert said in line


def test_another_file_than_the_one_named(tmp_path):
    file = tmp_path / "w.h5"
    file.write_bytes(b"other")
    (line,) = weights_problems({"mine": Weights(source=str(file), sha256="0" * 64)})
    assert line.startswith("data.weights.mine.sha256: received 0000")
    assert hashlib.sha256(b"other").hexdigest() in line


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("vgg", "expected none or a key of data.weights (vgg19, inception_v3). Did you mean vgg19?"),
        ("imagenet", "Set data.weights.vgg19.source to imagenet, and this to vgg19."),
        ("vgg19", "downloads vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5, or to the path of that file"),
        ("inception_v3", "these are of inception_v3, and the backbone is vgg19."),
    ],
)
def test_a_member_names_weights_that_are_there(tree, named, said):
    (line,) = member_weights_problems("vgg19", member(tree, named), {"vgg19": NONE, "inception_v3": IMAGENET})
    assert line.startswith(f"models.vgg19.weights: received {named!r};")
    assert said in line


def test_a_file_that_cannot_be_read_is_one_line(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("dermoscopy.check.check.sha256", refuse)
    (tmp_path / "w.h5").touch()
    (line,) = weights_problems({"mine": Weights(source=str(tmp_path / "w.h5"), sha256="0" * 64)})
    assert line.endswith("it cannot be read (Permission denied).")
