"""Rebuild page.html, the page `dvc plots show` fills: Vega is inlined, so that it draws without a network.

Needs npm, and a network only when a version below changes:

    python .dvc/plots/rebuild_page.py
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Library(NamedTuple):
    """A JavaScript library, pinned.

    Args:
        name: Of the npm package, of its minified file and of its licence.
        version: Of the package.
        sha512: Of the package's tarball, in base64, as `npm pack --json` says it.
    """

    name: str
    version: str
    sha512: str


LIBRARIES = (
    Library(
        "vega",
        "5.33.1",
        "1fArfVDUqVbb5z8n+/nVQb+VNBzx8svY6CrsyTK4Ujm4yrd9I1auoKxBAPXLCavY1LcrbHUskQbGUP8gXOzyQw==",
    ),
    Library(
        "vega-lite",
        "5.23.0",
        "l4J6+AWE3DIjvovEoHl2LdtCUkfm4zs8Xxx7INwZEAv+XVb6kR6vIN1gt3t2gN2gs/y4DYTs/RPoTeYAuEg6mA==",
    ),
    Library(
        "vega-embed",
        "6.29.0",
        "PmlshTLtLFLgWtF/b23T1OwX53AugJ9RZ3qPE2c01VFAbgt3/GSNI/etzA/GzdrkceXFma+FDHNXUppKuM0U6Q==",
    ),
)

HERE = Path(__file__).resolve().parent
SHELL = HERE / "page_shell.html"
PAGE = HERE / "page.html"
PLACEHOLDER = "<!-- libraries -->"


def unpack(library: Library, folder: Path) -> str:
    """Return a library's minified source.

    Args:
        library: What to fetch.
        folder: An existing folder for the tarball.

    Raises:
        SystemExit: The tarball is not the pinned one.
    """
    package = f"{library.name}@{library.version}"
    packed = subprocess.run(
        ["npm", "pack", package, "--json", "--pack-destination", str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    tarball = folder / json.loads(packed.stdout)[0]["filename"]
    received = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if received != library.sha512:
        raise SystemExit(f"{package}: its tarball's sha512 is {received}, pinned is {library.sha512}.")
    with tarfile.open(tarball) as archive:
        member = archive.extractfile(f"package/build/{library.name}.min.js")
        if member is None:
            raise SystemExit(f"{package}: build/{library.name}.min.js is not a file.")
        source = member.read().decode()
    # A source map would be looked for beside the page, where it is not.
    return "\n".join(line for line in source.splitlines() if not line.startswith("//# sourceMappingURL="))


def fill(shell: str, sources: Mapping[str, str]) -> str:
    """Return the page: the shell with each library inlined, in the order of LIBRARIES.

    Args:
        shell: HTML with DVC's placeholders and one for the libraries.
        sources: Each library's name and its JavaScript.
    """
    scripts = [
        f"<!-- {library.name} {library.version}, licenses/{library.name}.txt -->\n"
        f"<script>\n{sources[library.name]}\n</script>"
        for library in LIBRARIES
    ]
    return shell.replace(PLACEHOLDER, "\n".join(scripts))


def main() -> None:
    """Write page.html."""
    with tempfile.TemporaryDirectory() as folder:
        sources = {library.name: unpack(library, Path(folder)) for library in LIBRARIES}
    PAGE.write_text(fill(SHELL.read_text(encoding="utf-8"), sources), encoding="utf-8")
    sys.stdout.write(f"{PAGE}: {PAGE.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
