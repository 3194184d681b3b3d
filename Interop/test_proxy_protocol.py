"""The PROXY protocol: what proxies say before the first byte, and who may."""

import socket
import struct

import pytest

from harness import stun
from harness.attack import NETWORKS, connect, exchange
from harness.certificates import Authority
from test_abuse import POLLING, get, status

PROXY, STRANGER = NETWORKS[0], NETWORKS[1]
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
REQUEST = get(POLLING, "localhost")


def line(client, port=5000):
    """A header of version 1."""
    family, server = ("TCP6", "2001:db8::99") if ":" in client else ("TCP4", "192.0.2.99")
    return f"PROXY {family} {client} {server} {port} 443\r\n".encode()


def binary(client, port=5000, extensions=b""):
    """A header of version 2."""
    family, kind = (socket.AF_INET6, 0x21) if ":" in client else (socket.AF_INET, 0x11)
    address = socket.inet_pton(family, client)
    body = address + bytes(len(address)) + struct.pack(">HH", port, 443) + extensions
    return SIGNATURE + bytes([0x21, kind]) + struct.pack(">H", len(body)) + body


# The checksum, the name that the client has asked for, and a unique number, as HAProxy writes them.
EXTENSIONS = b"\x03\x00\x04abcd" + b"\x02\x00\x05a.com" + b"\x05\x00\x02xy"
HEADERS = {
    "version 1": (line("192.0.2.1"), line("192.0.2.2")),
    "version 1, IPv6": (line("2001:db8::1"), line("2001:db8:0:1::1")),
    "version 2": (binary("192.0.2.1"), binary("192.0.2.2")),
    "version 2, IPv6": (binary("2001:db8::1"), binary("2001:db8:0:1::1")),
    "version 2, extensions": (binary("192.0.2.1", extensions=EXTENSIONS), binary("192.0.2.2")),
}


@pytest.fixture(scope="module")
def proxied(start_shared_linkup):
    return start_shared_linkup("--proxy-protocol", PROXY, "--max-network-clients", 2, "--network-handshakes", 100_000)


def ask(server, header, source=PROXY):
    """Opens a session behind a header; returns the status of the answer, or nothing if there was none."""
    answer = exchange(server.address, header + REQUEST, source=source)
    return status(answer) if answer else None


@pytest.mark.parametrize("name", HEADERS)
def test_clients_count_where_the_header_says(start_linkup, name):
    server = start_linkup("--proxy-protocol", PROXY, "--max-network-clients", 2)
    client, other = HEADERS[name]
    assert [ask(server, client) for _ in range(3)] == [200, 200, 429]
    assert ask(server, other) == 200


@pytest.mark.parametrize(
    "header",
    [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN 1 2 3 4\r\n", SIGNATURE + b"\x20\0\0\0", SIGNATURE + b"\x21\0\0\0",
     SIGNATURE + b"\x20\x11\0\x0c" + bytes(12), SIGNATURE + b"\x21\x31\0\xd8" + bytes(216)],
    ids=["UNKNOWN", "UNKNOWN and more", "LOCAL", "UNSPEC", "LOCAL with addresses", "UNIX"],
)
def test_the_proxys_own_connections_are_its_own(start_linkup, header):
    server = start_linkup("--proxy-protocol", PROXY, "--max-network-clients", 1)
    assert [ask(server, header) for _ in range(2)] == [200, 429]
    assert ask(server, line("192.0.2.1")) == 200


def test_nobody_else_has_a_header(proxied):
    assert ask(proxied, b"", STRANGER) == 200
    for header, _ in HEADERS.values():
        answer = exchange(proxied.address, header + REQUEST, source=STRANGER)
        assert not answer or status(answer) == 400
    # Those whom it named have lost nothing by it.
    assert ask(proxied, line("192.0.2.1")) == 200


@pytest.mark.parametrize(
    "header",
    [b"", b"PROXY", b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
     b"PROXY " + b"x" * 200, b"\r\n\r\n\0\r\nQUIT\r", SIGNATURE + b"\x11\x11\0\x0c" + bytes(12),
     SIGNATURE + b"\x21\x11\0\x0b" + bytes(11), SIGNATURE + b"\x21\x41\0\0", SIGNATURE + b"\x22\0\0\0",
     SIGNATURE + b"\x21\x11\xff\xff" + bytes(2048), b"\x16\x03\x01"],
    ids=["none", "half", "five words", "port", "long", "signature", "version 1 in binary", "short", "family", "command",
         "length", "TLS"],
)
def test_proxies_without_a_header_are_sent_away(proxied, header):
    """At once and without a word; there is no telling whom it would be said to."""
    assert ask(proxied, header) is None
    assert ask(proxied, line("198.51.100.1")) in (200, 429)


def test_headers_that_break_off(proxied):
    """After each byte of each header; the connection ends then, and is never taken for the proxy's."""
    for header, _ in HEADERS.values():
        connections = []
        for length in range(len(header)):
            connection = connect(proxied.address, source=PROXY)
            connection.sendall(header[:length])
            connection.shutdown(socket.SHUT_WR)
            connections.append(connection)
        for connection in connections:
            with connection:
                try:
                    assert connection.recv(100) == b""
                except ConnectionResetError:
                    pass
    assert proxied.is_running


def test_a_header_comes_in_pieces(proxied):
    for header, _ in HEADERS.values():
        with connect(proxied.address, source=PROXY) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header + get("/healthz", "localhost"):
                connection.sendall(bytes([byte]))
            assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_a_header_has_ten_seconds(proxied):
    with connect(proxied.address, source=PROXY, timeout=14) as connection:
        connection.sendall(b"PROXY ")
        connection.settimeout(8)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(6)
        assert connection.recv(1) == b""


# MARK: TLS and TURN on the page's port


@pytest.fixture(scope="module")
def shared(start_shared_linkup, tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    certificate, key = authority.issue("localhost")
    options = ["--certificate", certificate, "--private-key", key]
    server = start_shared_linkup(*options, "--proxy-protocol", PROXY, "--max-connections-per-network", 2)
    return server, authority.context()


def open_shared(shared, header, secure):
    server, context = shared
    connection = connect(server.address, source=PROXY)
    connection.sendall(header)
    return context.wrap_socket(connection, server_hostname="localhost") if secure else connection


@pytest.mark.parametrize("secure", [True, False], ids=["TLS", "TCP"])
@pytest.mark.parametrize("make", [line, binary])
@pytest.mark.parametrize("client", ["192.0.2.7", "2001:db8::7"])
def test_turn_sees_the_client(shared, make, client, secure):
    """What it learns as its own address is what the header says, with the port; the next byte is TLS or STUN."""
    with open_shared(shared, make(client, 61234), secure) as connection:
        connection.sendall(stun.request())
        assert stun.mapped_address(stun.read_message(connection)) == (client, 61234)


def test_turn_counts_connections_where_the_header_says(shared):
    connections = [open_shared(shared, line("198.51.100.9", 1000 + number), False) for number in range(2)]
    for connection in connections:
        connection.sendall(stun.request())
        stun.read_message(connection)
    with open_shared(shared, line("198.51.100.9", 1002), False) as third:
        third.sendall(stun.request())
        try:
            assert third.recv(1) == b""
        except ConnectionResetError:
            pass
    with open_shared(shared, line("198.51.100.10"), False) as other:
        other.sendall(stun.request())
        stun.read_message(other)
    for connection in connections:
        connection.close()


def test_the_page_over_tls_counts_by_the_header(start_linkup, tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue("localhost")
    server = start_linkup(
        *("--certificate", certificate, "--private-key", key),
        *("--proxy-protocol", PROXY, "--max-network-clients", 1),
    )
    for expected in (200, 429):
        with open_shared((server, authority.context()), binary("192.0.2.1"), True) as connection:
            connection.sendall(REQUEST)
            assert status(connection.recv(4000)) == expected
