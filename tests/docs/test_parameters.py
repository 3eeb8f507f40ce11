"""params.yaml and docs/parameters.md repeat the descriptions of the parameters in the code."""

import importlib.util
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from dermoscopy.core.params import read_yaml

COMMAND = "run: python docs/parameters.py"


@pytest.fixture
def parameters():
    spec = importlib.util.spec_from_file_location("parameters", "docs/parameters.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_parameter_has_a_description(parameters):
    leaves = dict(parameters.leaves(parameters.ROOT, read_yaml(Path("params.yaml").read_text())))
    assert "training.augment.flip" in leaves
    assert [key for key, schema in leaves.items() if not schema["description"]] == []


def test_comments_and_reference_are_up_to_date(parameters):
    for path, text in parameters.files().items():
        assert text == path.read_text(), COMMAND


class Net(BaseModel):
    kind: Literal["net"] = Field(description="net: a network.")
    layers: list[int] = Field(description="Layers.")
    rate: float = Field(description="Rate.")


class Tree(BaseModel):
    kind: Literal["tree"] = Field(description="tree: a tree.")
    depth: int = Field(description="Depth.")


Name = Annotated[str, Field(pattern="^[a-z]+$")]


class Toy(BaseModel):
    models: dict[Name, Annotated[Net | Tree, Field(discriminator="kind")]] = Field(description="Members.")


VALUES = """# Header.

# train ---

# An outdated comment.
models:
  a:  # A note.
    kind: net
    layers:
    - 1
    rate: 0.5
  b:
    kind: tree
    depth: 3
  c:
    kind: net
    layers: []
    rate: 0.1  # Another.
"""

COMMENTED = """# Header.

# train ---

# Members.
models:
  a:  # A note.
    # net: a network.
    kind: net
    # layers: Layers.
    # rate: Rate.
    layers:
    - 1
    rate: 0.5
  b:
    # tree: a tree.
    kind: tree
    # Depth.
    depth: 3
  c:
    kind: net
    layers: []
    rate: 0.1  # Another.
"""


def test_descriptions_are_written_once_and_above_lists(parameters):
    parameters.ROOT = Toy.model_json_schema()
    assert parameters.commented(VALUES) == COMMENTED


def test_blocks_of_one_class_share_a_table(parameters):
    parameters.ROOT = {**Toy.model_json_schema(), "description": "Toy."}
    page = parameters.reference(read_yaml(VALUES))
    assert "### `models.a`, `models.c`" in page
    assert "| `rate` | a number | `0.5` | `0.1` | Rate. |" in page
    assert "| `depth` | a whole number | `3` | Depth. |" in page
