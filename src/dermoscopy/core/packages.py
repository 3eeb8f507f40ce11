"""Print why this Python cannot run a stage, with exit code 1 if it cannot: python -m dermoscopy.core.packages.

`stages/run` calls it with any Python that it finds, so it uses nothing that an old one lacks.
"""

import sys
from importlib.util import find_spec

# The import names of the packages in pyproject.toml that stages need.
NAMES = (
    "dvclive",
    "filelock",
    "h5py",
    "imagehash",
    "jinja2",
    "joblib",
    "keras",
    "matplotlib",
    "numpy",
    "pandas",
    "pandera",
    "PIL",
    "cv2",
    "pooch",
    "psutil",
    "pydantic",
    "requests",
    "rich",
    "ruamel",
    "scipy",
    "sklearn",
    "tensorflow",
    "threadpoolctl",
)


def problem():
    # type: () -> str
    """Return what is wrong with this Python, or an empty string."""
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        return "it has version {}.{}; 3.11 to 3.13 are needed".format(*sys.version_info[:2])
    missing = [name for name in NAMES if find_spec(name) is None]
    return "it lacks {}".format(", ".join(missing)) if missing else ""


if __name__ == "__main__":
    print(problem())
    sys.exit(1 if problem() else 0)
