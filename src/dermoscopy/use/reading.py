"""Read images from untrusted files: decode them as training does, or give the reason why not."""

import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.verify import decode_image
from dermoscopy.acquire.zips import DAMAGE, Allowance, MemberError, UnpackedTooMuchError, read_member
from dermoscopy.core.errors import DISK_FULL
from dermoscopy.core.images import open_image
from dermoscopy.core.params import GIGABYTE
from dermoscopy.suitability.suitability import Reference
from dermoscopy.use.inputs import Found

BYTES_PER_PIXEL = 4  # a file with more, for the largest number of pixels, is no JPEG or PNG of 8 bits per channel
MIN_SIZE = 16  # smallest width and height in pixels; less shows no lesion
MAX_THREADS = 8  # that decode; each may hold an image of the largest number of pixels
UPRIGHT = 1  # EXIF orientation
SHOWN = 600  # largest width or height of an image that is shown, in pixels; that of HAM10000's images


class _ImageError(Exception):
    """An image cannot be predicted; the argument is the reason."""


@dataclass(frozen=True)
class Decoded:
    """An image in the sizes of the networks, or the reason why there is none.

    Attributes:
        problem: Reason; empty if the image was decoded.
        note: How the image was converted; may be empty.
        sizes: Width and height to RGB values from 0 to 255, shape (size, size, 3).
        shown: The image in its own proportions, shape (height, width, 3), at most `SHOWN` pixels wide and high; None if
            it is not needed.
        unsuitable: Reasons why the image is not suitable, joined by a semicolon; empty if it is suitable, or if that
            was not checked.
    """

    problem: str = ""
    note: str = ""
    sizes: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    shown: NDArray[np.uint8] | None = None
    unsuitable: str = ""


class Reader:
    """Reads images in chunks, of which only two are in memory.

    Args:
        sizes: Widths of the square images that the networks need, in pixels.
        limits: Block `data.limits`.
        show: Whether to keep the images for showing them.
        reference: Which images are suitable; None checks no image.
    """

    def __init__(
        self, sizes: Sequence[int], limits: Limits, *, show: bool = False, reference: Reference | None = None
    ) -> None:
        self._sizes, self._pixels, self._show, self._reference = sizes, limits.pixels, show, reference
        self._bytes = BYTES_PER_PIXEL * limits.pixels
        self._allowance = Allowance(limits.unpacked * GIGABYTE)

    def read(self, found: Sequence[Found], chunk: int) -> Iterator[tuple[Sequence[Found], list[Decoded]]]:
        """Yield images with their pixels, a chunk at a time; the next chunk is decoded meanwhile.

        Args:
            found: Images from `find_images`.
            chunk: Number of images.
        """
        chunks = [found[start : start + chunk] for start in range(0, len(found), chunk)]
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_THREADS)) as pool:
            waiting = [ahead.submit(self._read_chunk, images, pool) for images in chunks[:1]]
            for number, images in enumerate(chunks):
                decoded = waiting.pop().result()
                if number + 1 < len(chunks):
                    waiting.append(ahead.submit(self._read_chunk, chunks[number + 1], pool))
                yield images, decoded

    def _read_chunk(self, images: Sequence[Found], pool: ThreadPoolExecutor) -> list[Decoded]:
        with ExitStack() as stack:
            opened: dict[Path, zipfile.ZipFile | Exception] = {}
            for image in images:
                if image.path and image.member and image.path not in opened:
                    try:
                        opened[image.path] = stack.enter_context(zipfile.ZipFile(image.path))
                    except DAMAGE as error:  # it was replaced since it was listed
                        opened[image.path] = error
            return list(pool.map(lambda image: self._read(image, opened), images))

    def _read(self, image: Found, opened: dict[Path, zipfile.ZipFile | Exception]) -> Decoded:
        if image.problem:
            return Decoded(image.problem)
        try:
            if image.array is not None:
                return self._resize(Image.fromarray(self._checked(image.array)).convert("RGB"))
            assert image.path is not None
            if image.member is None:
                return self._decode(image.path)
            archive = opened[image.path]
            if isinstance(archive, Exception):
                raise _ImageError(f"zip that cannot be read: {archive}")
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "image")
                self._unpack(archive, image.member, path)
                return self._decode(path)
        except _ImageError as error:
            return Decoded(str(error))
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            return Decoded(error.strerror or str(error))
        except Exception as error:  # no image may end the prediction of the others
            return Decoded(f"image that cannot be decoded: {str(error) or type(error).__name__}")

    def _unpack(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
        own = Allowance(self._bytes)
        try:
            with path.open("wb") as file:
                for piece in read_member(archive, member, own):
                    self._allowance.take(len(piece))
                    file.write(piece)
        except MemberError as error:
            raise _ImageError(": ".join(filter(None, error.args))) from None
        except UnpackedTooMuchError:
            total = "zips that unpack to more than data.limits.unpacked"
            raise _ImageError(self._too_large() if own.left < 0 else total) from None

    def _decode(self, path: Path) -> Decoded:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a FIFO would wait for ever
            raise _ImageError("not a file, but a FIFO, a socket or a device")
        if not status.st_size:  # some files of /proc, which would wait too
            raise _ImageError("image of zero bytes")
        if status.st_size > self._bytes:
            raise _ImageError(self._too_large())
        problem, decoded = decode_image(path, self._pixels)
        if decoded is None:
            assert problem is not None
            raise _ImageError(": ".join(filter(None, (problem.kind, problem.detail))))
        notes = [problem.kind] if problem else []
        with open_image(path) as image:  # its header only
            if image.format == "PNG" and getattr(image, "is_animated", False):
                raise _ImageError("animated image")
            if _is_turned(image):
                notes.append("EXIF orientation, which is ignored")
        return self._resize(decoded, "; ".join(notes))

    def _too_large(self) -> str:
        return f"file of more than {self._bytes // 10**6:,} MB"

    def _checked(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
            raise _ImageError(
                f"array of shape {array.shape} and type {array.dtype}; expected (height, width, 3) or (height, width), "
                "uint8"
            )
        height, width = array.shape[:2]
        if width * height > self._pixels:
            raise _ImageError(f"image larger than data.limits.pixels: {width} x {height} pixels")
        self._require_size(width, height)
        return np.ascontiguousarray(array)

    def _require_size(self, width: int, height: int) -> None:
        if min(width, height) < MIN_SIZE:
            raise _ImageError(f"image smaller than {MIN_SIZE} pixels: {width} x {height} pixels")

    def _resize(self, image: Image.Image, note: str = "") -> Decoded:
        self._require_size(*image.size)
        # As `core.images.read_image` does, from one decoding for all sizes.
        sizes = {
            size: np.asarray(image.resize((size, size), Image.Resampling.BILINEAR), np.uint8) for size in self._sizes
        }
        unsuitable = "; ".join(self._reference.find_reasons(image)) if self._reference else ""
        if not self._show:
            return Decoded("", note, sizes, unsuitable=unsuitable)
        image.thumbnail((SHOWN, SHOWN))
        return Decoded("", note, sizes, np.asarray(image, np.uint8), unsuitable)


def _is_turned(image: Image.Image) -> bool:
    """Return whether EXIF says that the image is to be turned or mirrored before it is shown."""
    try:
        return bool(image.getexif().get(ExifTags.Base.Orientation, UPRIGHT) != UPRIGHT)
    except Exception:  # Pillow raises many kinds of errors for damaged EXIF, which is not used
        return False
