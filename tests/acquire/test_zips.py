import random
import struct
import zipfile
from pathlib import Path

import pytest

from dermoscopy.acquire.zips import (
    Allowance,
    MemberError,
    UnpackedTooMuchError,
    list_members,
    read_member,
    unsupported_method,
)

PLENTY = 10**6


def make(path: Path, name: str = "a/b.jpg", content: bytes = b"content", method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(name, content)
    return path


def read(path: Path, allowance: int = PLENTY) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"".join(read_member(archive, archive.infolist()[0], Allowance(allowance)))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_is_unpacked_unchanged(tmp_path: Path, method: int) -> None:
    content = random.Random(1).randbytes(3_000) * 1_000  # several chunks
    assert read(make(tmp_path / "a.zip", content=content, method=method), len(content)) == content


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a/b.jpg", ("a", "b.jpg")),
        ("./a//b.jpg", ("a", "b.jpg")),
        ("a\\b.jpg", ("a", "b.jpg")),
        ("a/..b.jpg", ("a", "..b.jpg")),
        ("../b.jpg", None),
        ("a/../../b.jpg", None),
        ("a/..", None),
        ("..\\b.jpg", None),
        ("/b.jpg", None),
        ("\\b.jpg", None),
        ("C:/b.jpg", None),
        ("c:b.jpg", None),
    ],
)
def test_a_path_outside_the_zip_is_none(tmp_path: Path, name: str, parts: tuple[str, ...] | None) -> None:
    [(found, member)] = list_members(make(tmp_path / "a.zip", name))
    assert found == parts
    assert member.filename == name


def test_folders_are_not_listed(tmp_path: Path) -> None:
    assert list_members(make(tmp_path / "a.zip", "a/", b"")) == []


@pytest.mark.parametrize("content", [b"", b"<html>Sign in</html>", b"PK\x03\x04 and no directory"])
def test_a_file_that_is_no_zip_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(MemberError, match="not a zip"):
        list_members(tmp_path / "a.zip")


def test_no_more_bytes_than_allowed_are_read(tmp_path: Path) -> None:
    bomb = make(tmp_path / "a.zip", content=bytes(10**8), method=zipfile.ZIP_DEFLATED)
    unpacked = 0
    with zipfile.ZipFile(bomb) as archive, pytest.raises(UnpackedTooMuchError):
        for chunk in read_member(archive, archive.infolist()[0], Allowance(5 * 10**6)):
            unpacked += len(chunk)
    assert unpacked <= 5 * 10**6


def test_all_members_share_one_allowance(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", content=bytes(600))
    allowance = Allowance(1_000)
    with zipfile.ZipFile(path) as archive:
        list(read_member(archive, archive.infolist()[0], allowance))
        with pytest.raises(UnpackedTooMuchError):
            list(read_member(archive, archive.infolist()[0], allowance))


def test_a_size_stated_too_small_is_reported(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", content=bytes(10**6), method=zipfile.ZIP_DEFLATED)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 10**6), struct.pack("<L", 10)))
    with pytest.raises(MemberError) as error:
        read(path, 20)
    assert error.value.args[0] == "damaged member of a zip"


def test_a_wrong_checksum_is_reported(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", content=b"content")
    path.write_bytes(path.read_bytes().replace(b"content", b"c0ntent"))
    with pytest.raises(MemberError, match="Bad CRC-32"):
        read(path)


def test_an_encrypted_member_is_reported(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip")
    damaged = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        damaged[damaged.index(signature) + flags] |= 1
    path.write_bytes(damaged)
    with pytest.raises(MemberError, match="encrypted"):
        read(path)


def with_method(path: Path, number: int) -> Path:
    """State another method of compression in the headers of a zip's only member."""
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = content.index(signature) + offset
        content[place : place + 2] = struct.pack("<H", number)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("number", "name"), [(9, "Deflate64"), (93, "Zstandard"), (98, "PPMd"), (77, "method 77")])
def test_a_method_that_python_cannot_read_is_named(tmp_path: Path, number: int, name: str) -> None:
    path = with_method(make(tmp_path / "a.zip"), number)
    [(_, member)] = list_members(path)
    assert unsupported_method(member) == name
    with pytest.raises(MemberError, match="Python cannot unpack"):
        read(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_supported(tmp_path: Path, method: int) -> None:
    [(_, member)] = list_members(make(tmp_path / "a.zip", method=method))
    assert unsupported_method(member) == ""


def test_damaged_bytes_raise_no_other_error(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", content=b"content" * 9, method=zipfile.ZIP_DEFLATED)
    valid, rng = path.read_bytes(), random.Random(1)
    reported = 0
    for _ in range(2_000):
        damaged = bytearray(valid)
        for _ in range(rng.choice((1, 5))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            for _, member in list_members(path):
                with zipfile.ZipFile(path) as archive:
                    list(read_member(archive, member, Allowance(PLENTY)))
        except MemberError:
            reported += 1
    assert reported > 1_000
