"""The versions that outputs depend on."""

from importlib.metadata import PackageNotFoundError, version

from dermoscopy.errors import UserError

# TensorFlow is one distribution for processors alone and another for graphics cards as well.
DISTRIBUTIONS = {
    "tensorflow": ("tensorflow-cpu", "tensorflow"),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "pillow": ("pillow",),
    "scikit-learn": ("scikit-learn",),
}


def versions() -> dict[str, str]:
    """Return each library's installed version, without importing any of them.

    Raises:
        UserError: One is not installed.
    """
    found = {name: _version(names) for name, names in DISTRIBUTIONS.items()}
    absent = [name for name, number in found.items() if not number]
    if absent:
        raise UserError(f"Not installed: {', '.join(absent)}.\nInstall the project's environment with: make run")
    return found


def _version(distributions: tuple[str, ...]) -> str:
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""
