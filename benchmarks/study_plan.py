"""Definition of the studies: a file like benchmarks/studies.yaml, and the trainings that it asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from dermoscopy.check.check import file_problems
from dermoscopy.check.params import Params
from dermoscopy.cli.run import Leaves, flatten, replaced
from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.params import Block, MemberList, read_yaml, validate
from dermoscopy.core.suggestions import did_you_mean

STUDIES = Path("benchmarks/studies.yaml")
REMEDY = "Correct the file of the studies or the options. Nothing was started or changed."
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Row(Block):
    """One line of a study's table.

    Attributes:
        members: Members that are trained; null trains those of the study.
        set: Parameters that differ from the base, by dotted key.
    """

    members: MemberList | None = None
    set: dict[str, Any] = Field(default_factory=dict)


class Study(Block):
    """Trainings that answer one question.

    Attributes:
        title: Title of the table.
        question: The question, one sentence.
        members: Members that each row trains.
        reference: Row with which the others are compared.
        grids: Rows that differ in one value that is tuned, by the name of what they tune.
        rows: The rows, by name.
        diagnoses: Whether a second table has the diagnoses, for members that predict them.
    """

    title: str
    question: str
    members: MemberList
    reference: str
    grids: dict[Name, list[str]] = Field(default_factory=dict)
    rows: dict[Name, Row]
    diagnoses: bool = False

    @model_validator(mode="after")
    def _rows_exist(self) -> "Study":
        named = [self.reference, *(row for rows in self.grids.values() for row in rows)]
        unknown = sorted(set(named) - set(self.rows))
        if unknown:
            raise ValueError(f"there is no row {' and no row '.join(unknown)}.")
        return self


class Studies(Block):
    """Content of a file of studies.

    Attributes:
        base: Parameters of all trainings that differ from params.yaml, in its blocks.
        studies: The studies, by name.
    """

    base: dict[str, Any]
    studies: dict[Name, Study]


@dataclass(frozen=True)
class Training:
    """A training: one member with the parameters of one row.

    Attributes:
        study: Name of the study.
        row: Name of the row.
        member: Name of the member.
        changes: Parameters that differ from the base, by dotted key.
        experiment: Name of the experiment in DVC.
    """

    study: str
    row: str
    member: str
    changes: Leaves
    experiment: str

    @property
    def stage(self) -> str:
        """Name of the stage in DVC."""
        return f"train@{self.member}"


def read_studies(path: Path = STUDIES) -> Studies:
    """Return the base and the studies.

    Raises:
        UserError: There is no such file.
        ParameterError: A key is missing or unknown, or a value is not valid; all of them are listed.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file; expected a definition of studies like {STUDIES}.")
    return validate(read_yaml(path.read_text(encoding="utf-8")), "", Studies, None, f"{path} has", REMEDY)


def select(studies: Studies, names: Sequence[str]) -> dict[str, Study]:
    """Return the named studies; without a name, all.

    Raises:
        UserError: A study does not exist.
    """
    unknown = [name for name in names if name not in studies.studies]
    if unknown:
        suggestion = did_you_mean(unknown[0], studies.studies)
        raise UserError(f"There is no study {', '.join(unknown)}. Studies: {', '.join(studies.studies)}.{suggestion}")
    return {name: studies.studies[name] for name in names or studies.studies}


def trainings(name: str, study: Study) -> list[Training]:
    """Return the trainings of a study, in the order of its rows.

    Args:
        name: Name of the study.
        study: The study.
    """
    planned = []
    for row_name, row in study.rows.items():
        members = row.members or study.members
        for member in members:
            experiment = "-".join(["study", name, row_name, *([member] if len(members) > 1 else [])])
            planned.append(Training(name, row_name, member, row.set, experiment))
    return planned


def reference_of(training: Training, study: Study, planned: Sequence[Training]) -> Training:
    """Return the training with which another one is compared: of the same member, if the reference row trains it.

    Args:
        training: A training of the study.
        study: The study.
        planned: All trainings of the study.
    """
    references = [other for other in planned if other.row == study.reference]
    return next((other for other in references if other.member == training.member), references[0])


def require_valid(planned: Sequence[Training], tree: dict[str, Any]) -> None:
    """Validate the parameters of all trainings as the stage check does, before any of them starts.

    Args:
        planned: The trainings.
        tree: Content of params.yaml with the base.

    Raises:
        ParameterError: Parameters are unknown or not valid; all of them are listed.
    """
    validate(tree, "", Params, file_problems, "The parameters of all trainings have", REMEDY)
    known = flatten(tree)
    problems: list[str] = []
    for training in planned:
        where = f"{training.study}, {training.row}: "
        unknown = [key for key in training.changes if key not in known]
        problems += [f"{where}params.yaml has no {key}." for key in unknown]
        if training.member not in tree["models"]:
            problems.append(f"{where}params.yaml has no member {training.member}.")
        if not unknown:
            problems += [f"{where}{problem}" for problem in _problems(replaced(tree, training.changes))]
    if problems:
        problems = list(dict.fromkeys(problems))  # both members of a row have the same
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ParameterError(f"The studies have {count}", problems, REMEDY)


def _problems(tree: dict[str, Any]) -> list[str]:
    try:
        validate(tree, "", Params, file_problems)
    except ParameterError as error:
        return error.problems
    return []
