import random
import struct
import zipfile
from pathlib import Path

import pytest

from dermoscopy.acquire.zips import Allowance, MemberError, UnpackedTooMuchError, members, read_member

PLENTY = 10**6


def make(path: Path, name: str = "a/b.jpg", content: bytes = b"content", method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as dataset:
        dataset.writestr(name, content)
    return path


def read(path: Path, allowance: int = PLENTY) -> bytes:
    with zipfile.ZipFile(path) as dataset:
        return b"".join(read_member(dataset, dataset.infolist()[0], Allowance(allowance)))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_unpacks_to_what_went_in(tmp_path: Path, method: int) -> None:
    content = random.Random(1).randbytes(3_000) * 1_000  # several pieces
    assert read(make(tmp_path / "a.zip", content=content, method=method), len(content)) == content


@pytest.mark.parametrize(
    ("name", "inside"),
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
def test_a_path_stays_inside_or_is_none(tmp_path: Path, name: str, inside: tuple[str, ...] | None) -> None:
    [(found, member)] = members(make(tmp_path / "a.zip", name))
    assert found == inside
    assert member.filename == name


def test_folders_are_no_files(tmp_path: Path) -> None:
    assert members(make(tmp_path / "a.zip", "a/", b"")) == []


@pytest.mark.parametrize("content", [b"", b"<html>Sign in</html>", b"PK\x03\x04 and no directory"])
def test_what_is_no_zip_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(MemberError, match="not a zip"):
        members(tmp_path / "a.zip")


def test_more_than_allowed_is_not_read(tmp_path: Path) -> None:
    bomb = make(tmp_path / "a.zip", content=bytes(10**8), method=zipfile.ZIP_DEFLATED)
    got = 0
    with zipfile.ZipFile(bomb) as dataset, pytest.raises(UnpackedTooMuchError):
        for piece in read_member(dataset, dataset.infolist()[0], Allowance(5 * 10**6)):
            got += len(piece)
    assert got <= 5 * 10**6


def test_all_members_share_one_allowance(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", content=bytes(600))
    allowance = Allowance(1_000)
    with zipfile.ZipFile(path) as dataset:
        list(read_member(dataset, dataset.infolist()[0], allowance))
        with pytest.raises(UnpackedTooMuchError):
            list(read_member(dataset, dataset.infolist()[0], allowance))


def test_a_zip_that_understates_a_size_is_not_believed(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", content=bytes(10**6), method=zipfile.ZIP_DEFLATED)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 10**6), struct.pack("<L", 10)))
    with pytest.raises(MemberError) as caught:
        read(path, 20)
    assert caught.value.args[0] == "damaged member of a zip"


def test_a_checksum_that_is_not_met_is_told(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", content=b"content")
    path.write_bytes(path.read_bytes().replace(b"content", b"c0ntent"))
    with pytest.raises(MemberError, match="Bad CRC-32"):
        read(path)


def test_an_encrypted_member_is_told(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip")
    spoilt = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        spoilt[spoilt.index(signature) + flags] |= 1
    path.write_bytes(spoilt)
    with pytest.raises(MemberError, match="encrypted"):
        read(path)


def test_spoilt_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", content=b"content" * 9, method=zipfile.ZIP_DEFLATED)
    sound, rng = path.read_bytes(), random.Random(1)
    told = 0
    for _ in range(2_000):
        spoilt = bytearray(sound)
        for _ in range(rng.choice((1, 5))):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        path.write_bytes(spoilt)
        try:
            for _, member in members(path):
                with zipfile.ZipFile(path) as dataset:
                    list(read_member(dataset, member, Allowance(PLENTY)))
        except MemberError:
            told += 1
    assert told > 1_000
