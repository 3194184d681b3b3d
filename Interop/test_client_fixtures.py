"""What the official clients' own tests check of a server, against the fixtures that stand in for theirs."""

import json

import pytest

from harness import http
from harness.engineio import EngineSocket, Polling, SocketIOSocket, target
from harness.websocket import Closed, Refused

COOKIES = [
    "1=1; Max-Age=86400",
    "2=2; Path=/; HttpOnly; Secure; SameSite=Strict",
    "3=3; Max-Age=0",
    "4=4; Expires=Thu, 01 Jan 2015 00:00:00 GMT",
]


@pytest.fixture(scope="module")
def engine(start_shared_server):
    """The server of the Engine.IO client's tests."""
    arguments = ["--mode", "engine.io-client", "--port", 0]
    return start_shared_server("socketio-conformance", arguments, ready=r"listening on (\d+)")


@pytest.fixture(scope="module")
def io(start_shared_server):
    """The server of the Socket.IO client's tests."""
    arguments = ["--mode", "socket.io-client", "--port", 0]
    return start_shared_server("socketio-conformance", arguments, ready=r"listening on (\d+)")


def test_handshake_of_the_engine(engine):
    session = Polling(engine.address)
    assert (session.open["pingInterval"], session.open["maxPayload"]) == (500, 100)
    assert session.receive(1) == ["4hi"]
    session.send("4give binary", "4give utf8", "4€")
    assert session.receive(3) == ["bAAECAwQ=", "4пойду спать всем спокойной ночи", "4€"]


def test_cookies_come_with_the_handshake_alone(engine):
    response = http.request(engine.address, "GET", target("/engine.io/", EIO=4, transport="polling"))
    assert response.headers["set-cookie"] == ", ".join(COOKIES)
    sid = json.loads(response.text[1:].split("\x1e")[0])["sid"]
    later = http.request(engine.address, "GET", target("/engine.io/", EIO=4, transport="polling", sid=sid))
    assert "set-cookie" not in later.headers
    with EngineSocket(engine.address) as socket:
        for cookie in COOKIES:
            assert f"set-cookie: {cookie}\r\n" in (socket.response_head + "\r\n").replace("Set-Cookie", "set-cookie")


def test_header_of_a_later_request(engine):
    session = Polling(engine.address)
    assert session.receive(1) == ["4hi"]
    response = session.post("4sendHeaders", headers={"Cookie": "1=1; 2=2"})
    assert (response.status, response.text) == (200, "ok")
    assert json.loads(session.receive(1)[0][1:])["cookie"] == "1=1; 2=2"


def test_denied_handshake(engine):
    response = http.request(engine.address, "GET", target("/engine.io/", EIO=4, transport="polling", deny=1))
    assert response.status == 403
    assert json.loads(response.text) == {"code": 4, "message": "Forbidden"}
    with pytest.raises(Refused) as refused:
        EngineSocket(engine.address, deny=1)
    assert (refused.value.status, refused.value.text) == (400, "Forbidden")


def test_unknown_session(engine):
    response = http.request(engine.address, "GET", target("/engine.io/", EIO=4, transport="polling", sid="abc"))
    assert (response.status, response.text) == (400, '{"code":1,"message":"Session ID unknown"}')


def test_limit_of_the_payload(engine):
    with EngineSocket(engine.address) as socket:
        assert socket.receive_past_pings() == "4hi"
        socket.send("4" + "a" * 99)
        assert socket.receive_past_pings() == "4" + "a" * 99
        socket.send("4" + "a" * 100)
        assert socket.expect_closed() == Closed(1009)


def join(io, packet="40", **query):
    socket = SocketIOSocket(io.address, join=False, **query)
    socket.send(packet)
    return socket, socket.receive_past_pings()


def ask(socket, text):
    socket.send(text)
    return socket.receive_past_pings()


def test_who_may_join(io):
    for packet, query, answer in [
        ("40", {"fail": 1}, '44{"message":"Auth failed (main namespace)"}'),
        ("40/no,", {}, '44/no,{"message":"Auth failed (custom namespace)"}'),
        ("40/invalid,", {}, '44/invalid,{"message":"Invalid namespace"}'),
    ]:
        assert join(io, packet, **query)[1] == answer
    for name in ["/foo", "/timeout_socket", "/valid", "/asd"]:
        assert join(io, f"40{name},")[1].startswith(f'40{name},{{"sid":')


def test_handshake_of_a_socket(io):
    socket, _ = join(io, '40/abc,{"token":"t"}', **{"&a": "&=?a"})
    packet = socket.receive_past_pings()
    assert packet.startswith('42/abc,["handshake",')
    handshake = json.loads(packet.removeprefix("42/abc,"))[1]
    assert (handshake["auth"], handshake["query"]["&a"]) == ({"token": "t"}, "&=?a")
    assert "a" not in handshake["query"] and handshake["headers"]["upgrade"] == "websocket"


def test_acknowledgements_in_order_and_nothing_else(io):
    socket, _ = join(io)
    for number in range(4):
        assert ask(socket, f'42{number}["echo",{number}]') == f"43{number}[{number}]"
    assert ask(socket, '424["echo",null]') == "434[null]"


def test_events_of_the_fixture(io):
    socket, connected = join(io)
    sid = json.loads(connected[2:])["sid"]
    assert ask(socket, '420["getId"]') == f'430["{sid}"]'
    assert ask(socket, '42["false"]').startswith('42["false",false')
    assert ask(socket, '421["getAckDate",{}]').endswith('Z"]')
    socket.send('42["getUtf8"]')
    texts = [json.loads(socket.receive_past_pings()[2:])[1] for _ in range(5)]
    assert texts[:4] == ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string"]


def test_binary_events_of_the_fixture(io):
    socket, _ = join(io)
    assert ask(socket, '42["doge"]').startswith('451-["doge",{"_placeholder":true,"num":0}')
    assert socket.receive_past_pings() == b"asdfasdf"
    socket.send('451-["abuff1",{"_placeholder":true,"num":0}]')
    socket.send(b"first")
    assert ask(socket, '42["abuff2","second"]').startswith('42["abuff2-ack"')
    socket.send('451-["jsonbuff",{"hello":"lol","message":{"_placeholder":true,"num":0},"goodbye":"gotcha"}]')
    socket.send(b"\x00\xff")
    assert socket.receive_past_pings().startswith('42["jsonbuff-ack"')
