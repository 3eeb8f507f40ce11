import pytest

from dermoscopy.check.check import size_problems
from dermoscopy.networks.build import feature_map_size
from dermoscopy.networks.params import SmallCNN, Transfer


@pytest.mark.parametrize(("name", "smallest"), [("vgg19", 32), ("inception_v3", 75)])
def test_a_backbone_has_a_smallest_photograph(tree, name, smallest):
    member = Transfer(**tree["models"][name])
    assert size_problems(name, member.model_copy(update={"image_size": smallest})) == []
    (line,) = size_problems(name, member.model_copy(update={"image_size": smallest - 1}))
    assert line.startswith(f"models.{name}.image_size: received {smallest - 1};")
    assert line.endswith(f"Did you mean {smallest}?")


@pytest.mark.parametrize(
    ("name", "changes", "smallest", "lost"),
    [
        ("cnn_a", {}, 53, 3),
        ("cnn_a", {"padding": "same"}, 27, 3),
        ("cnn_b", {}, 17, 2),
        ("cnn_b", {"kernel_size": 5, "pool_size": 2}, 16, 2),
    ],
)
def test_pooling_leaves_a_pixel(tree, name, changes, smallest, lost):
    member = SmallCNN(**tree["models"][name]).model_copy(update=changes)
    assert size_problems(name, member.model_copy(update={"image_size": smallest})) == []
    (line,) = size_problems(name, member.model_copy(update={"image_size": smallest - 1}))
    assert f"models.{name}.image_size: received {smallest - 1};" in line
    assert f"reach layer {lost} of" in line
    assert f"The smallest image_size that works is {smallest}." in line


def test_the_layer_named_is_the_first_that_fails(tree):
    member = SmallCNN(**tree["models"]["cnn_a"]).model_copy(update={"image_size": 16})
    (line,) = size_problems("cnn_a", member)
    # 16, convolved to 14, pooled to 4; convolved to 2, and nothing of 3 x 3 is left to pool.
    assert "the 4 x 4 pixels that reach layer 2 of 3" in line


def test_where_no_size_works_the_layers_are_too_many(tree):
    member = SmallCNN(**tree["models"]["cnn_a"]).model_copy(update={"conv_layers": 9})
    (line,) = size_problems("cnn_a", member)
    assert "No image_size up to 1024 works" in line


@pytest.mark.slow
def test_keras_agrees(tree):
    from dermoscopy.networks.build import build_small_cnn

    member = SmallCNN(**tree["models"]["cnn_a"])
    model = build_small_cnn("cnn_a", member.model_copy(update={"image_size": 53}), seed=1)
    assert model.get_layer("pool_3").output.shape[1:3] == (1, 1)
    assert feature_map_size(member.model_copy(update={"image_size": 53})) == 1
