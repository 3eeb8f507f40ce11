import pytest

from dermoscopy.check import provenance as environment
from dermoscopy.core.errors import UserError


def test_versions_of_what_outputs_depend_on():
    found = environment.versions()
    assert list(found) == ["tensorflow", "keras", "numpy", "pillow", "scikit-learn"]
    assert all(number[0].isdigit() for number in found.values())


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(environment.DISTRIBUTIONS, "keras", ("no-such-distribution",))
    with pytest.raises(UserError, match="Not installed: keras"):
        environment.versions()
