from pathlib import Path

import pytest

from dermoscopy.acquire.params import Data, Limits, Weights
from dermoscopy.check.source import location_problems
from dermoscopy.core.pipeline import output_paths

OUTPUTS = [str(path) for path in output_paths()]


def data(path: object = None, weights: object = "none") -> Data:
    named = {"vgg19": Weights(source=str(weights), sha256=None)}
    path = None if path is None else str(path)
    return Data(source="directory", path=path, strict=True, limits=Limits(pixels=1, unpacked=1.0), weights=named)


def test_the_outputs_of_every_stage_and_member_are_known():
    assert {"data/acquired/dataset", "data/merged/images", "data/models/cnn_b", "metrics/val.json"} <= set(OUTPUTS)


@pytest.mark.parametrize("inside", ["", "ham10000", "ham10000.zip", "a/b/c"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_path_in_an_output_is_refused(output, inside):
    for path in (Path(output, inside), Path(output, inside).absolute()):
        (problem,) = location_problems(data(path))
        assert problem.startswith(f"data.path: received {str(path)!r}; it is in {output},")
        (problem,) = location_problems(data(weights=path))
        assert problem.startswith("data.weights.vgg19.source: ")


@pytest.mark.parametrize("linked", ["data/merged/images", "data"])
def test_a_link_into_an_output_is_refused(tmp_path, linked):
    (tmp_path / "link").symlink_to(Path(linked).absolute())
    path = tmp_path / "link" / ("ham10000" if linked != "data" else "split/train")
    assert len(location_problems(data(path))) == 1


@pytest.mark.parametrize("path", ["data/raw", "data/weights/vgg19.h5", "data/merged", "ham10000", ".", "/nowhere"])
def test_other_paths_are_the_users_own(path):
    assert location_problems(data(path, weights=path)) == []


def test_a_path_that_is_not_used_is_not_refused():
    unused = data("data/split/train").model_copy(update={"source": "simulated"})
    assert location_problems(unused) == []
