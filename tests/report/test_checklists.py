"""The checklists: their items are complete, and everything they point to exists."""

import fnmatch
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dermoscopy.report.checklists import (
    FOLDER,
    NAMES,
    PARTS,
    REPORT,
    ROOT,
    about_checklists,
    conditions,
    headings,
    read_checklist,
)
from dermoscopy.report.inputs import read_sources
from dermoscopy.split.params import Split
from tests.pipeline.browser import measure
from tests.report.conftest import render, write_project
from tests.report.test_layout import OUTSIDE, PAPER, TOO_WIDE, WIDTHS
from tests.report.test_page import Page
from tests.report.test_sources import SOURCES


def numbers(words: str) -> list[str]:
    """Return the numbers of items: "3a-c" stands for 3a, 3b and 3c."""
    expanded = []
    for word in words.split():
        number, first, last = re.fullmatch(r"(\d+)(?:([a-z])-([a-z]))?", word).groups()
        letters = [chr(code) for code in range(ord(first), ord(last) + 1)] if first else [""]
        expanded += [number + letter for letter in letters]
    return expanded


ITEMS = {
    "tripod_ai": numbers(
        "1 2 3a-c 4 5a-b 6a-c 7 8a-c 9a-c 10 11 12a-g 13 14 15 16 17 18a-f 19 20a-c 21 22 23a-b 24 25 26 27a-c"
    ),
    "stard_ai": numbers(
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15a-d 16a-c 17a-b 18 19 20 21 22 23 24 25 26a-b 27 28 29 30 31 32 33 34 35 "
        "36 37 38 39 40a-b"
    ),
    "claim_2024": numbers(" ".join(map(str, range(1, 45)))),
}
CHECKLISTS = {name: read_checklist(FOLDER / f"{name}.yaml") for name in NAMES}
ANSWERS = {
    f"{name} {item.number} {condition}": answer
    for name, checklist in CHECKLISTS.items()
    for item in checklist.items
    for condition, answer in [("", item), *item.instead.items()]
}
LINKS = sorted({link for answer in ANSWERS.values() for link in answer.links})


def files_of_git() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True)
    return set(listed.stdout.splitlines())


def outs() -> set[str]:
    stages = YAML(typ="safe", pure=True).load(Path("dvc.yaml"))["stages"].values()
    entries = [entry for stage in stages for key in ("outs", "metrics") for entry in stage.get(key, [])]
    return {entry if isinstance(entry, str) else next(iter(entry)) for entry in entries}


def problems(links: list[str], page: str) -> list[str]:
    """Return the links that lead nowhere.

    Args:
        links: Links of answers, as in the files of the checklists.
        page: Text of the report.
    """
    committed, written = files_of_git(), outs()
    documented = Path("docs/reference/files.md").read_text(encoding="utf-8")
    ids = {attributes.get("id") for _, attributes in Page(page).tags}
    lost = []
    for link in links:
        path, _, anchor = link.partition("#")
        if path == REPORT:
            exists = anchor in ids
        elif anchor:
            titles = re.findall(r"^#+ (.+)$", Path(path).read_text(encoding="utf-8"), re.M) if path in committed else []
            exists = anchor in [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
        else:
            folder, _, name = path.rpartition("/")
            exists = path in committed | written or (folder in written and f"`{name}`" in documented)
        lost += [] if exists else [link]
    return lost


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = write_project(tmp_path_factory.mktemp("checklists"))
    render(root)
    return root


@pytest.fixture(scope="module")
def report(root) -> str:
    return (root / "data" / "report" / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def path(root) -> Path:
    return root / "data" / "report" / "checklists.html"


@pytest.mark.parametrize("name", NAMES)
def test_every_item_is_there_once_and_in_order(name):
    assert [item.number for item in CHECKLISTS[name].items] == ITEMS[name]


def test_the_checklists_have_as_many_items_as_their_articles_state():
    assert {name: len(items) for name, items in ITEMS.items()} == {"tripod_ai": 52, "stard_ai": 48, "claim_2024": 44}
    main = {name: len({re.sub(r"\D", "", number) for number in items}) for name, items in ITEMS.items()}
    assert main == {"tripod_ai": 27, "stard_ai": 40, "claim_2024": 44}


def test_everything_that_an_item_points_to_exists(report):
    assert len(LINKS) > 50
    assert problems(LINKS, report) == []


@pytest.mark.parametrize(
    "link",
    [
        "docs/gone.md",
        "metrics/gone.json",
        "data/evaluation/gone.csv",
        "data/gone/index.html",
        "docs/explanation/data.md#gone",
        "docs/gone.md#labels",
        "index.html#gone",
        "index.html",
    ],
)
def test_a_link_that_leads_nowhere_is_found(link, report):
    assert problems(["README.md", link], report) == [link]


@pytest.mark.parametrize(
    "changes",
    [
        {"audited": "image leaky"},
        {"audited": "paper leaky"},
        {"source": "other"},
        {"source": "download", "data": SOURCES},
    ],
    ids=["image", "paper", "other dataset", "HAM10000 with sources"],
)
def test_the_report_has_the_headings_in_every_kind_of_run(changes, tmp_path):
    page = render(write_project(tmp_path, **changes))
    titles = headings(page)
    wanted = {link.partition("#")[2] for link in LINKS if link.startswith(REPORT)}
    assert wanted <= set(titles)
    assert all(titles[anchor].strip() for anchor in wanted)
    for name in CHECKLISTS:
        assert f'id="{name}"' in (tmp_path / "data" / "report" / "checklists.html").read_text(encoding="utf-8")


def test_a_link_to_a_heading_that_the_report_lacks_stops_the_stage(report):
    titles = headings(report)
    del titles["limits"]
    with pytest.raises(ValueError, match="#limits: the report has no heading with this id"):
        about_checklists({"simulated"}, titles)


ITEM = {"number": "1", "section": "Title", "asks": "A title.", "status": "answered", "found": "It.", "links": ["a"]}


def written(folder, **changes):
    """Write a checklist with one item, changed; None removes a key."""
    item = {key: value for key, value in (ITEM | changes).items() if value is not None}
    checklist = {"name": "A", "reference": "B", "doi": "C", "basis": "D", "items": [item]}
    path = folder / "a.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(checklist, file)
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"links": None}, "status answered: links is missing"),
        ({"found": None}, "status answered: found is missing"),
        ({"status": "partly"}, "status partly: needed is missing"),
        ({"status": "not applicable", "found": None, "links": None}, "status not applicable: reason is missing"),
        ({"status": "not done", "found": None, "links": None}, "status not done: needed is missing"),
        ({"needed": "more"}, "status answered: needed does not belong to it"),
        ({"status": "done"}, "items.0.status"),
        ({"instead": {"simulated": {"status": "not done"}}}, "status not done: needed is missing"),
        ({"instead": {"sunday": {"status": "not done", "needed": "it"}}}, "instead.sunday"),
        ({"remark": "it"}, "items.0.remark"),
    ],
    ids=str,
)
def test_an_answer_without_what_its_status_needs_is_an_error(tmp_path, changes, message):
    assert read_checklist(written(tmp_path)).items[0].status == "answered"
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        read_checklist(written(tmp_path, **changes))
    assert str(raised.value).startswith("a.yaml: ")


def test_a_number_that_is_there_twice_is_an_error(tmp_path):
    path = tmp_path / "claim.yaml"
    text = (FOLDER / "claim_2024.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("number: '7'", "number: '6'"), encoding="utf-8")
    with pytest.raises(ValueError, match="several items have the number 6"):
        read_checklist(path)


@pytest.mark.parametrize(
    ("changes", "held_out", "expected"),
    [
        ({}, None, {"simulated", "no sources"}),
        ({"source": "download", "data": SOURCES}, None, set()),
        ({"source": "other"}, None, {"other dataset", "no sources"}),
        ({"source": "download", "data": SOURCES}, "rosendahl", {"held out"}),
        ({"source": "download", "data": SOURCES, "audited": "image leaky"}, None, {"leaky"}),
    ],
    ids=["simulated", "HAM10000 with sources", "other dataset", "held out", "leaky"],
)
def test_the_conditions_are_those_of_the_run(tmp_path, changes, held_out, expected):
    split = Split(protocol="lesion", seed=1, val=0.15, test=0.25, test_histo_only=False, held_out=held_out)
    assert conditions(read_sources(write_project(tmp_path, **changes)), split) == expected


def test_answers_depend_on_the_run(report):
    def status(number, *holds):
        [item] = [item for item in CHECKLISTS["stard_ai"].items if item.number == number]
        return item.answer(set(holds)).status

    assert [status("9"), status("9", "simulated"), status("9", "other dataset")] == [
        "partly",
        "not applicable",
        "not done",
    ]
    assert [status("29", "simulated"), status("29", "simulated", "held out")] == ["not done", "partly"]
    assert [status("15b"), status("15b", "simulated", "leaky")] == ["answered", "partly"]


def test_the_page_shows_every_item_with_its_status(root, path, report):
    page = Page(path.read_text(encoding="utf-8"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if name not in NAMES] == [f"{name}-{n}" for name in NAMES for n in ITEMS[name]]
    shown = about_checklists({"simulated", "no sources"}, headings(report))
    statuses = page.text_in("td", "b")
    for of in shown:
        own, statuses = statuses[: len(ITEMS[of["id"]])], statuses[len(ITEMS[of["id"]]) :]
        counts = {status: own.count(f"{status.capitalize()}.") for status in PARTS}
        assert counts == of["counts"]
        line = ", ".join(f"{number} {status}" for status, number in counts.items())
        assert f"{of['checklist'].name}: {len(own)} items and sub-items; {line}" in page.text_in("caption")
    assert statuses == []


def test_the_page_links_to_files_from_the_folder_of_the_report(path):
    links = {attributes["href"] for tag, attributes in Page(path.read_text(encoding="utf-8")).tags if tag == "a"}
    assert {f"{ROOT}/metrics/test.json", "index.html#data", "index.html"} <= links
    documents = [link.partition("#")[0] for link in links if link.startswith(f"{ROOT}/docs")]
    assert [link for link in documents if not Path("data/report", link).resolve().is_file()] == []
    assert {link for link in links if "://" in link} == {f"https://doi.org/{of.doi}" for of in CHECKLISTS.values()}


def test_the_page_loads_no_other_file_and_is_accessible(path):
    text = path.read_text(encoding="utf-8")
    tags = Page(text).tags
    assert "default-src 'none'" in text
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object", "img"}
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")


def test_titles_warn_of_a_leaky_protocol(tmp_path):
    render(write_project(tmp_path, audited="image leaky"))
    page = Page((tmp_path / "data" / "report" / "checklists.html").read_text(encoding="utf-8"))
    titles = page.text_in("title") + page.text_in("h1") + page.text_in("h2") + page.text_in("caption")
    assert len(titles) == 9
    assert [title for title in titles if "leaky protocol" not in title] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(path, width):
    assert measure(path, TOO_WIDE, width) == []
    assert measure(path, "return document.documentElement.scrollWidth", width) == width


def test_in_print_all_columns_are_on_the_paper(path, tmp_path):
    paper = tmp_path / "print.html"
    text = path.read_text(encoding="utf-8")
    paper.write_text(text.replace("@media print", "@media all"), encoding="utf-8")
    assert measure(paper, OUTSIDE, PAPER) == []


def test_all_files_beside_the_code_are_installed_with_it():
    data = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    package = Path("src/dermoscopy")
    files = [file for file in package.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")]
    assert files
    for file in files:
        folders = [(Path("src", *name.split(".")), patterns) for name, patterns in data.items()]
        assert any(
            fnmatch.fnmatch(str(file.relative_to(folder)), pattern)
            for folder, patterns in folders
            if file.is_relative_to(folder)
            for pattern in patterns
        ), file
