"""Rebuild page.html, the template of `dvc plots show`, with Vega inlined so that it needs no network.

This needs npm. It needs a network only when a version below changes:

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
    """A JavaScript library with a pinned version.

    Args:
        name: Name of the npm package, of its minified file and of its licence file.
        version: Version of the package.
        sha512: SHA-512 checksum of the tarball of the package, in base64, as in `npm pack --json`.
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
    """Return the minified source of a library.

    Args:
        library: Library to fetch.
        folder: Existing folder for the tarball.

    Raises:
        SystemExit: The checksum of the tarball is not the pinned one, or the tarball has no minified file.
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
        raise SystemExit(f"{package}: the sha512 of the tarball is {received}; the pinned one is {library.sha512}.")
    with tarfile.open(tarball) as archive:
        member = archive.extractfile(f"package/build/{library.name}.min.js")
        if member is None:
            raise SystemExit(f"{package}: the tarball has no file build/{library.name}.min.js.")
        source = member.read().decode()
    # A browser would look for a source map next to the page, and there is none.
    return "\n".join(line for line in source.splitlines() if not line.startswith("//# sourceMappingURL="))


def fill(shell: str, sources: Mapping[str, str]) -> str:
    """Return the page: the shell with each library inlined, in the order of LIBRARIES.

    Args:
        shell: HTML with the placeholders of DVC and one for the libraries.
        sources: JavaScript of each library, by its name.
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
