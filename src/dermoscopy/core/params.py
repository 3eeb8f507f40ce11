"""Read params.yaml as DVC does (YAML 1.2) and validate its sections; base class of their models."""

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dermoscopy.core.errors import ParameterError, UserError
from dermoscopy.core.params_errors import describe

GIGABYTE = 10**9  # in bytes

Proportion = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
Rate = Annotated[float, Field(ge=0, lt=1)]


class Block(BaseModel):
    """A block of params.yaml: unknown keys are errors, and values are not converted to other types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _distinct(names: list[str]) -> list[str]:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"name each member once, not {' and '.join(repeated)} several times.")
    return names


MemberList = Annotated[list[str], Field(min_length=1), AfterValidator(_distinct)]

T = TypeVar("T")

PARAMS = Path("params.yaml")
REMEDY = "Correct the value, or undo every change to params.yaml with: git checkout HEAD params.yaml"


def read_yaml(text: str) -> Any:
    """Parse YAML as DVC does, to plain dicts, lists and scalars.

    Raises:
        YAMLError: The text is not YAML.
    """
    return YAML(typ="safe", pure=True).load(text)


@cache
def read() -> Any:
    """Return the content of params.yaml in the working directory.

    Raises:
        UserError: The file is missing or is not YAML.
    """
    try:
        return read_yaml(PARAMS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError("params.yaml is missing: run this in the project's top folder.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"params.yaml is not YAML: {error}\n{REMEDY}") from None


def load(section: str, kind: type[T], rules: Callable[[Any], list[str]] | None = None) -> T:
    """Return a validated section of params.yaml.

    Args:
        section: Key of the section; a dot leads into a block (`models.cnn_a`), and "" means the whole file.
        kind: Type of the section: a `Block`, or the type of a single value.
        rules: Function from the section, before validation, to further problems, reported with the others.

    Raises:
        ParameterError: A key is missing or unknown, or a value is not valid; all of them are listed.
    """
    value = read()
    for key in filter(None, section.split(".")):
        if not isinstance(value, dict) or key not in value:
            raise ParameterError("params.yaml has 1 problem", [f"{section}: missing."], REMEDY)
        value = value[key]
    return validate(value, section, kind, rules)


def validate(
    value: Any,
    section: str,
    kind: type[T],
    rules: Callable[[Any], list[str]] | None = None,
    subject: str = "params.yaml has",
    remedy: str = REMEDY,
) -> T:
    """Return a value as its type.

    Args:
        value: Parsed YAML.
        section: Its key in params.yaml; "" means the whole file.
        kind: Its type, as in `load`.
        rules: Function to further problems, as in `load`.
        subject: What has the problems, with its verb, for the message.
        remedy: What to do, for the message.

    Raises:
        ParameterError: A key is missing or unknown, or a value is not valid; all of them are listed.
    """
    problems: list[str] = []
    try:
        checked = TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        problems += describe(error, section, kind)
    problems += rules(value) if rules else []
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ParameterError(f"{subject} {count}", problems, remedy)
    return checked
