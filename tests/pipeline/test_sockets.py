"""Tests have no network: only those with the mark `allow_hosts` may open a socket, and it reaches this machine only.

This holds for the process of the tests, not for those that it starts. Clones run without a network: see project.py.
"""

import socket

import pytest
from pytest_socket import SocketBlockedError, SocketConnectBlockedError

OTHER_MACHINE = ("192.0.2.1", 9)  # an address for examples (RFC 5737)

pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use socket")


def test_without_the_mark_there_is_no_socket():
    with pytest.raises(SocketBlockedError):
        socket.socket()
    with pytest.raises(SocketBlockedError):
        socket.getaddrinfo("localhost", 80)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_with_the_mark_a_socket_reaches_this_machine_only():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with pytest.raises(SocketConnectBlockedError, match=OTHER_MACHINE[0]):
        socket.create_connection(OTHER_MACHINE)
