"""Diagrams of the networks and of the ensemble."""

import json
import re
from typing import Any

import pytest

from dermoscopy.core.params import load
from dermoscopy.ensemble.fit import CANDIDATES, WEIGHTS
from dermoscopy.networks.params import Models, Transfer
from dermoscopy.report.blocks import blocks, trained_phases
from dermoscopy.report.diagrams import BAR, COLUMN, Diagram, network_diagram, trained_layers
from dermoscopy.report.ensemble_diagram import METHODS, ensemble_diagram
from dermoscopy.report.formatting import classifier, rate, signed
from dermoscopy.report.inputs import read_sources
from tests.report.conftest import MEMBERS, render, write_project
from tests.tiny import small_cnn


def transfer(**changes: Any) -> Transfer:
    return load("models.inception_v3", Transfer).model_copy(update=changes)


def texts(diagram: Diagram) -> list[str]:
    return [text.text for text in diagram.texts]


def bars(diagram: Diagram) -> list[tuple[float, float]]:
    """Return the left and right edges of the bars of the phases, in columns."""
    rects = [rect for rect in diagram.rects if rect.height == BAR]
    return [(round(rect.x / COLUMN, 1), round((rect.x + rect.width) / COLUMN, 1)) for rect in rects]


def test_a_network_goes_from_the_image_to_the_probability_of_malignancy() -> None:
    diagram = network_diagram("cnn_a", small_cnn(image_size=80, conv_layers=3, filters=32, units=64), 1, "")
    words = " ".join(texts(diagram))
    for part in ("image", "80 × 80 × 3", "26 × 26 × 32", "2 × 2 × 32", "64 values", "9,248 parameters"):
        assert part in words.replace("\u00a0", " ")
    assert "probability of malignancy" in words
    middles = [rect.x + rect.width / 2 for rect in diagram.rects if rect.height != BAR]
    assert middles == sorted(middles)
    assert len(diagram.arrows) == len(middles) - 1 == 5
    assert diagram.alt.startswith("image: 80 × 80 × 3; convolution 3 × 3, ReLU, max pooling 3 × 3: 26 × 26 × 32, 896 p")


def test_the_height_of_a_block_falls_with_the_feature_map() -> None:
    diagram = network_diagram("inception_v3", transfer(image_size=224), 1, "")
    sizes = [block.size for block in blocks(transfer(image_size=224))][1:5]
    heights = [rect.height for rect in diagram.rects][1:5]
    assert sizes == [25, 25, 12, 5]
    assert heights[0] == heights[1] > heights[2] > heights[3]


def test_two_phases_have_two_bars_and_the_second_begins_within_a_block() -> None:
    parameters = transfer(weights="inception_v3", unfrozen_layers=150)
    diagram = network_diagram("inception_v3", parameters, 1, "")
    first, second = bars(diagram)
    assert first == (5.1, 6.9)  # the dense layer and the output
    assert 3.5 < second[0] < 3.7  # 68 of the 142 layers of the fourth block
    assert {"phase 1 trains", "phase 2 trains", "68 of 142 layers"} <= set(texts(diagram))
    drawn = blocks(parameters)
    assert [trained_layers(phase, drawn) for phase in trained_phases(parameters)] == [
        "the layers after the backbone",
        "the last 150 of 310 layers of the backbone, and those after it",
    ]


def test_a_bar_begins_at_the_edge_of_a_block_that_trains_as_a_whole() -> None:
    parameters = transfer(weights="inception_v3", unfrozen_layers=31 + 31 + 20)
    diagram = network_diagram("inception_v3", parameters, 1, "")
    assert bars(diagram)[1] == (4.1, 6.9)
    assert not [text for text in texts(diagram) if " of " in text and "layers" in text]


def test_one_phase_trains_all_layers() -> None:
    assert bars(network_diagram("member", transfer(weights="none"), 1, "")) == [(1.1, 6.9)]
    assert bars(network_diagram("member", small_cnn(), 1, "")) == [(1.1, 3.9)]


def test_seven_diagnoses_are_summed() -> None:
    words = " ".join(texts(network_diagram("cnn_a", small_cnn(), 7, "")))
    assert "7 probabilities, malignant ones summed" in words


def drawn_ensemble(root: Any, calibration: str = "platt") -> Diagram:
    models = load("models", Models)
    return ensemble_diagram(read_sources(root), models, 1, calibration, ("balanced", 0.3724), "")


def choose(root: Any, members: tuple[str, ...], method: str) -> dict[str, float]:
    """Write another choice of members and method; return the row of its candidate."""
    path = root / "data" / "ensemble" / "ensemble.json"
    choice = json.loads(path.read_text()) | {"members": members, "method": method}
    path.write_text(json.dumps(choice))
    rows = CANDIDATES.read(path.with_name("candidates.csv")).set_index(["members", "method"])
    fitted: dict[str, float] = rows.loc[("+".join(members), method)].to_dict()
    return fitted


@pytest.mark.parametrize("method", [method for method in METHODS if method != "single"])
def test_the_ensemble_shows_its_members_with_their_weights(tmp_path: Any, method: str) -> None:
    root, members = write_project(tmp_path), MEMBERS[:3]
    fitted = choose(root, members, method)
    rows = WEIGHTS.read(root / "data" / "ensemble" / "weights.csv")
    weights = rows[(rows["members"] == "+".join(members)) & (rows["method"] == method)].set_index("member")["weight"]
    diagram = drawn_ensemble(root)
    shown = texts(diagram)
    for name in members:
        assert classifier(name) in shown
        assert rate(weights[name]) in shown
        assert f"{classifier(name)} ({rate(weights[name])})" in diagram.alt
    assert METHODS[method] in diagram.alt
    assert (signed(fitted["intercept"]) in shown) == (method == "stacking")
    assert {f"logit × {rate(fitted['slope'])}", signed(fitted["shift"]), "37.2 % on", "malignant", "benign"} <= set(
        shown
    )
    assert len(diagram.arrows) == 2 * len(members) + 4


def test_a_single_member_needs_no_combination(tmp_path: Any) -> None:
    root = write_project(tmp_path)
    choose(root, ("cnn_a",), "single")
    diagram = drawn_ensemble(root, "none")
    assert "Combination: none: a single member. Calibration: none." in diagram.alt
    assert "1.000" in texts(diagram)
    assert "Not in the ensemble: VGG19, Inception V3 and CNN B." in " ".join(render(root).split())


def test_temperature_scaling_has_no_shift(tmp_path: Any) -> None:
    root = write_project(tmp_path)
    fitted = choose(root, MEMBERS, "mean")
    shown = texts(drawn_ensemble(root, "temperature"))
    assert f"logit × {rate(fitted['slope'])}" in shown
    assert signed(fitted["shift"]) not in shown


def test_the_page_has_a_diagram_of_each_member_and_of_the_ensemble(project: Any) -> None:
    page = project()
    labels = re.findall(r'<svg class="diagram"[^>]*aria-label="([^".]*)', page)
    assert labels == ["Ensemble: from the image to the decision", *(f"{classifier(name)}: network" for name in MEMBERS)]
