"""The finished run of the tests of `use/`."""

from tests.use.conftest import images, model, quick, run

__all__ = ["images", "model", "quick", "run"]
