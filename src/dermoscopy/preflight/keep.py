"""Files that are written only when their content changes."""

import json
from pathlib import Path
from typing import Any


def keep(path: Path, content: Any) -> None:
    """Write content as JSON, unless the file holds just that; it appears whole or not at all.

    Args:
        path: The file; its folder is made.
        content: What JSON can hold.
    """
    text = json.dumps(content, indent=2) + "\n"
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text)
    beside.replace(path)
