import importlib.util
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from dermoscopy.report import colours
from dermoscopy.report.colours import CHOSEN, HUES, css, hue, rules
from tests.report.conftest import MEMBERS, render, write_project

TOP = Path(__file__).parents[2]
STYLE = (Path(colours.__file__).parent / "templates" / "page.css").read_text()
TEMPLATES = [
    TOP / ".dvc" / "plots" / f"{name}.json"
    for name in (
        "curves_by_name",
        "decision_curves",
        "ensemble_sizes",
        "intervals",
        "precision_recall",
        "roc_by_name",
    )
]


@pytest.fixture
def members(monkeypatch):
    """Return a function that changes the members of params.yaml and returns the class of each."""

    def change(*names):
        monkeypatch.setattr(colours, "member_names", lambda: list(names))
        return {name: css(name) for name in names}

    return change


@pytest.mark.parametrize(
    "changed",
    [(*MEMBERS, "cnn_c"), ("cnn_c", *MEMBERS), MEMBERS[1:], MEMBERS[::-1], ("resnet50", "cnn_b"), ("cnn_b", "a", "b")],
    ids=["a fifth", "a fifth at the top", "one less", "another order", "two other", "three other"],
)
def test_other_members_do_not_change_the_colour_of_a_member(members, changed):
    before, after = members(*MEMBERS, "resnet50"), members(*changed)
    assert {name: after[name] for name in before if name in after} == {
        name: before[name] for name in before if name in after
    }
    assert css("ensemble") == "c-ensemble"


@pytest.mark.parametrize(
    "names",
    [[f"m{number}" for number in range(8)], [f"cnn_{letter}" for letter in "cdefgh"], ["resnet50", "resnet101"]],
    ids=["m0 to m7", "cnn_c to cnn_h", "two depths"],
)
def test_members_with_similar_names_have_different_colours(members, names):
    assert len(set(members(*MEMBERS, *names).values())) == len(MEMBERS) + len(names)
    assert all(abs(hue(first) - hue(second)) >= 5 for first, second in itertools.combinations(names, 2))


def test_every_letter_of_a_name_counts_and_its_case_does_not():
    assert len({hue("net_c"), hue("bet_c"), hue("nut_c"), hue("net_d")}) == 4
    assert hue("Net_C") == hue("net_c")


def test_no_hue_is_near_one_of_the_chosen_colours():
    # The hues of the colours of page.css: 352, 39, 180 and 224.
    hues = {hue(name) for name in map("".join, itertools.product("abcdefgh", "0123456789", "0123456789"))}
    assert len(hues) == HUES
    assert all(68 <= value <= 149 or 258 <= value <= 332 for value in hues)


def test_every_class_has_a_rule_on_the_page(tmp_path, members):
    classes = members(*MEMBERS, "cnn_c")
    style = STYLE + "".join(rules())
    for css_class in {*classes.values(), "c-ensemble", "c-other"}:
        assert f".{css_class} {{ --own" in style
    assert all(
        f".roc .{css_class} {{ stroke-dasharray" in style for name, css_class in classes.items() if name != "vgg19"
    )
    members(*MEMBERS)
    assert rules() == []


def test_the_page_has_the_rule_of_a_fifth_member(tmp_path, monkeypatch):
    write_project(tmp_path)
    without = render(tmp_path)
    monkeypatch.setattr(colours, "member_names", lambda: ["cnn_c", *MEMBERS])
    page = render(tmp_path)
    assert page.replace("\n".join(rules()) + "\n", "") == without != page


# Linear RGB as seen without one kind of cones (Machado, Oliveira and Fernandes 2009, severity 1).
VISION = {
    "all cones": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, vision):
    """Return a colour in CIELAB as seen with a kind of vision."""
    srgb = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(XYZ @ np.clip(VISION[vision] @ linear, 0.001, 1) / XYZ.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def colours_of(template, pattern):
    return re.findall(pattern, (TOP / ".dvc" / "plots" / f"{template}.json").read_text())


@pytest.mark.parametrize("vision", VISION)
def test_colours_differ_for_colour_blind_readers(vision):
    bars = colours_of("bars", r"'(#\w+)' : '(#\w+)'")
    groups = {
        "members": [light("ink"), *(light(slot) for slot in CHOSEN.values())],
        "splits": [split for split, _ in bars],
        "labels": [label for _, label in bars[:2]],
        "metrics": colours_of("thresholds", r'"(#[0-9a-f]{6})",\s+"(#[0-9a-f]{6})"\s+\]')[0],
    }
    for group, colours_of_group in groups.items():
        assert len(set(colours_of_group)) >= 2
        for first, second in itertools.combinations(colours_of_group, 2):
            distance = np.linalg.norm(lab(first, vision) - lab(second, vision))
            assert distance > 18, (group, first, second)  # 2 is just visible


def light(slot):
    return re.search(rf"--{slot}: (#\w+);", STYLE)[1]


def test_the_charts_of_dvc_and_of_the_readme_have_the_colours_of_the_page():
    specification = importlib.util.spec_from_file_location("images", TOP / "docs" / "images.py")
    images = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(images)
    expected = {"ensemble": light("ink"), **{name: light(slot) for name, slot in CHOSEN.items()}}
    assert expected == images.CHOSEN
    for template in TEMPLATES:
        assert dict(re.findall(r"(\w+): '(#\w+)'", template.read_text())) == expected
