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
