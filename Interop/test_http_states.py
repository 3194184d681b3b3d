"""HTTP connections in every state: what a stop, a client that breaks off and a shortage of descriptors make of them."""

import contextlib
import socket
import time

import pytest

from harness import http
from harness.engineio import target
from harness.waiting import wait_until

HOST = "Host: localhost\r\n"
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def connect(server, text="", receive_buffer=None):
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(10)
    connection.connect(server.address)
    connection.sendall(text.encode())
    return connection


def session(server, path):
    response = http.request(server.address, "GET", target(path, EIO=4, transport="polling"))
    return response.text.split('"')[3]


def requests(path, sid):
    """The begins of requests that are not complete, or whose responses are not read, by what they are."""
    post = f"POST {path}?EIO=4&transport=polling&sid="
    web_socket = f"GET {path}?EIO=4&transport=websocket"
    return {
        "silent": "",
        "half a head": "GET /",
        "body": f"{post}{sid} HTTP/1.1\r\n{HOST}Content-Length: 50\r\n\r\n4a",
        "body of no session": f"{post}x HTTP/1.1\r\n{HOST}Content-Length: 50\r\n\r\n4a",
        "chunks": f"{post}x HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n5\r\n4aaaa\r\n",
        "another path": f"POST /other HTTP/1.1\r\n{HOST}Content-Length: 50\r\n\r\n4a",
        "GET with a body": f"GET {path}?EIO=4&transport=polling HTTP/1.1\r\n{HOST}Content-Length: 1\r\n\r\n",
        "upgrade with a body": f"{web_socket} HTTP/1.1\r\n{HOST}{UPGRADE}Content-Length: 5\r\n\r\n",
        "upgrade that does not come": f"{web_socket}&sid={sid} HTTP/1.1\r\n{HOST}{UPGRADE}\r\n",
        "WebSocket": f"{web_socket} HTTP/1.1\r\n{HOST}{UPGRADE}\r\n",
        "unread": f"GET / HTTP/1.1\r\n{HOST}\r\n" * 3000,
    }


@pytest.fixture(params=["linkup", "conformance"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def path(server):
    return "/engine.io/" if server.program == "socketio-conformance" else "/socket.io/"


def test_a_stop_waits_for_no_state(server, path):
    with contextlib.ExitStack() as connections:
        for text in requests(path, session(server, path)).values():
            connections.enter_context(connect(server, text, receive_buffer=2048))
        # What was sent before has been read when this is answered, on one loop or soon after on another.
        session(server, path)
        time.sleep(0.5)
        assert server.stop(timeout=7) == 0


def test_broken_bodies_leave_nothing(server, path):
    def break_off():
        request = f"POST {path}?EIO=4&transport=polling&sid={session(server, path)} HTTP/1.1\r\n{HOST}"
        connect(server, f"{request}Content-Length: 999999\r\n\r\n4" + "a" * 400_000).close()

    for _ in range(20):
        break_off()
    before = server.resident_bytes
    for _ in range(200):
        break_off()
    # 80 MB came.
    wait_until(lambda: server.resident_bytes - before < 20_000_000, what="the server to let go of the bodies")


@pytest.mark.timeout(120)
def test_who_reads_no_response_is_let_go(start_linkup):
    """Whether what is asked for is more than the system keeps for a socket, or all of it has left the program."""
    linkup = start_linkup("--http-response-timeout", 3, "--http-idle-timeout", 4)
    session(linkup, "/socket.io/")
    # The connection of that has to end first.
    time.sleep(0.5)
    before = linkup.descriptors
    with contextlib.ExitStack() as connections:
        for count in (1, 50, 3000):
            text = f"GET / HTTP/1.1\r\n{HOST}\r\n" * count
            connections.enter_context(connect(linkup, text, receive_buffer=2048))
        wait_until(lambda: linkup.descriptors >= before + 3, what="the connections to be served")
        # The time to take a response, or to ask again once it was taken.
        wait_until(lambda: linkup.descriptors <= before, timeout=80, what="the connections to end")
        # New clients are served meanwhile and after.
        session(linkup, "/socket.io/")
