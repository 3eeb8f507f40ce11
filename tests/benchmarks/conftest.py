import sys
from pathlib import Path

sys.path.insert(0, str(Path("benchmarks").resolve()))  # as in `python benchmarks/studies.py`
