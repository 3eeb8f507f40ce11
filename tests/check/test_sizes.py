import pytest

from dermoscopy.check.check import size_problems
from dermoscopy.networks.build import feature_map_size
from dermoscopy.networks.params import SmallCNN, Transfer


@pytest.mark.parametrize(("name", "smallest"), [("vgg19", 32), ("inception_v3", 75)])
def test_a_backbone_has_a_smallest_image_size(tree, name, smallest):
    member = Transfer(**tree["models"][name])
    assert size_problems(name, member.model_copy(update={"image_size": smallest})) == []
    (line,) = size_problems(name, member.model_copy(update={"image_size": smallest - 1}))
    assert line.startswith(f"models.{name}.image_size: received {smallest - 1};")
    assert line.endswith(f" {smallest}?")


@pytest.mark.parametrize(
    ("name", "changes", "smallest", "failing"),
    [
        ("cnn_a", {}, 53, 3),
        ("cnn_a", {"padding": "same"}, 27, 3),
        ("cnn_b", {}, 17, 2),
        ("cnn_b", {"kernel_size": 5, "pool_size": 2}, 16, 2),
    ],
)
def test_every_layer_leaves_a_pixel(tree, name, changes, smallest, failing):
    member = SmallCNN(**tree["models"][name]).model_copy(update=changes)
    assert size_problems(name, member.model_copy(update={"image_size": smallest})) == []
    (line,) = size_problems(name, member.model_copy(update={"image_size": smallest - 1}))
    assert f"models.{name}.image_size: received {smallest - 1};" in line
    assert f"layer {failing} of" in line
    assert line.endswith(f"image_size that works is {smallest}.")


def test_the_first_failing_layer_is_named(tree):
    member = SmallCNN(**tree["models"]["cnn_a"]).model_copy(update={"image_size": 16})
    (line,) = size_problems("cnn_a", member)
    # 16 pixels: 14 after convolution, 4 after pooling, 2 after convolution; too few for pooling of 3 x 3.
    assert "layer 2 of 3" in line
    assert "4 x 4 pixels" in line


def test_if_no_image_size_works_fewer_layers_are_suggested(tree):
    member = SmallCNN(**tree["models"]["cnn_a"]).model_copy(update={"conv_layers": 9})
    (line,) = size_problems("cnn_a", member)
    assert "1024" in line
    assert "conv_layers" in line


@pytest.mark.slow
def test_the_feature_map_size_is_that_of_keras(tree):
    from dermoscopy.networks.build import build_small_cnn

    member = SmallCNN(**tree["models"]["cnn_a"])
    model = build_small_cnn("cnn_a", member.model_copy(update={"image_size": 53}), seed=1)
    assert model.get_layer("pool_3").output.shape[1:3] == (1, 1)
    assert feature_map_size(member.model_copy(update={"image_size": 53})) == 1
