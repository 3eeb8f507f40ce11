"""Run the script of a stage: python -m dermoscopy.core.launch train cnn_a.

An interrupt then prints one line also while the script imports its modules.
"""

import runpy
import sys

from dermoscopy.core.interrupt import end_on_interrupt


def main() -> None:
    """Run stages/<first argument>.py with the other arguments."""
    name, *arguments = sys.argv[1:]
    end_on_interrupt("@".join([name, *arguments]))
    sys.argv = [f"stages/{name}.py", *arguments]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
