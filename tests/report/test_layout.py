"""The page in a real browser: on a large screen, on a small one, on a phone and in print."""

import re
from pathlib import Path

import pytest

from tests.pipeline.browser import measure, printed
from tests.report.conftest import MEMBERS, render, write_project
from tests.report.test_page import Page

WIDTHS = (1400, 1000, 390)
PAPER = 672  # pixels: the width of A4 without its margins


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    root = write_project(tmp_path_factory.mktemp("page"))
    render(root)
    return root / "data" / "report" / "index.html"


@pytest.fixture(scope="module")
def paper(page) -> Path:
    """The page with the style of print, as it is on A4."""
    path = page.with_name("print.html")
    text = page.read_text(encoding="utf-8")
    assert text.count("@media print") == 1
    path.write_text(text.replace("@media print", "@media all"), encoding="utf-8")
    return path


TOO_WIDE = """
return [...document.body.querySelectorAll("*")].filter(element => {
    const box = element.getBoundingClientRect();
    return (box.right > innerWidth + 1 || box.left < -1) && !element.parentElement.closest(".scroll");
}).map(element => element.outerHTML.slice(0, 100));
"""


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window_except_in_a_frame_that_scrolls(page, width):
    assert measure(page, TOO_WIDE, width) == []
    assert measure(page, "return [document.documentElement.scrollWidth, innerWidth]", width) == [width, width]


FRAMES = """
return [...document.querySelectorAll(".scroll")].map(frame => {
    const style = getComputedStyle(frame);
    const first = frame.querySelector("tbody th[scope=row]");
    frame.scrollLeft = 1e6;
    return {
        name: frame.getAttribute("aria-label"),
        wider: frame.scrollWidth > frame.clientWidth,
        scrolls: ["auto", "scroll"].includes(style.overflowX),
        edges: (style.backgroundImage.match(/linear-gradient/g) || []).length,
        attached: style.backgroundAttachment,
        image: frame.querySelector("img") && getComputedStyle(frame.querySelector("img")).mixBlendMode,
        focus: frame.tabIndex,
        moved: frame.scrollLeft,
        first: first && first.getBoundingClientRect().left - frame.getBoundingClientRect().left,
        width: first && first.getBoundingClientRect().width,
        opaque: first && getComputedStyle(first).backgroundColor !== "rgba(0, 0, 0, 0)",
        caption: frame.querySelector("caption") && frame.querySelector("caption").getBoundingClientRect().right,
    };
});
"""


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_that_is_wider_than_its_frame_scrolls_and_shows_an_edge(page, width):
    wide = [frame for frame in measure(page, FRAMES, width) if frame["wider"]]
    assert {"All metrics of all classifiers, by image", "All metrics of all classifiers, by lesion"} <= {
        frame["name"] for frame in wide
    }
    for frame in wide:
        assert frame["scrolls"], frame
        assert frame["moved"] > 0, frame
        assert frame["focus"] == 0, frame  # so that the arrow keys scroll it
        assert (frame["edges"], frame["attached"].split(", ")[:4]) == (4, ["local", "local", "scroll", "scroll"]), frame
        assert frame["image"] in (None, "multiply"), frame  # so that the edges show through an image
        assert frame["caption"] is None or frame["caption"] <= width, frame


def test_on_a_phone_the_first_column_stays_in_view(page):
    tables = [frame for frame in measure(page, FRAMES, 390) if frame["wider"] and frame["first"] is not None]
    assert len(tables) > 5
    for table in tables:
        assert (abs(table["first"]) < 1, table["opaque"]) == (True, True), table
        assert 90 <= table["width"] <= 390 / 2, table


OUTSIDE = """
return [...document.querySelectorAll("th, td, caption, svg, img")].filter(element => {
    const box = element.getBoundingClientRect();
    const outside = box.right > innerWidth + 1 || box.left < -1;
    return box.width > 0 && (outside || element.scrollWidth > element.clientWidth + 1);
}).map(element => element.outerHTML.slice(0, 100));
"""


def test_in_print_all_columns_are_on_the_paper(paper):
    assert measure(paper, OUTSIDE, PAPER) == []
    heights = measure(
        paper, 'return [...document.querySelectorAll("figure")].map(figure => figure.offsetHeight)', PAPER
    )
    assert max(heights) < 0.55 * PAPER * 297 / 210  # two of them fit on a page


def test_the_printed_page_has_every_column_of_every_table(page):
    text = " ".join(" ".join(printed(page)).split())
    tables = Page(page.read_text(encoding="utf-8"))
    headers = {word for opened, heading in tables.texts if opened[-1] == "th" for word in heading.split()}
    assert {"Matthews", "sensitivity", "Brier", "Probability"} <= headers
    assert {word for word in headers if word not in text} == set()


def test_the_window_of_a_chart_or_diagram_contains_all_its_texts(page):
    outside = """
    return [...document.querySelectorAll("svg text")].filter(text => {
        const box = text.getBoundingClientRect(), chart = text.closest("svg").getBoundingClientRect();
        return box.left < chart.left - 1 || box.right > chart.right + 1 || box.top < chart.top - 2;
    }).map(text => text.textContent);
    """
    for width in WIDTHS:
        assert measure(page, outside, width) == []


def charts(page: Path) -> dict[str, str]:
    """Return the SVG of each chart by its description; diagrams and keys of legends are left out."""
    svgs = re.findall(r'<svg class="chart.*?</svg>', page.read_text(encoding="utf-8"), re.DOTALL)
    return {re.search(r'aria-label="([^"]*)"', svg)[1]: svg for svg in svgs if 'role="img"' in svg}


def texts(chart: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", chart)


def test_every_chart_names_both_axes(page):
    found = charts(page)
    assert len(found) == 8 + 3 * len(MEMBERS)
    for name, chart in found.items():
        x = {"ROC": "1 − specificity", "Metr": "threshold", "Cali": "predicted probability", "Age": "age in years"}
        x |= {"Deci": "threshold probability", "Dist": "predicted probability", "Accu": "members of the ensemble"}
        y = {"ROC": "sensitivity", "Metr": "proportion", "Cali": "proportion malignant", "Age": "proportion of"}
        y |= {"Deci": "net benefit", "Dist": "proportion of", "Accu": "accuracy"}
        kind = next((kind for kind in x if name.startswith(kind)), None)
        shown = texts(chart)
        assert any(text.startswith(x[kind] if kind else "epoch") for text in shown), name
        rotated = re.findall(r"rotate\(-90\)\"[^>]*>([^<]*)<", chart)
        assert len(rotated) == 1, name
        assert rotated[0].startswith(y[kind]) if kind else rotated[0] == name.split(": ")[1].split(".")[0], name


def test_every_threshold_line_has_a_label(page):
    for name, chart in charts(page).items():
        lines = chart.count('class="rule"')
        labels = re.findall(r'class="label"[^>]*>([^<]*)<', chart)
        if name.startswith("Metrics by threshold"):
            assert sorted(label.split(":")[0] for label in labels) == ["balanced", "sensitive", "the paper’s 0.5"]
            assert all(re.search(r"\d %$", label) for label in labels)
            assert lines == 3
        elif " by epoch" in name:
            assert (lines, labels) == (1, ["kept: epoch 3"])
        elif name.startswith("ROC"):
            assert labels == ["chance"]
        else:
            assert lines == 0


def test_labels_of_close_thresholds_do_not_overlap(page):
    boxes = measure(
        page,
        """
        const chart = [...document.querySelectorAll("svg")].find(svg => svg.querySelectorAll(".rule").length > 1);
        return [...chart.querySelectorAll(".label")].map(label => {
            const box = label.getBoundingClientRect();
            return [box.left, box.right, box.top, box.bottom];
        });
        """,
        390,
    )
    assert len(boxes) == 3
    for number, (left, right, top, bottom) in enumerate(boxes):
        for other in boxes[number + 1 :]:
            apart = right <= other[0] or other[1] <= left
            assert apart or bottom <= other[2] + 2 or other[3] <= top + 2


def test_every_bin_shows_its_number_of_lesions(page):
    [chart] = [chart for name, chart in charts(page).items() if name.startswith("Calibration")]
    table = page.parents[1] / "evaluation" / "reliability.csv"
    rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
    labels = re.findall(r'class="label"[^>]*>([^<]*)<', chart)
    expected = []
    for name in ("before", "after"):
        expected += [name, *(row[3] for row in rows if row[0] == name)]
    assert labels == expected


OVERLAPPING = """
return [...document.querySelectorAll("svg.diagram")].flatMap(diagram => {
    const boxes = [...diagram.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
    return boxes.flatMap(([text, box], number) => boxes.slice(number + 1)
        .filter(([_, other]) => box.left < other.right && other.left < box.right
            && box.top + 3 < other.bottom - 3 && other.top + 3 < box.bottom - 3)
        .map(([other]) => [text, other]));
});
"""


def test_no_texts_of_a_diagram_overlap(page):
    assert measure(page, OVERLAPPING, 1400) == []


def test_the_texts_of_a_diagram_keep_their_size_on_a_phone(page):
    sizes = """
    return [...document.querySelectorAll("svg.diagram")].map(diagram => {
        const frame = diagram.closest(".scroll");
        return [diagram.getBoundingClientRect().width, diagram.viewBox.baseVal.width, frame.scrollWidth > 390];
    });
    """
    found = measure(page, sizes, 390)
    assert len(found) == 1 + len(MEMBERS)
    assert all(shown == drawn and scrolls for shown, drawn, scrolls in found)
