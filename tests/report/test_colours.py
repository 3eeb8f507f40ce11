import importlib.util
import itertools
import re
from pathlib import Path

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
