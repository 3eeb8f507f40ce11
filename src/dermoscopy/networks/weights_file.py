"""Read weights from HDF5 files, of which each is checked before Keras reads it.

HDF5 can do more than store arrays: it can read other files, apply filters of plugins, and declare terabytes in a file
of a few bytes. A file of weights needs none of this, so it is refused. This is the only module that reads HDF5.
"""

import math
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dermoscopy.core.errors import WeightsError

MAX_OBJECTS = 20_000  # groups and datasets; Inception V3 has about 1,000
MAX_DEPTH = 10
MAX_ATTRIBUTES = 2**24  # bytes
BYTES_PER_WEIGHT = 8  # of float64, the widest type
SPARE = 2**20  # bytes that a file may declare in addition to the network's weights, such as states of random seeds
CHUNK_OVERHEAD = 2  # a chunk at the edge of an array may be larger than what it holds of it
SMALLEST_CHUNK = 2**16  # bytes of a chunk that are never too many


class _RefusedError(Exception):
    """A reason for which a file is not read."""


def load_weights(model: Any, path: Path) -> None:
    """Read the weights of a network from an HDF5 file, after checking the file.

    Args:
        model: Keras model; its weights are replaced.
        path: File that Keras wrote: `.weights.h5`, or the older `.h5`.

    Raises:
        WeightsError: The file is missing, damaged or refused, or has the weights of another network.
    """
    check_weights(path, BYTES_PER_WEIGHT * sum(math.prod(variable.shape) for variable in model.variables))
    try:
        with warnings.catch_warnings():
            # Keras warns only if a layer has no weights in the file, and leaves its random ones.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UserWarning) as error:  # of Keras and h5py
        raise WeightsError(f"{path}: {error}") from None


def check_weights(path: Path, expected: int) -> None:
    """Check that a file is a plain HDF5 file of weights: groups and arrays of numbers, each stored in the file.

    Compressed arrays are decompressed piece by piece, since a few bytes may expand to any size.

    Args:
        path: File of weights.
        expected: Largest total size of its arrays, in bytes.

    Raises:
        WeightsError: The file is missing or no HDF5 file, or it has links, virtual or external arrays, a loop, unusual
            types or filters, or declares more than it stores or than `expected`.
    """
    import h5py

    if not path.is_file():
        raise WeightsError(f"{path}: no such file")
    try:
        with h5py.File(path, "r") as file:
            _check(file, path.stat().st_size, expected)
    except _RefusedError as error:
        raise WeightsError(f"{path}: refused, since it has {error}") from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:  # how h5py reports damage
        raise WeightsError(f"{path}: no valid HDF5 file: {error}") from None


def _check(file: Any, file_size: int, expected: int) -> None:
    import h5py

    declared = stored = attributes = 0
    for name, thing in _objects(file):
        attributes += _attribute_bytes(name, thing)
        if attributes > min(MAX_ATTRIBUTES, file_size):
            raise _RefusedError("too large attributes")
        if isinstance(thing, h5py.Dataset):
            _check_layout(name, thing)
            declared += thing.size * thing.dtype.itemsize
            if declared > expected + SPARE:
                raise _RefusedError(
                    f"arrays of {declared:,} bytes up to {name}, but the network has at most {expected:,}"
                )
            stored += _check_stored(name, thing, file_size)
            if stored > file_size:
                raise _RefusedError(f"arrays that overlap: {name}")


def _objects(file: Any) -> Iterator[tuple[str, Any]]:
    """Yield each group and array of a file with its path; no link is followed that leads to another place."""
    import h5py

    seen = set()
    waiting = [("/", file["/"], 0)]
    while waiting:
        name, thing, depth = waiting.pop()
        address = h5py.h5o.get_info(thing.id).addr
        if address in seen:
            raise _RefusedError(f"a loop, or two names for one object: {name}")
        seen.add(address)
        if len(seen) > MAX_OBJECTS or depth > MAX_DEPTH:
            raise _RefusedError(f"more than {MAX_OBJECTS:,} objects, or more than {MAX_DEPTH} levels of groups: {name}")
        yield name, thing
        if isinstance(thing, h5py.Group):
            for key in thing:
                path = f"{name.rstrip('/')}/{key}"
                waiting.append((path, _member(thing, key, path), depth + 1))


def _member(group: Any, key: str, path: str) -> Any:
    import h5py

    kind = group.id.links.get_info(key.encode("utf-8", "surrogateescape")).type
    if kind != h5py.h5l.TYPE_HARD:
        names = {h5py.h5l.TYPE_SOFT: "a soft link", h5py.h5l.TYPE_EXTERNAL: "an external link"}
        raise _RefusedError(f"{names.get(kind, 'an unknown link')}: {path}")
    thing = group[key]
    if not isinstance(thing, h5py.Group | h5py.Dataset):
        raise _RefusedError(f"an object that is neither a group nor an array: {path}")
    return thing


def _attribute_bytes(name: str, thing: Any) -> int:
    """Return the declared size of the attributes of an object, in bytes; they may be numbers and text only."""
    import h5py

    total = 0
    for index in range(h5py.h5a.get_num_attrs(thing.id)):
        attribute = h5py.h5a.open(thing.id, index=index)
        if attribute.get_type().get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING):
            raise _RefusedError(f"an attribute that is neither text nor numbers: {name}")
        total += math.prod(attribute.shape) * attribute.get_type().get_size()
    return total


def _check_layout(name: str, array: Any) -> None:
    """Refuse an array that is not stored plainly in the file."""
    import h5py

    # By the class of the stored type: h5py maps others, such as references, to types of numpy.
    if array.id.get_type().get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT) or array.dtype.kind not in "fiu":
        raise _RefusedError(f"an array that is not of numbers: {name}")
    creation = array.id.get_create_plist()
    if creation.get_layout() == h5py.h5d.VIRTUAL:
        raise _RefusedError(f"a virtual array, which reads other files: {name}")
    if creation.get_external_count():
        raise _RefusedError(f"an array in an external file: {name}")
    filters = tuple(creation.get_filter(index)[0] for index in range(creation.get_nfilters()))
    shuffle, deflate = h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE
    if filters not in ((), (shuffle,), (deflate,), (shuffle, deflate)):
        raise _RefusedError(f"an array with other filters than gzip and shuffle: {name}")


def _check_stored(name: str, array: Any, file_size: int) -> int:
    """Return the stored size of an array in bytes; refuse an array whose file has not all of its values."""
    import h5py

    size = array.size * array.dtype.itemsize
    missing = _RefusedError(f"an array of {size:,} declared bytes that the file does not have: {name}")
    if array.id.get_create_plist().get_layout() != h5py.h5d.CHUNKED:
        stored = int(array.id.get_storage_size())
        if stored != size or (array.id.get_offset() or 0) + stored > file_size:
            raise missing
        return stored
    chunk_size = math.prod(array.chunks) * array.dtype.itemsize
    if chunk_size > max(CHUNK_OVERHEAD * size, SMALLEST_CHUNK):
        raise _RefusedError(f"chunks of {chunk_size:,} bytes in an array of {size:,}: {name}")
    chunks: list[Any] = []
    array.id.chunk_iter(chunks.append)
    if len(chunks) != math.prod(math.ceil(length / of) for length, of in zip(array.shape, array.chunks, strict=True)):
        raise missing
    stored = sum(chunk.size for chunk in chunks)
    if stored > file_size or any(chunk.byte_offset + chunk.size > file_size for chunk in chunks):
        raise missing
    compressed = array.compression is not None
    for chunk in chunks:
        if chunk.filter_mask:
            raise _RefusedError(f"a chunk without its filters: {name}")
        if compressed:
            # HDF5 would expand a chunk to the end, whatever size it declares.
            inflater = zlib.decompressobj()
            content = inflater.decompress(array.id.read_direct_chunk(chunk.chunk_offset)[1], chunk_size + 1)
            if len(content) != chunk_size or inflater.unconsumed_tail:
                raise _RefusedError(f"a compressed chunk that does not expand to {chunk_size:,} bytes: {name}")
        elif chunk.size != chunk_size:
            raise missing
    return stored
