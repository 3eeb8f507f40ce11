"""Files that are no valid image, or an unusual one, as a stranger may send them."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

DIRECTORY = b"PK\x01\x02\x14\x03\x14\0"
PIXELS = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    """Return a valid JPEG file."""
    file = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def png(image: Image.Image, **options: object) -> bytes:
    """Return a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def frames(file_format: str) -> bytes:
    """Return an animation of two frames."""
    file = io.BytesIO()
    first, second = Image.fromarray(PIXELS), Image.fromarray(PIXELS[::-1].copy())
    first.save(file, file_format, save_all=True, append_images=[second])
    return file.getvalue()


def huge() -> bytes:
    """Return a PNG file whose header states 60,000 × 60,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    valid = png(Image.fromarray(PIXELS))
    return valid[:12] + header + struct.pack(">I", zlib.crc32(header)) + valid[33:]


def turned() -> bytes:
    """Return a JPEG file whose EXIF orientation is a quarter turn."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(exif=exif)


def scans() -> bytes:
    """Return a progressive JPEG file that repeats its last scan."""
    valid = jpeg(progressive=True)
    last = valid.rindex(b"\xff\xda")
    return valid[:last] + valid[last:-2] * 200 + valid[-2:]


def packed(members: dict[str, bytes]) -> bytes:
    """Return a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def file(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    """Return a function that writes a file into a folder, and returns its path."""

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content())
        return folder / name

    return write


def link_out(folder: Path) -> Path:
    """Make a folder with a link to an image outside, and return the folder."""
    (folder / "outside").mkdir()
    (folder / "outside/secret.jpg").write_bytes(jpeg())
    (folder / "inside").mkdir()
    (folder / "inside/link.jpg").symlink_to(folder / "outside/secret.jpg")
    return folder / "inside"


def fifo(folder: Path) -> Path:
    """Make a FIFO that nobody writes to."""
    os.mkfifo(folder / "fifo.jpg")
    return folder / "fifo.jpg"


def folder_named_as_an_image(folder: Path) -> Path:
    """Make a folder with an image in it."""
    (folder / "x.jpg").mkdir()
    (folder / "x.jpg/real.jpg").write_bytes(jpeg())
    return folder / "x.jpg"


def unreadable(folder: Path) -> Path:
    """Write an image without permission to read it."""
    path = file("locked.jpg", jpeg)(folder)
    path.chmod(0)
    return path


# Function that makes the input in a folder and returns its path, and words of the reason. Each gives one row.
REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "truncated JPEG": (file("cut.jpg", lambda: jpeg()[:-400]), "truncated image"),
    "empty file": (file("empty.jpg", bytes), "image of zero bytes"),
    "huge declared size": (file("huge.png", huge), "larger than data.limits.pixels: 60000 x 60000"),
    "very many scans": (file("scans.jpg", scans), "more than 100 scans"),
    "text": (file("text.jpg", lambda: b"not an image"), "not an image"),
    "PDF": (file("paper.jpg", lambda: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"), "not an image"),
    "animated GIF": (file("moves.gif", lambda: frames("GIF")), "not an image"),
    "animated PNG": (file("moves.png", lambda: frames("PNG")), "animated image"),
    "16-bit PNG": (
        file("deep.png", lambda: png(Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257))),
        "16 bits per channel",
    ),
    "path out of a zip": (file("out.zip", lambda: packed({"../../out.jpg": jpeg()})), "leads outside the zip"),
    "symbolic link out of a folder": (link_out, "symbolic link out of the folder"),
    "zip bomb": (file("bomb.zip", lambda: packed({"bomb.png": b"\0" * 8_000_000})), "file of more than 4 MB"),
    "FIFO": (fifo, "FIFO"),
    "folder named as an image": (folder_named_as_an_image, "folder with the name of an image"),
    "missing path": (lambda folder: folder / "missing.jpg", "No such file"),
    "no permission": (unreadable, "Permission denied"),
    "image of one pixel": (file("dot.png", lambda: png(Image.new("RGB", (1, 1)))), "smaller than 16 pixels: 1 x 1"),
    "empty zip": (file("empty.zip", bytes), "cannot be read as a zip"),
    "nested zip": (file("outer.zip", lambda: packed({"inner.zip": packed({"a.jpg": jpeg()})})), "zip in a zip"),
    "damaged member": (
        file("damaged.zip", lambda: packed({"a.jpg": b"\0" * 99}).replace(b"\0" * 8, b"", 1)),
        "zip",
    ),
    "encrypted member": (
        # The flags in the directory of the zip.
        file("locked.zip", lambda: packed({"a.jpg": jpeg()}).replace(DIRECTORY + b"\0", DIRECTORY + b"\1")),
        "encrypted",
    ),
    "loop of links": (
        lambda folder: (folder / "loop.jpg").symlink_to(folder / "loop.jpg") or folder / "loop.jpg",
        "symbolic links",
    ),
    "device": (lambda _: Path("/dev/zero"), "device"),
    "name that is too long": (lambda folder: folder / ("x" * 5000), "name too long"),
    "zero byte in the name": (lambda folder: Path(f"{folder}/a\0b.jpg"), "null"),
    "pattern without a match": (lambda folder: folder / "*.jpg", "no file matches"),
    "folder without images": (lambda folder: folder, "folder without a file"),
}

# These are predicted; the note says how they were converted.
CONVERTED: dict[str, tuple[Callable[[], bytes], str]] = {
    "CMYK": (lambda: jpeg("CMYK"), "CMYK image, converted to RGB"),
    "progressive": (lambda: jpeg(progressive=True), ""),
    "grey": (lambda: jpeg("L"), "grey image, converted to RGB"),
    "alpha": (
        lambda: png(Image.fromarray(np.dstack([PIXELS, PIXELS[..., 0]]))),
        "image with transparency, which is ignored",
    ),
    "palette": (lambda: png(Image.fromarray(PIXELS).convert("P")), "palette image, converted to RGB"),
    "EXIF-rotated": (turned, "EXIF orientation, which is ignored"),
    "colours of 8 bits": (jpeg, ""),
}
