"""Find damage in JPEG files that decoders pass over in silence.

Decoders fill in what is missing from the compressed data, and skip what is left over, without an error. In a whole file
the compressed data of each scan end with its last block of pixels, not earlier and not later. So a decoder gets the
file in pieces, and whether it still expects compressed data is observed shortly before and after the end of each scan.

Not found: changed bytes after which the number of blocks is right again, less than a block at the end, and whole
intervals between restart markers that are missing from a progressive file. Damage that was decoded and saved again as a
new file is found only if the pixels show it: a decoder gives missing rows one colour.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
RESTARTS = range(0xD0, 0xD8)
# Frames with Huffman codes, the only ones in use; files of other kinds are not examined.
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
NO_FRAMES = (0xC4, 0xC8, 0xCC)  # of the markers from 0xC0 to 0xCF
COEFFICIENTS = range(64)  # of a block of 8 x 8 pixels
# Not \xff+, which would start again at each of many fill bytes that no marker follows, and take hours for a megabyte.
MARKER = re.compile(rb"\xff([^\x00\xff])")
# The header of a scan, with its only valid lengths for one to four components. Other data, such as those of a film
# after the image, hardly ever contain it.
SCAN_HEADER = re.compile(rb"\xff\xda\x00(?:\x08\x01|\x0a\x02|\x0c\x03|\x0e\x04)")
# Progressive files have about ten scans. Each takes as long as a whole image, so that a small file with many scans
# could take many minutes.
MAX_SCANS = 100
LOOKAHEAD = 8  # bytes that a decoder reads ahead at most
# Bits of ones, which are no valid code: a decoder that expects compressed data takes them for less than a few blocks. A
# decoder that expects a marker skips them.
FILLER = b"\xff\x00" * 12
MISSING_ROWS = 10  # one of this many parts of the height; fewer rows of one colour at the bottom are accepted
SPREAD = 2  # grey levels by which compression changes rows of one colour
DARK = 16  # grey level of the rim of a dermatoscope, which may fill the lowest rows
SHORT, LONG = "compressed data end before the last pixel", "compressed data continue after the last pixel"


class Frame(NamedTuple):
    """What the headers of a JPEG file state.

    Attributes:
        kind: Marker of the frame.
        components: Ids of its components: luminance and colours.
        scans: For each scan its components, its first and last coefficient, and the bits left to later scans.
        data: First and last offset of compressed data: of each scan, or of each interval between its restart markers.
    """

    kind: int
    components: tuple[int, ...]
    scans: list[tuple[tuple[int, ...], int, int, int]]
    data: list[tuple[int, int]]


def find_damage(content: bytes) -> str:
    """Return in a few words what is damaged in a JPEG file that can be decoded; empty if nothing is found.

    Args:
        content: The whole file. Bytes after the end of the image are ignored.
    """
    try:
        frame = _read_headers(content)
    except (IndexError, ValueError):
        return "damaged headers"
    if frame.kind not in (BASELINE, EXTENDED, PROGRESSIVE):
        return ""
    return _missing_scans(frame) or _wrong_length(content, frame)


def has_too_many_scans(content: bytes) -> bool:
    """Return whether a JPEG file has more than `MAX_SCANS` scans.

    Args:
        content: The whole file.
    """
    return len(SCAN_HEADER.findall(content)) > MAX_SCANS


def missing_rows(image: Image.Image) -> str:
    """Return in a few words that rows are missing at the bottom of an image that was saved again; empty if none are.

    They have one colour, which is not dark, and the rows at the top differ, unlike those of a frame.

    Args:
        image: The decoded image, in RGB.
    """
    rows = image.height // MISSING_ROWS
    if rows == 0:
        return ""
    lowest, highest = (
        np.asarray(image.crop((0, first, image.width, first + rows))) for first in (image.height - rows, 0)
    )
    if lowest.max() <= DARK or not _is_one_colour(lowest) or _is_one_colour(highest):
        return ""
    return f"the lowest {rows} of {image.height} rows or more have one colour"


def _is_one_colour(rows: NDArray[np.uint8]) -> bool:
    return bool((np.ptp(rows, axis=(0, 1)) <= SPREAD).all())


def _read_headers(content: bytes) -> Frame:
    """Return what the headers state.

    Raises:
        IndexError: A header is truncated.
        ValueError: A header has the wrong length.
    """
    frame = Frame(0, (), [], [])
    position = 2
    while (marker := MARKER.search(content, position)) and marker[1][0] != END_OF_IMAGE:
        code, start = marker[1][0], marker.end() + 2
        position = marker.end() + int.from_bytes(content[marker.end() : start])
        header = content[start:position]
        if 0xC0 <= code <= 0xCF and code not in NO_FRAMES:
            frame = frame._replace(kind=code, components=tuple(header[6 : 6 + 3 * header[5] : 3]))
        elif code == START_OF_SCAN:
            components = tuple(header[1 : 1 + 2 * header[0] : 2])
            first, last, bits = header[1 + 2 * header[0] :]
            frame.scans.append((components, first, last, bits & 15))
            for end in _ends_of_data(content, position):
                frame.data.append((position, end))
                position = end
    return frame


def _ends_of_data(content: bytes, start: int) -> Iterator[int]:
    """Yield where compressed data end: at each restart marker, and at the first other marker or the end of the file."""
    for marker in MARKER.finditer(content, start):
        end = marker.start()
        while end > start and content[end - 1] == 0xFF:  # fill bytes
            end -= 1
        yield end
        if marker[1][0] not in RESTARTS:
            return
    yield len(content)


def _missing_scans(frame: Frame) -> str:
    """Return whether a scan is missing; a progressive file has several for each component."""
    missing = {(component, place) for component in frame.components for place in COEFFICIENTS}
    for components, first, last, bits in frame.scans:
        if frame.kind != PROGRESSIVE:
            missing -= {(component, place) for component in components for place in COEFFICIENTS}
        elif bits == 0:
            missing -= {(component, place) for component in components for place in range(first, last + 1)}
    return f"scans are missing after number {len(frame.scans)}" if missing else ""


def _wrong_length(content: bytes, frame: Frame) -> str:
    """Return whether compressed data end before the last block of pixels, or continue after it."""
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        assert isinstance(image, ImageFile.ImageFile)
        image.draft(None, (1, 1))  # faster: all codes are decoded, but few pixels are computed
        [(name, box, _, arguments)] = image.tile
        decoder = Image._getdecoder(image.mode, name, arguments, image.decoderconfig)
        decoder.setimage(Image.new(image.mode, image.size).im, box)
    waiting = b""  # bytes that the decoder received but did not take yet

    def expects_data(*pieces: bytes) -> bool | None:
        """Feed two pieces; return whether the decoder still expects compressed data, or None if it is done.

        A decoder that expects a marker takes all bytes at once. One that expects compressed data takes several bytes
        at a time, so that it leaves some of one of the two pieces.
        """
        nonlocal waiting
        left = False
        for piece in pieces:
            waiting += piece
            taken, _ = decoder.decode(waiting)
            if taken < 0:
                return None
            waiting = waiting[taken:]
            left |= len(waiting) > 1
        return left

    fed = 0
    for start, end in frame.data:
        before, last = max(fed, end - LOOKAHEAD // 2), max(fed, end - 1)
        expects = expects_data(content[fed:before], content[before:last])
        if expects is None or (not expects and end - start > LOOKAHEAD):
            return LONG
        expects = expects_data(content[last:end] + FILLER, FILLER[:LOOKAHEAD])
        if expects is None:
            return "" if end == frame.data[-1][1] else LONG
        if expects:
            return SHORT
        fed = end
    # After a single scan the decoder is done; after several it would be at the end of the image, which it did not get.
    return SHORT if len(frame.scans) == 1 else ""
