"""Ways to mutate JPEG and PNG files, for mutated_images.py: from one changed bit to decompression bombs.

A mutation gets a file, another file and a random generator. A piece is a segment of a JPEG file, with the compressed
data that follow it, or a chunk of a PNG file.
"""

import functools
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

Random = np.random.Generator
Mutation = Callable[[bytes, bytes, Random], bytes]

PNG = b"\x89PNG\r\n\x1a\n"
START, END = b"\xff\xd8", b"\xff\xd9"
FRAMES = [*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)]
SIZES_16 = (0, 1, 2, 7, 8, 15, 17, 255, 256, 4999, 5000, 5001, 32767, 65500, 65535)
SIZES_32 = (*SIZES_16, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
BOMB = 2**26  # bytes that a bomb unpacks to
LARGE = 5000  # width and height of an image at data.limits.pixels


def pieces(content: bytes) -> list[bytes]:
    """Return the pieces of a file; joined they are the file."""
    return _chunks(content) if content.startswith(PNG) else _segments(content)


def _chunks(content: bytes) -> list[bytes]:
    found, position = [content[:8]], 8
    while position < len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4])
        found.append(content[position:end])
        position = end
    return found


def _segments(content: bytes) -> list[bytes]:
    found, position = [content[:2]], 2
    while position < len(content):
        end = position + 2 + int.from_bytes(content[position + 2 : position + 4])
        if content[position + 1] == 0xD9:
            end = len(content)
        elif content[position + 1] == 0xDA:
            while end < len(content) and not (content[end] == 0xFF and content[end + 1] not in (0, *range(0xD0, 0xD8))):
                end += 1
        found.append(content[position:end])
        position = end
    return found


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file with its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def segment(code: int, data: bytes) -> bytes:
    """Return a segment of a JPEG file."""
    return bytes([0xFF, code]) + struct.pack(">H", len(data) + 2) + data


@functools.cache
def _zeros(count: int) -> bytes:
    """Return zeros, compressed."""
    return zlib.compress(bytes(count), 1)


def _at(content: bytes, rng: Random) -> int:
    return int(rng.integers(len(content) + 1))


def _flip(content: bytes, count: int, rng: Random, start: int = 0) -> bytes:
    changed = bytearray(content)
    for position in rng.integers(start, len(content), count):
        changed[position] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _insert(content: bytes, _: bytes, rng: Random) -> bytes:
    at = _at(content, rng)
    return content[:at] + rng.bytes(int(rng.integers(1, 64))) + content[at:]


def _delete(content: bytes, _: bytes, rng: Random) -> bytes:
    at = _at(content, rng)
    return content[:at] + content[at + int(rng.integers(1, 64)) :]


def _overwrite(content: bytes, _: bytes, rng: Random) -> bytes:
    at, size = _at(content, rng), int(rng.integers(1, 512))
    new = bytes([int(rng.choice([0, 255]))]) * size if rng.random() < 0.5 else rng.bytes(size)
    return (content[:at] + new + content[at + size :])[: len(content)]


def _cut(content: bytes, _: bytes, rng: Random) -> bytes:
    return content[: _at(content, rng)]


def _cut_and_ended(content: bytes, other: bytes, rng: Random) -> bytes:
    return _cut(content, other, rng) + (chunk(b"IEND", b"") if content.startswith(PNG) else END)


def _two_files(content: bytes, other: bytes, rng: Random) -> bytes:
    return content + other


def _halves(content: bytes, other: bytes, rng: Random) -> bytes:
    return content[: _at(content, rng)] + other[_at(other, rng) :]


def _bytes_before(content: bytes, _: bytes, rng: Random) -> bytes:
    return rng.bytes(int(rng.integers(1, 20))) + content


def _some_piece(found: list[bytes], rng: Random) -> int:
    return int(rng.integers(1, len(found)))


def _piece_twice(content: bytes, _: bytes, rng: Random) -> bytes:
    found = pieces(content)
    number = _some_piece(found, rng)
    found[number:number] = [found[number]] * int(rng.choice([1, 2, 50]))
    return b"".join(found)


def _piece_removed(content: bytes, _: bytes, rng: Random) -> bytes:
    found = pieces(content)
    del found[_some_piece(found, rng)]
    return b"".join(found)


def _pieces_shuffled(content: bytes, _: bytes, rng: Random) -> bytes:
    first, *found = pieces(content)
    if rng.random() < 0.5:
        return b"".join([first, *(found[number] for number in rng.permutation(len(found)))])
    one, two = rng.integers(0, len(found), 2)
    found[one], found[two] = found[two], found[one]
    return b"".join([first, *found])


def _piece_of_other(content: bytes, other: bytes, rng: Random) -> bytes:
    found, others = pieces(content), pieces(other)
    found.insert(_some_piece(found, rng), others[_some_piece(others, rng)])
    return b"".join(found)


def _piece_length(content: bytes, _: bytes, rng: Random) -> bytes:
    found = pieces(content)
    number = _some_piece(found, rng)
    if content.startswith(PNG):
        found[number] = struct.pack(">I", int(rng.choice(SIZES_32))) + found[number][4:]
    else:
        found[number] = found[number][:2] + struct.pack(">H", int(rng.choice(SIZES_16))) + found[number][4:]
    return b"".join(found)


def _piece_changed(content: bytes, _: bytes, rng: Random) -> bytes:
    """Change bits in one piece; the checksum of a chunk is made right again."""
    found = pieces(content)
    number = _some_piece(found, rng)
    piece = found[number]
    if content.startswith(PNG):
        data = piece[8:-4]
        found[number] = chunk(piece[4:8], _flip(data, int(rng.integers(1, 8)), rng) if data else b"\0")
    else:
        found[number] = _flip(piece, int(rng.integers(1, 8)), rng, min(2, len(piece) - 1))
    return b"".join(found)


def _header(content: bytes, change: Callable[[bytearray, bool], None]) -> bytes:
    """Return a file with another header: the data of IHDR, or of the frame's segment."""
    found = pieces(content)
    for number, piece in enumerate(found):
        if content.startswith(PNG) and piece[4:8] == b"IHDR":
            data = bytearray(piece[8:-4])
            change(data, True)
            found[number] = chunk(b"IHDR", bytes(data))
        elif not content.startswith(PNG) and len(piece) > 9 and piece[1] in FRAMES:
            data = bytearray(piece[4:])
            change(data, False)
            found[number] = piece[:4] + bytes(data)
    return b"".join(found)


def _declared_size(content: bytes, _: bytes, rng: Random) -> bytes:
    both = rng.random() < 0.5

    def change(data: bytearray, png: bool) -> None:
        for field in (0, 1) if both else (int(rng.integers(2)),):
            if png:
                data[4 * field : 4 * field + 4] = struct.pack(">I", int(rng.choice(SIZES_32)))
            else:
                data[1 + 2 * field : 3 + 2 * field] = struct.pack(">H", int(rng.choice(SIZES_16)))

    return _header(content, change)


def _declared_kind(content: bytes, _: bytes, rng: Random) -> bytes:
    """Change the bit depth, the type of colours, the methods; of a JPEG file also the components and their sampling."""

    def change(data: bytearray, png: bool) -> None:
        if png:
            field = int(rng.integers(8, 13))
            data[field] = int(rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 255]))
        else:
            field = int(rng.choice([0, *range(5, len(data))]))
            data[field] = int(rng.choice([0, 1, 2, 3, 4, 5, 8, 12, 16, 17, 18, 33, 34, 65, 68, 255]))

    return _header(content, change)


def _frame_marker(content: bytes, _: bytes, rng: Random) -> bytes:
    """Declare another kind of frame (progressive, lossless, arithmetic), or interlacing."""
    if content.startswith(PNG):
        return _header(content, lambda data, png: data.__setitem__(12, 1))
    found = pieces(content)
    for number, piece in enumerate(found):
        if len(piece) > 9 and piece[1] in FRAMES:
            found[number] = bytes([0xFF, int(rng.choice(FRAMES))]) + piece[2:]
    return b"".join(found)


def _after_header(content: bytes, added: bytes) -> bytes:
    """Return a file with more pieces after the first, or before the image data of a PNG file."""
    first, *found = pieces(content)
    if content.startswith(PNG):
        return b"".join([first, found[0], added, *found[1:]])
    return b"".join([first, added, *found])


def _metadata_bomb(content: bytes, _: bytes, rng: Random) -> bytes:
    """Add a compressed text, profile or EXIF that unpacks to 64 MB; for JPEG, a profile of 255 segments."""
    if not content.startswith(PNG):
        profile = (b"ICC_PROFILE\0" + bytes([number, 255]) + bytes(65000) for number in range(1, 256))
        return _after_header(content, b"".join(segment(0xE2, part) for part in profile))
    packed = _zeros(BOMB)
    kind = int(rng.integers(4))
    added = (
        chunk(b"iTXt", b"key\0\1\0\0\0" + packed),
        chunk(b"zTXt", b"key\0\0" + packed),
        chunk(b"iCCP", b"name\0\0" + packed),
        chunk(b"iTXt", b"key\0\1\0\0\0" + _zeros(2**20 - 64)) * 100,
    )[kind]
    return _after_header(content, added)


def _exif(content: bytes, _: bytes, rng: Random) -> bytes:
    """Add EXIF data with loops, far offsets, huge counts, or of random bytes."""
    kind = int(rng.integers(4))
    entry = struct.pack("<HHII", 0x0112, 3, int(rng.choice([1, 2**31, 2**32 - 1])), int(rng.choice([6, 2**31])))
    loop = struct.pack("<HHII", 0x8769, 4, 1, 8)
    count = int(rng.choice([1, 3, 65535]))
    directory = struct.pack("<H", count) + entry + loop + struct.pack("<I", 8)
    data = b"II*\0" + struct.pack("<I", int(rng.choice([8, 2**31, 2**32 - 1])) if kind == 1 else 8) + directory
    if kind == 2:
        data = rng.bytes(int(rng.integers(1, 2000)))
    if kind == 3:
        data = b"II*\0\x08\0\0\0" + rng.bytes(2000)
    added = chunk(b"eXIf", data) if content.startswith(PNG) else segment(0xE1, b"Exif\0\0" + data)
    return _after_header(content, added)


def _frames_of_animation(content: bytes, _: bytes, rng: Random) -> bytes:
    """Declare an animation, or further images in the file (MPF)."""
    if content.startswith(PNG):
        count = int(rng.choice([0, 1, 2, 2**31 - 1]))
        control = struct.pack(">IIIIIHHBB", 0, *rng.choice(SIZES_32, 2).tolist(), 0, 0, 1, 1, 0, 0)
        return _after_header(content, chunk(b"acTL", struct.pack(">II", count, 0)) + chunk(b"fcTL", control))
    count = int(rng.choice([1, 2, 65535]))
    entries = struct.pack("<HHII", 0xB001, 4, 1, count) + struct.pack("<HHII", 0xB002, 7, 16 * count, 50)
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + bytes(4) + rng.bytes(16 * min(count, 4))
    return _after_header(content, segment(0xE2, b"MPF\0" + data))


def _many_pieces(content: bytes, _: bytes, rng: Random) -> bytes:
    count = int(rng.choice([1000, 50_000]))
    if content.startswith(PNG):
        return _after_header(content, chunk(b"tEXt", b"key\0text") * count)
    return _after_header(content, segment(int(rng.choice([0xFE, 0xE0, 0xE2, 0xED])), b"text") * count)


def _large_and_empty(content: bytes, _: bytes, rng: Random) -> bytes:
    """Return an image at the largest number of pixels in a small file: of one colour, or with too much or no data."""
    kind = int(rng.integers(3))
    if content.startswith(PNG):
        depth, colours = [(8, 6), (8, 2), (1, 0), (8, 3), (8, 0)][int(rng.integers(5))]
        rows = 2 * BOMB if kind == 1 else LARGE * (1 + LARGE * {6: 4, 2: 3}.get(colours, 1)) if kind == 0 else 10
        header = struct.pack(">IIBBBBB", LARGE, LARGE, depth, colours, 0, 0, 0)
        palette = chunk(b"PLTE", bytes(768)) if colours == 3 else b""
        return b"".join([PNG, chunk(b"IHDR", header), palette, chunk(b"IDAT", _zeros(rows)), chunk(b"IEND", b"")])
    if kind:
        size = struct.pack(">HH", LARGE, LARGE)
        return _header(content, lambda data, png: data.__setitem__(slice(1, 5), size))
    file = io.BytesIO()
    Image.new(["RGB", "CMYK", "L"][int(rng.integers(3))], (LARGE, LARGE), 90).save(file, "JPEG")
    return file.getvalue()


def _scans_repeated(content: bytes, _: bytes, rng: Random) -> bytes:
    """Repeat the last scan of a progressive image."""
    count = int(rng.choice([5, 90, 500]))
    if content.startswith(PNG):
        return _piece_twice(content, b"", rng)
    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.save(file, "JPEG", progressive=True)
    found = pieces(file.getvalue())
    last = max(number for number, piece in enumerate(found) if piece[1] == 0xDA)
    return b"".join([*found[:last], *[found[last]] * count, *found[last + 1 :]])


def _markers_in_data(content: bytes, _: bytes, rng: Random) -> bytes:
    """Put restart markers, fill bytes or other markers into the compressed data, one or many."""
    if content.startswith(PNG):
        return _piece_changed(content, b"", rng)
    start = content.index(b"\xff\xda") + 14
    at = int(rng.integers(start, len(content)))
    marker = (b"\xff\xd0", b"\xff\xff", b"\xff\x01", b"\xff\xfe", b"\xff\x00", b"\xff\xd9")[int(rng.integers(6))]
    return content[:at] + marker * int(rng.choice([1, 100, 3000, 100_000])) + content[at:]


def _fill_bytes(content: bytes, _: bytes, rng: Random) -> bytes:
    """Put fill bytes, which a decoder skips, before a byte 255 of the compressed data."""
    if content.startswith(PNG):
        return _piece_changed(content, b"", rng)
    at = content.index(b"\xff\x00", content.index(b"\xff\xda"))
    return content[:at] + b"\xff" * int(rng.choice([100, 3000, 100_000])) + content[at:]


# Each mutation with its weight: how often it is chosen.
MUTATIONS: dict[str, tuple[Mutation, float]] = {
    "one bit changed": (lambda content, _, rng: _flip(content, 1, rng), 3),
    "20 bits changed": (lambda content, _, rng: _flip(content, 20, rng), 2),
    "one bit of the first 700 bytes": (lambda content, _, rng: _flip(content[:700], 1, rng) + content[700:], 3),
    "bytes inserted": (_insert, 2),
    "bytes deleted": (_delete, 2),
    "bytes overwritten": (_overwrite, 2),
    "cut": (_cut, 2),
    "cut, end put back": (_cut_and_ended, 2),
    "two files": (_two_files, 1),
    "halves of two files": (_halves, 1),
    "bytes before": (_bytes_before, 0.5),
    "piece repeated": (_piece_twice, 2),
    "piece removed": (_piece_removed, 2),
    "pieces in another order": (_pieces_shuffled, 2),
    "piece of another file": (_piece_of_other, 2),
    "length of a piece": (_piece_length, 2),
    "bits of a piece, checksum right": (_piece_changed, 3),
    "declared size": (_declared_size, 2),
    "declared kind": (_declared_kind, 3),
    "declared frame or interlacing": (_frame_marker, 1.5),
    "EXIF": (_exif, 1),
    "animation": (_frames_of_animation, 1),
    "scans repeated": (_scans_repeated, 0.3),
    "markers in the data": (_markers_in_data, 1),
    "fill bytes": (_fill_bytes, 0.05),
    "metadata bomb": (_metadata_bomb, 0.2),
    "many pieces": (_many_pieces, 0.2),
    "large and empty": (_large_and_empty, 0.1),
}


def mutate(files: list[bytes], rng: Random) -> tuple[str, bytes]:
    """Mutate one of some files, one time of ten twice.

    Args:
        files: JPEG and PNG files.
        rng: Generator, on which the choice of file and mutation depends.

    Returns:
        The names of the mutations, joined, and the mutated file.
    """
    weights = np.array([weight for _, weight in MUTATIONS.values()])
    names = [str(name) for name in rng.choice(list(MUTATIONS), 1 + (rng.random() < 0.1), p=weights / weights.sum())]
    content, other = (files[int(number)] for number in rng.integers(0, len(files), 2))
    done = []
    for name in names:
        try:
            content = MUTATIONS[name][0](content, other, rng)
        except (ValueError, IndexError, OSError):  # the first mutation left nothing that the second can change
            continue
        done.append(name)
    return ", ".join(done), content
