"""Reporting checklists: where this run answers each item of TRIPOD+AI, STARD-AI and CLAIM 2024.

The items are in checklists/, one file a checklist. Their text is a paraphrase, never the published wording.
"""

import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dermoscopy.core.params import Block, read_yaml
from dermoscopy.report.inputs import Sources
from dermoscopy.split.params import Split

FOLDER = Path(__file__).parent / "checklists"
NAMES = ("tripod_ai", "stard_ai", "claim_2024")
REPORT = "index.html"
ROOT = "../.."  # root folder of the project, seen from data/report

Status = Literal["answered", "partly", "not applicable", "not done"]
Condition = Literal["simulated", "other dataset", "no sources", "held out", "leaky"]
Text = Annotated[str, Field(min_length=1)]

# What an answer of each status must have; it may have nothing else.
PARTS: Mapping[Status, frozenset[str]] = {
    "answered": frozenset({"found", "links"}),
    "partly": frozenset({"found", "links", "needed"}),
    "not applicable": frozenset({"reason"}),
    "not done": frozenset({"needed"}),
}


class Answer(Block):
    """How the project answers an item.

    Attributes:
        status: Whether it does.
        found: What the links lead to, as a sentence.
        needed: What is missing, as words that continue "Needed:".
        reason: Why the item does not apply, as a sentence.
        links: Files of the project by their path, some with "#" and a heading; `REPORT` with "#" and the id of a
            heading for a place in the report.
    """

    status: Status
    found: Text | None = None
    needed: Text | None = None
    reason: Text | None = None
    links: list[Text] = Field(default_factory=list)

    @model_validator(mode="after")
    def _has_the_parts_of_its_status(self) -> "Answer":
        parts = {name for name in ("found", "needed", "reason", "links") if getattr(self, name)}
        wanted = PARTS[self.status]
        problems = [f"{name} is missing" for name in sorted(wanted - parts)]
        problems += [f"{name} does not belong to it" for name in sorted(parts - wanted)]
        if problems:
            raise ValueError(f"status {self.status}: {', '.join(problems)}")
        return self


class Item(Answer):
    """An item of a checklist, with its answer.

    Attributes:
        number: Its number in the checklist, such as "3a".
        section: Heading of the rows above which it stands.
        asks: What it asks for, paraphrased.
        instead: Answers that replace the item's own under a condition; the first condition that holds decides.
    """

    number: Text
    section: Text
    asks: Text
    instead: dict[Condition, Answer] = Field(default_factory=dict)

    def answer(self, conditions: set[Condition]) -> Answer:
        """Return the answer under the conditions that hold."""
        return next((answer for condition, answer in self.instead.items() if condition in conditions), self)


class Checklist(Block):
    """A checklist.

    Attributes:
        name: Its short name.
        reference: The article that published it, without its DOI.
        doi: The DOI of the article.
        basis: From which source the list of items is.
        items: Its items in their order.
    """

    name: Text
    reference: Text
    doi: Text
    basis: Text
    items: Annotated[list[Item], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_each_number_once(self) -> "Checklist":
        repeated = [number for number, count in Counter(item.number for item in self.items).items() if count > 1]
        if repeated:
            raise ValueError(f"several items have the number {', '.join(repeated)}")
        return self


def read_checklist(path: Path) -> Checklist:
    """Read a checklist.

    Args:
        path: One of the files in `FOLDER`.

    Raises:
        ValueError: A key is missing or unknown, or an answer lacks what its status needs.
    """
    try:
        return Checklist.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def conditions(sources: Sources, settings: Split) -> set[Condition]:
    """Return the conditions that hold for a run.

    Args:
        sources: Outputs of the other stages.
        settings: Parameters of the split.
    """
    holds: dict[Condition, bool] = {
        "simulated": sources.simulated,
        "other dataset": sources.dataset.kind == "other",
        "no sources": "sources" not in sources.data,
        "held out": settings.held_out is not None,
        "leaky": sources.leaky,
    }
    return {condition for condition, value in holds.items() if value}


def headings(page: str) -> dict[str, str]:
    """Return the text of each heading of a page that has an id, by its id."""
    found = re.findall(r'<(?:h2|h3|summary|strong) id="([^"]+)">([^<]+)</', page)
    return {name: unescape(text) for name, text in found}


def about_checklists(holds: set[Condition], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the page shows of each checklist.

    Args:
        holds: Conditions that hold for the run.
        titles: Headings of the report by their id.

    Returns:
        For each checklist its texts, its id, the number of answers of each status, and the rows of each section: the
        item, its answer, and the address and text of each link.

    Raises:
        ValueError: A link leads to a heading that the report does not have.
    """
    shown = []
    for name in NAMES:
        checklist = read_checklist(FOLDER / f"{name}.yaml")
        sections: dict[str, list[dict[str, Any]]] = {}
        counts: Counter[Status] = Counter()
        for item in checklist.items:
            answer = item.answer(holds)
            counts[answer.status] += 1
            row = {"item": item, "answer": answer, "links": [_link(link, titles) for link in answer.links]}
            sections.setdefault(item.section, []).append(row)
        by_status = {status: counts[status] for status in PARTS}
        shown.append({"id": name, "checklist": checklist, "counts": by_status, "sections": sections})
    return shown


def _link(link: str, titles: Mapping[str, str]) -> tuple[str, str]:
    """Return the address of a link, seen from data/report, and its text."""
    path, _, anchor = link.partition("#")
    if path != REPORT:
        return f"{ROOT}/{link}", link
    if anchor not in titles:
        raise ValueError(f"{link}: the report has no heading with this id")
    return link, f"report: {titles[anchor].strip().rstrip('.')}"
