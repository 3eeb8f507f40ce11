import pytest

from dermoscopy.check.check import layer_problems
from dermoscopy.networks.params import Transfer


@pytest.mark.parametrize(("name", "layers"), [("vgg19", 22), ("inception_v3", 311)])
def test_no_more_unfrozen_layers_than_the_backbone_has(tree, name, layers):
    member = Transfer(**tree["models"][name])
    for valid in (1, layers, "all", "none", "last_conv"):
        assert layer_problems(name, member.model_copy(update={"unfrozen_layers": valid})) == []
    (line,) = layer_problems(name, member.model_copy(update={"unfrozen_layers": layers + 1}))
    assert line.startswith(f"models.{name}.unfrozen_layers: received {layers + 1};")
    assert f"{name} has {layers} layers" in line
    assert line.endswith(" all?")


def test_the_head_follows_a_layer_that_the_backbone_has(tree):
    member = Transfer(**tree["models"]["inception_v3"]).model_copy(update={"output_layer": "mixed5"})
    assert layer_problems("inception_v3", member.model_copy(update={"unfrozen_layers": 165})) == []
    (line,) = layer_problems("inception_v3", member.model_copy(update={"unfrozen_layers": 166}))
    assert "inception_v3 has 165 layers, including its input, up to mixed5" in line
    (line,) = layer_problems("inception_v3", member.model_copy(update={"output_layer": "mixed_5"}))
    assert line.startswith("models.inception_v3.output_layer: received 'mixed_5';")
    assert "mixed0, mixed1" in line
    assert line.endswith("Did you mean mixed5?")
