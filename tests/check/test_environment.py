import pytest

from dermoscopy.check import provenance
from dermoscopy.core.errors import UserError


def test_versions_of_the_libraries_that_outputs_depend_on():
    versions = provenance.library_versions()
    assert list(versions) == ["tensorflow", "keras", "numpy", "pillow", "opencv", "scikit-learn"]
    assert all(number[0].isdigit() for number in versions.values())


def test_libraries_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setitem(provenance.DISTRIBUTIONS, "keras", ("no-such-distribution",))
    with pytest.raises(UserError, match="keras"):
        provenance.library_versions()
