"""Garbage on every layer: the right refusal, and no harm to a connection that was there all along."""

import contextlib
import os
import random
import socket
import struct
from http.client import HTTPException

import pytest

from harness import http
from harness.engineio import EngineSocket, Polling, SocketIOSocket, target
from harness.websocket import BINARY, CLOSE, PING, TEXT, Closed, Refused, WebSocket

OPEN = target("/engine.io/", EIO=4, transport="websocket")


@pytest.fixture(scope="module")
def bystander(shared_conformance):
    """A connection that is open from the first of these tests to the last."""
    with SocketIOSocket(shared_conformance.address) as connection:
        yield connection


@pytest.fixture(autouse=True)
def nobody_else_is_harmed(shared_conformance, bystander):
    bystander.echo()
    yield
    assert shared_conformance.is_running
    bystander.echo()
    with SocketIOSocket(shared_conformance.address) as newcomer:
        newcomer.echo()


def exchange(address, data):
    """Sends bytes on a new connection and reads until the server closes it or leaves it open in silence."""
    with socket.create_connection(address, timeout=2) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except OSError:
            pass
        return answer


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n", None),
        (b"\0" * 1000, 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /engine.io/ HTTP/9.9\r\n\r\n", 505),
        (b"GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /engine.io/ HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /engine.io/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4abc", 400),
        (b"POST /engine.io/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /engine.io/ HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        # No more than is read at once: a close with input that nobody has read may lose the answer.
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Header: value\r\n" * 1000 + b"\r\n", 431),
        (b"GET /engine.io/%zz?EIO=%4&transport=%70olling&sid=%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500, 400),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else str(value),
)
def test_http_garbage(shared_conformance, data, status):
    """Each is answered once; where nothing was asked, nothing is answered."""
    answer = exchange(shared_conformance.address, data)
    if status is None:
        assert answer == b""
    else:
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()) and answer.count(b"HTTP/1.1 ") == 1, answer[:200]


def test_http_noise(shared_conformance):
    noise = random.Random(1)
    for _ in range(100):
        exchange(shared_conformance.address, noise.randbytes(noise.randrange(1, 2000)))


def test_half_a_request_and_silence(shared_conformance):
    connections = [socket.create_connection(shared_conformance.address) for _ in range(50)]
    for connection in connections:
        connection.sendall(b"GET /socket.io/?EIO=4")
    with SocketIOSocket(shared_conformance.address) as newcomer:
        newcomer.echo()
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(
    "frame, code",
    [
        ({"opcode": TEXT, "payload": b"4x", "masked": False}, 1002),
        ({"opcode": TEXT, "payload": b"4x", "reserved": 4}, 1002),
        ({"opcode": TEXT, "payload": b"4x", "reserved": 1}, 1002),
        ({"opcode": 3, "payload": b"4x"}, 1002),
        ({"opcode": 0xF, "payload": b""}, 1002),
        ({"opcode": 0, "payload": b"nothing to continue"}, 1002),
        ({"opcode": PING, "payload": b"x" * 126}, 1002),
        ({"opcode": PING, "payload": b"", "final": False}, 1002),
        ({"opcode": CLOSE, "payload": b"\x03"}, 1002),
        ({"opcode": TEXT, "payload": b"4\xff\xfe"}, 1007),
        ({"opcode": TEXT, "payload": b"4\xed\xa0\x80"}, 1007),
        ({"opcode": TEXT, "payload": b"4" + b"x" * 1_000_000}, 1009),
        ({"opcode": BINARY, "payload": b"x" * 1_000_001}, 1009),
        ({"opcode": BINARY, "payload": b"", "announced": 2**62}, 1009),
        ({"opcode": BINARY, "payload": b"", "announced": 2**63 + 5}, 1009),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, dict) else str(value),
)
def test_websocket_violations(shared_conformance, frame, code):
    with EngineSocket(shared_conformance.address) as connection:
        try:
            connection.send_frame(**frame)
        except ConnectionError:
            pass
        end = connection.expect_closed()
        assert end.code == code


def test_endless_fragments_are_cut_off(shared_conformance):
    with EngineSocket(shared_conformance.address) as connection:
        connection.send_frame(TEXT, b"4", final=False)
        try:
            for _ in range(200):
                connection.send_frame(0, b"x" * 10_000, final=False)
        except ConnectionError:
            pass
        assert isinstance(connection.expect_closed(), Closed)


def test_fragment_within_a_message(shared_conformance):
    with EngineSocket(shared_conformance.address) as connection:
        connection.send_frame(TEXT, b"4a", final=False)
        connection.send_frame(TEXT, b"4b")
        connection.expect_closed()


def test_websocket_noise(shared_conformance):
    noise = random.Random(2)
    for _ in range(100):
        with EngineSocket(shared_conformance.address) as connection:
            try:
                connection.socket.sendall(noise.randbytes(noise.randrange(1, 500)))
                connection.socket.shutdown(socket.SHUT_WR)
                while not isinstance(connection.receive(), Closed):
                    pass
            except (ConnectionError, TypeError):
                pass


def test_frames_before_the_handshake_is_answered(shared_conformance):
    request = (
        f"GET {OPEN} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()
    hello = bytes([0x81, 0x86]) + bytes(4) + b"4hello"
    with socket.create_connection(shared_conformance.address, timeout=5) as connection:
        connection.sendall(request + hello)
        answer = b""
        while b"4hello" not in answer:
            part = connection.recv(65536)
            if not part:
                break
            answer += part
        assert b"4hello" in answer


@pytest.mark.parametrize("sid", ["", "x", "../../etc/passwd", "A" * 5000, "%00", "\u00e4"])
def test_strange_session_ids(shared_conformance, sid):
    for method in ("GET", "POST"):
        response = http.request(
            shared_conformance.address,
            method,
            target("/engine.io/", EIO=4, transport="polling", sid=sid),
            body="4x" if method == "POST" else None,
        )
        assert (response.status, response.text) == (400, '{"code":1,"message":"Session ID unknown"}')
    with pytest.raises(Refused) as refused:
        WebSocket(shared_conformance.address, target("/engine.io/", EIO=4, transport="websocket", sid=sid))
    assert refused.value.status == 400


# What is no UTF-8, and what begins with no packet's type.
@pytest.mark.parametrize("start", [b"\xff", b"x"])
def test_polling_noise(shared_conformance, start):
    """One such payload is refused, and ends the session."""
    noise = random.Random(3)
    for _ in range(100):
        session = Polling(shared_conformance.address, "/socket.io/")
        assert session.post(start + noise.randbytes(noise.randrange(1, 200))).status == 400
        assert session.get().status == 400


def test_socketio_noise(shared_conformance):
    """Packets that are almost right, made by changing single characters of right ones."""
    noise = random.Random(4)
    packets = [
        '42["message",1,"2",{"3":[true]}]',
        '421["message-with-ack",{"a":null}]',
        '451-["message",{"_placeholder":true,"num":0}]',
        '461-0[{"_placeholder":true,"num":0}]',
        '40/custom,{"token":"x"}',
        '4312["x"]',
    ]
    for _ in range(300):
        packet = list(noise.choice(packets))
        for _ in range(noise.randrange(1, 4)):
            packet[noise.randrange(len(packet))] = chr(noise.randrange(32, 127))
        with SocketIOSocket(shared_conformance.address) as connection:
            try:
                connection.send("".join(packet))
                connection.send(b"\x01")
                connection.send_frame(CLOSE, b"")
            except ConnectionError:
                pass
            while not isinstance(connection.receive(), Closed):
                pass


def test_connections_that_reset(shared_conformance):
    """A reset in the middle of everything."""
    for step in range(60):
        connection = SocketIOSocket(shared_conformance.address, join=False)
        # The server may have closed the connection before all is sent: some of it is a violation.
        with contextlib.suppress(ConnectionError):
            connection.send("40" if step % 3 else '40/custom,{"a":')
            connection.send('42["join","room"]')
            if step % 2:
                connection.send('451-["message",{"_placeholder":true,"num":0}]')
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.socket.close()


def test_client_that_never_reads(shared_conformance):
    """A client that asks for more than it takes is the only one to suffer."""
    with EngineSocket(shared_conformance.address) as connection:
        connection.socket.settimeout(3)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        data = os.urandom(500_000)
        try:
            for _ in range(200):
                connection.send(data)
        except (ConnectionError, TimeoutError):
            pass
