"""Engine.IO 4 over HTTP long-polling, byte by byte."""

import base64
import json
import re
import time
import zlib
from http.client import HTTPException

import pytest

from harness import http
from harness.engineio import Polling, target
from harness.waiting import wait_until

OPEN_KEYS = {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}


MESSAGES = {
    0: "Transport unknown",
    1: "Session ID unknown",
    2: "Bad handshake method",
    3: "Bad request",
    5: "Unsupported protocol version",
}


def test_open_packet_has_exactly_the_five_members(start_conformance):
    server = start_conformance(ping_interval=300, ping_timeout=200)
    response = http.request(server.address, "GET", target("/engine.io/", EIO=4, transport="polling"))
    assert response.status == 200
    assert response.headers["content-type"].lower() == "text/plain; charset=utf-8"
    session = Polling(server.address)
    assert set(session.open) == OPEN_KEYS
    assert re.fullmatch(r"[A-Za-z0-9_-]{20}", session.sid)
    assert session.open["upgrades"] == ["websocket"]
    assert (session.open["pingInterval"], session.open["pingTimeout"]) == (300, 200)
    assert session.open["maxPayload"] == 1_000_000


@pytest.mark.parametrize(
    "method, query, code",
    [
        ("GET", {"EIO": 4}, 0),
        ("GET", {"EIO": 4, "transport": "abc"}, 0),
        ("GET", {"EIO": 4, "transport": "__proto__"}, 0),
        ("GET", {"transport": "polling"}, 5),
        ("GET", {"EIO": "abc", "transport": "polling"}, 5),
        ("GET", {"EIO": 3, "transport": "polling"}, 5),
        ("POST", {"EIO": 4, "transport": "polling"}, 2),
        ("PUT", {"EIO": 4, "transport": "polling"}, 2),
        ("GET", {"EIO": 4, "transport": "polling", "sid": "AAAAAAAAAAAAAAAAAAAA"}, 1),
        ("GET", {"EIO": 4, "transport": "websocket"}, 3),
    ],
)
def test_refused_handshakes(shared_conformance, method, query, code):
    body = "" if method != "GET" else None
    response = http.request(shared_conformance.address, method, target("/engine.io/", **query), body=body)
    assert response.status == 400
    assert response.headers["content-type"].startswith("application/json")
    assert json.loads(response.body) == {"code": code, "message": MESSAGES[code]}


def test_message_is_echoed(shared_conformance):
    session = Polling(shared_conformance.address)
    response = session.post("4hello")
    assert (response.status, response.text) == (200, "ok")
    response = session.get()
    assert response.text == "4hello"
    assert response.headers["content-type"].lower() == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"


def test_several_packets_in_one_payload(shared_conformance):
    session = Polling(shared_conformance.address)
    session.send("4test1", "4test2", "4test3")
    assert session.poll() == "4test1\x1e4test2\x1e4test3"


def test_binary_is_base64_without_packet_type(shared_conformance):
    session = Polling(shared_conformance.address)
    session.send("4hello", "bAQIDBA==")
    assert session.poll() == "4hello\x1ebAQIDBA=="


@pytest.mark.parametrize(
    ("packet", "size"),
    [
        ("b", 0),
        ("bPg==\n", 1),
        ("bPjk0LyolIBsWEQwHAv348+7p5N/a1dDLxsG8t7KtqKOemZSPioWAe3ZxbGdiXVhTTklEPzo1MCsm\n", 57),
        ("bPjk0LyolIBsWEQwHAv348+7p5N/a1dDLxsG8t7KtqKOemZSPioWAe3ZxbGdiXVhTTklEPzo1MCsm\nIQ==\n", 58),
    ],
    ids=lambda value: value if isinstance(value, int) else "",
)
def test_binary_as_the_java_client_writes_it(shared_conformance, packet, size):
    """Made by the encoder of engine.io-client-java: a line end after 76 characters and after the last one."""
    session = Polling(shared_conformance.address)
    session.send("4hello", packet, "4hello")
    data = bytes((number * 251 + 62) % 256 for number in range(size))
    assert session.receive(3) == ["4hello", "b" + base64.b64encode(data).decode(), "4hello"]


@pytest.mark.parametrize("text", ["Ä ä Ü ü ß", "てすと", "😀", 'quote " and \\', "4", ""])
def test_text_survives(shared_conformance, text):
    session = Polling(shared_conformance.address)
    session.send("4" + text)
    assert session.poll() == "4" + text


def test_poll_waits_for_data(shared_conformance):
    session = Polling(shared_conformance.address)
    poll = session.begin_poll()
    session.send("4later")
    assert poll.response().text == "4later"


@pytest.mark.parametrize("body", ["abc", "", "4a\x1e", "9", "b!!!"])
def test_undecodable_payload_ends_the_session(shared_conformance, body):
    session = Polling(shared_conformance.address)
    try:
        assert session.post(body).status == 400
    except (ConnectionError, HTTPException):
        pass
    assert session.get().status == 400


def test_second_poll_ends_the_session(shared_conformance):
    session = Polling(shared_conformance.address)
    first = session.begin_poll()
    # Both are on their way at once; whichever the server sees second is the wrong one.
    second = session.begin_poll()
    answers = sorted([first.response(), second.response()], key=lambda response: response.status)
    assert (answers[0].status, answers[0].text) == (200, "1")
    assert answers[1].status == 400
    assert session.get().status == 400


def test_abandoned_poll_ends_the_session(shared_conformance):
    session = Polling(shared_conformance.address)
    session.begin_poll().abort()
    # The server learns of it when the end of the stream reaches it. Noops draw no answer into the abandoned poll.
    wait_until(lambda: session.post("6").status == 400, what="the session to end")
    assert session.get().status == 400


def test_close_packet(shared_conformance):
    # Nothing tells a client that its poll has arrived before what it sends on another connection: if it has not, the
    # session is gone when it does.
    for _ in range(20):
        session = Polling(shared_conformance.address)
        poll = session.begin_poll()
        session.send("1")
        response = poll.response()
        if response.status != 400:
            break
    assert (response.status, response.text) == (200, "6")
    response = session.get()
    assert response.status == 400
    assert b'"code":1' in response.body


def test_heartbeat(start_conformance):
    server = start_conformance(ping_interval=300, ping_timeout=200)
    session = Polling(server.address)
    for _ in range(3):
        assert session.poll() == "2"
        session.send("3")


def test_session_without_pong_times_out(start_conformance):
    server = start_conformance(ping_interval=300, ping_timeout=200)
    begin = time.monotonic()
    session = Polling(server.address)
    # The ping falls due after 300 ms and the pong 200 ms later. That is measured from the handshake, whether the
    # client polls or not; only time itself can be waited for here.
    time.sleep(max(0, begin + 0.55 - time.monotonic()))
    assert session.get().status == 400


def test_payload_limit(start_conformance):
    server = start_conformance(max_payload=1000)
    session = Polling(server.address)
    assert session.open["maxPayload"] == 1000
    exact = "4" + "x" * 999
    session.send(exact)
    assert session.poll() == exact
    response = session.post(exact + "x")
    assert (response.status, response.body) == (413, b"")
    # The official client gives the session up when it sees this; the server does so at once, with a reason of its own.
    wait_until(lambda: "too large a payload" in server.log, what="the log to say so")
    assert re.search(r"limit=1000 .*size=1001", server.log)
    assert session.get().status == 400


def test_payload_limit_with_a_waiting_poll(start_conformance):
    # One loop takes the poll before the POST; on two they could change places.
    server = start_conformance(max_payload=100, loops=1)
    session = Polling(server.address)
    poll = session.begin_poll()
    assert session.post("4" + "x" * 100).status == 413
    # The poll is not answered, or else the client polls again and sees that fail before it sees the 413.
    assert not poll.has_answer(within=0.3)
    poll.abort()
    assert session.get().status == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_on_a_session(shared_conformance, method):
    session = Polling(shared_conformance.address)
    response = http.request(shared_conformance.address, method, session.target, body="")
    assert response.status == 500


def test_binary_content_type_is_refused(shared_conformance):
    session = Polling(shared_conformance.address)
    response = session.post(b"\x00\x01", headers={"Content-Type": "application/octet-stream"})
    assert (response.status, response.body) == (400, b"")
    assert session.get().status == 400


def test_cross_origin_requests_are_allowed_here(shared_conformance):
    headers = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = http.request(
        shared_conformance.address, "OPTIONS", target("/engine.io/", EIO=4, transport="polling"), headers=headers
    )
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    # Errors carry the header too: a browser hides their JSON otherwise.
    for query in ({"EIO": 4, "transport": "polling"}, {"EIO": 4, "transport": "none"}):
        response = http.request(shared_conformance.address, "GET", target("/engine.io/", **query), headers=headers)
        assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "accepted, coding, window", [("gzip, deflate", "gzip", 31), ("gzip;q=0.2, deflate;q=0.3", "deflate", 15), ("br", None, 0)]
)
def test_large_responses_are_compressed(shared_conformance, accepted, coding, window):
    session = Polling(shared_conformance.address)
    message = "4" + "hello " * 1000
    session.send(message)
    response = http.request(shared_conformance.address, "GET", session.target, headers={"Accept-Encoding": accepted})
    assert response.headers.get("content-encoding") == coding
    assert response.headers["vary"] == "Accept-Encoding"
    body = zlib.decompress(response.body, window) if coding else response.body
    assert body.decode() == message
    session.send("4short")
    response = http.request(shared_conformance.address, "GET", session.target, headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in response.headers
    assert response.text == "4short"
