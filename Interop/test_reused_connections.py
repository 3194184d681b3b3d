"""One HTTP connection for everything, as proxies keep them: requests of the page, and then a WebSocket."""

import json
import socket
import time

import pytest

from harness.certificates import Authority
from harness.engineio import target
from harness.websocket import Closed, WebSocket

FIELDS = (
    "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
POLLING = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1"
PAGE = "GET /healthz HTTP/1.1"
MISSING = "GET /no-such-page HTTP/1.1"


class Reused(WebSocket):
    """A WebSocket on a connection that is there already."""

    def __init__(self, connection, asked):
        self.socket, self._unread = connection, b""
        connection.sendall(f"GET {asked} HTTP/1.1\r\n{FIELDS}\r\n".encode())
        self._finish_handshake()


@pytest.fixture(params=["HTTP", "HTTPS"], scope="module")
def server(request, start_shared_linkup, tmp_path_factory):
    """A server, and how to connect to it."""
    options = ["--network-handshakes", 100_000]
    if request.param == "HTTP":
        server = start_shared_linkup(*options)
        return server, lambda: socket.create_connection(server.address, timeout=10)
    authority = Authority(tmp_path_factory.mktemp("authority"))
    certificate, key = authority.issue("localhost")
    server = start_shared_linkup(*options, "--certificate", certificate, "--private-key", key)
    context = authority.context()

    def connect():
        connection = socket.create_connection(server.address, timeout=10)
        return context.wrap_socket(connection, server_hostname="localhost")

    return server, connect


def ask(connection, request):
    """Makes a request on a connection that stays, and returns the body of the answer."""
    connection.sendall(f"{request}\r\nHost: localhost\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, body = data.split(b"\r\n\r\n", 1)
    fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
    while len(body) < int(fields["content-length"]):
        body += connection.recv(65536)
    return body.decode()


def open_session(connect):
    """A session that began with long-polling, on a loop of its own choice; returns its id."""
    with connect() as connection:
        return json.loads(ask(connection, POLLING)[1:])["sid"]


@pytest.mark.parametrize(
    "before", [[PAGE], [PAGE, MISSING, PAGE], [POLLING, PAGE], [PAGE, POLLING]], ids=["page", "several", "polling and page", "page and polling"]
)
@pytest.mark.parametrize("kind", ["session", "upgrade"])
def test_a_websocket_follows_requests_for_the_page(server, before, kind):
    """Browsers open another connection for it, proxies do not. Several, so that connections of both loops are met."""
    server, connect = server
    for _ in range(4):
        asked = target("/socket.io/", EIO=4, transport="websocket")
        if kind == "upgrade":
            asked += f"&sid={open_session(connect)}"
        with connect() as connection:
            for request in before:
                ask(connection, request)
            client = Reused(connection, asked)
            if kind == "session":
                assert client.receive().startswith("0{")
                client.send("40/room,")
            else:
                client.send("2probe")
                assert client.receive() == "3probe"
                client.send("5")
                client.send("40/room,")
            assert client.receive().startswith('40/room,{"sid":')
            # It ends as others do.
            client.send_frame(0x8, b"\x03\xe8")
            assert client.receive() == Closed(1000)
    assert server.is_running


def test_it_ends_when_the_server_stops(start_linkup):
    server = start_linkup()
    connection = socket.create_connection(server.address, timeout=10)
    ask(connection, PAGE)
    with Reused(connection, target("/socket.io/", EIO=4, transport="websocket")) as client:
        assert client.receive().startswith("0{")
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < 5
        assert isinstance(client.receive(), Closed)
