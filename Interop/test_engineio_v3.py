"""Engine.IO 3, as Socket.IO 2 clients speak it."""

import re
from http.client import HTTPException

import pytest

from harness import http
from harness.engineio import EngineSocket, Polling, target


@pytest.fixture
def server(start_conformance):
    return start_conformance(ping_interval=300, ping_timeout=200, allow_eio3=True)


def test_open_packet(server):
    response = http.request(server.address, "GET", target("/engine.io/", EIO=3, transport="polling", b64=1))
    assert re.match(r"\d+:0\{", response.text)
    session = Polling(server.address, protocol=3, b64=1)
    assert {"sid", "upgrades", "pingInterval", "pingTimeout"} <= set(session.open)
    with EngineSocket(server.address, protocol=3) as socket:
        assert {"sid", "upgrades", "pingInterval", "pingTimeout"} <= set(socket.open)


@pytest.mark.parametrize(
    "body, answer",
    [
        ("6:4hello", "6:4hello"),
        ("6:4test16:4test26:4test3", "6:4test16:4test26:4test3"),
        ("6:4hello10:b4AQIDBA==", "6:4hello10:b4AQIDBA=="),
        # The length counts characters, in UTF-16 code units, not bytes.
        ("3:4äö", "3:4äö"),
        ("3:4😀", "3:4😀"),
    ],
)
def test_echo_with_base64(server, body, answer):
    session = Polling(server.address, protocol=3, b64=1)
    assert session.post(body).text == "ok"
    assert session.poll() == answer


def test_binary_payload(server):
    session = Polling(server.address, protocol=3)
    assert session.post("6:4hello10:b4AQIDBA==").text == "ok"
    response = session.get()
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.body == bytes.fromhex("0006ff3468656c6c6f" "0105ff0401020304")


@pytest.mark.parametrize("body", ["abc", "6:4hell", "-1:4", "99999999999999999999:4", "1:9"])
def test_undecodable_payload_ends_the_session(server, body):
    session = Polling(server.address, protocol=3, b64=1)
    try:
        assert session.post(body).status == 400
    except (ConnectionError, HTTPException):
        pass
    assert session.get().status == 400


def test_ping_comes_from_the_client(server):
    session = Polling(server.address, protocol=3, b64=1)
    assert session.post("1:2").text == "ok"
    assert session.poll() == "1:3"
    with EngineSocket(server.address, protocol=3) as socket:
        for _ in range(3):
            socket.send("2")
            assert socket.receive() == "3"


def test_silence_ends_the_connection(server):
    with EngineSocket(server.address, protocol=3) as socket:
        socket.expect_closed()


def test_binary_frames_carry_the_type(server):
    with EngineSocket(server.address, protocol=3) as socket:
        socket.send(b"\x04\x01\x02\x03")
        assert socket.receive() == b"\x04\x01\x02\x03"
        socket.send("4hello")
        assert socket.receive() == "4hello"


def test_close_packet(server):
    # As in protocol 4, the packet may overtake the poll.
    for _ in range(20):
        session = Polling(server.address, protocol=3, b64=1)
        poll = session.begin_poll()
        assert session.post("1:1").text == "ok"
        response = poll.response()
        if response.status != 400:
            break
    assert response.text == "1:6"
    assert session.get().status == 400


def test_upgrade(server):
    session = Polling(server.address, protocol=3, b64=1)
    with EngineSocket(server.address, protocol=3, sid=session.sid) as socket:
        poll = session.begin_poll()
        socket.send("2probe")
        assert socket.receive() == "3probe"
        assert poll.response().text == "1:6"
        socket.send("5")
        assert session.get().status == 400
        socket.send("4hello")
        assert socket.receive() == "4hello"


def test_scripts_and_forms(server):
    """JSONP: responses call the client's callback, and packets come in a form."""
    query = {"EIO": 3, "transport": "polling", "j": 3, "b64": 1}
    response = http.request(server.address, "GET", target("/engine.io/", **query))
    script = re.fullmatch(r'___eio\[3\]\("(.*)"\);', response.text)
    assert script, response.text
    query["sid"] = re.search(r'\\"sid\\":\\"([^\\]+)', script[1])[1]
    for body, answer in [("d=6%3A4a%5C%5Cn%5Cnb", r'___eio[3]("6:4a\\n\nb");'), ("d=10%3Ab4AQIDBA%3D%3D", '___eio[3]("10:b4AQIDBA==");')]:
        # What the form carries: a backslash and an n come with two backslashes, a newline as a backslash and an n.
        response = http.request(
            server.address,
            "POST",
            target("/engine.io/", **query),
            body=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert (response.status, response.text) == (200, "ok")
        assert http.request(server.address, "GET", target("/engine.io/", **query)).text == answer
    assert http.request(server.address, "POST", target("/engine.io/", **query), body="x=1").text == "ok"
