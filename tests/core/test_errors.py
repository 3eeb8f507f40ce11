import errno
import os
from pathlib import Path

import pytest

from dermoscopy.core.errors import OS_REMEDIES, os_error_message


@pytest.mark.parametrize("number", OS_REMEDIES, ids=errno.errorcode.get)
def test_message_has_the_path_the_reason_and_what_to_do(number):
    message = os_error_message(OSError(number, os.strerror(number), "data/split"))
    assert message is not None
    assert message.startswith(f"data/split: {os.strerror(number)}. ")
    assert len(message.splitlines()) == 2
    assert "Errno" not in message


@pytest.mark.parametrize("path", [b"data/\xff", Path("data/split")])
def test_the_path_may_be_bytes_or_a_path(path):
    message = os_error_message(OSError(errno.EROFS, "Read-only file system", path))
    assert message is not None
    assert message.startswith("data/")


@pytest.mark.parametrize("filename", [None, 3])
def test_the_path_may_be_unknown(filename):
    message = os_error_message(OSError(errno.ENOSPC, "No space left on device", filename))
    assert message is not None
    assert message.startswith("No space left on device. ")


def test_the_number_may_be_in_the_text():
    error = OSError("Unable to create file (name = 'model.weights.h5', errno = 30, error message = 'Read-only')")
    message = os_error_message(error)
    assert message is not None
    assert "read-only" in message.lower()


@pytest.mark.parametrize("error", [OSError("cannot identify image file"), OSError(errno.EPIPE, "Broken pipe")])
def test_other_errors_have_no_message(error):
    assert os_error_message(error) is None
