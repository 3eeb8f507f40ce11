import sys
from pathlib import Path

sys.path.insert(0, str(Path("docs").resolve()))  # as in `python docs/pages.py`
