"""The programs below Examples/, each started as its header says and used for what it shows."""

import base64
import hashlib
import hmac
import json
import queue
import re
import time

import pytest
import requests
import socketio
from socketio.exceptions import ConnectionError

from harness.waiting import wait_until

# As short as the example allows.
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def start_example(start_server):
    """Starts an example on a port that the system chooses."""

    def start(name):
        # EngineHTTPServer and Hummingbird log where they listen, each in its way.
        return start_server(name, [0], ready=r"(?:listening on [^ ]+:|port=)(\d+)")

    return start


@pytest.fixture
def connect():
    """Connects clients, which keep what arrives; they are disconnected at the end of the test."""
    clients = []

    def connect(url, *events, **options):
        client = socketio.Client(reconnection=False)
        client.arrived = queue.Queue()
        for event in events:
            client.on(event, lambda *arguments, event=event: client.arrived.put((event, *arguments)))
        clients.append(client)
        client.connect(url, transports=["websocket"], **options)
        return client

    yield connect
    for client in clients:
        client.disconnect()


def token(secret, **claims):
    """A signed token (RFC 7515, HS256)."""

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    head = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    signed = head + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.digest(secret.encode(), signed, hashlib.sha256))).decode()


def test_chat(start_example, connect):
    server = start_example("ChatExample")
    one, two = connect(server.url, "joined", "said"), connect(server.url)
    for client in (one, two):
        client.emit("join", "lobby")
        assert client.call("sum", (1, 2)) == 3
    assert one.arrived.get(timeout=10) == ("joined", two.get_sid())
    two.emit("say", ("lobby", "hello"))
    assert one.arrived.get(timeout=10) == ("said", two.get_sid(), "hello")


def test_chat_beside_routes(start_example, connect):
    server = start_example("HummingbirdExample")
    client = connect(server.url, "said")
    assert requests.get(server.url + "/rooms/lobby", timeout=10).text == "0 here\n"
    client.emit("join", "lobby")
    url = server.url + "/rooms/lobby"
    wait_until(lambda: requests.get(url, timeout=10).text == "1 here\n", what="the client to be in the room")
    assert requests.post(server.url + "/rooms/lobby", data="hello", timeout=10).status_code == 202
    assert client.arrived.get(timeout=10) == ("said", "the server", "hello")
    assert requests.get(server.url + "/nowhere", timeout=10).status_code == 404


def test_adapter(start_example, connect):
    server = start_example("AdapterExample")
    wait_until(lambda: len(re.findall(r"port=\d+", server.log)) == 2, what="the second server")
    first, second = (f"http://127.0.0.1:{port}" for port in re.findall(r"port=(\d+)", server.log))
    one, two = connect(first, "said"), connect(second, "said")
    for client in (one, two):
        client.emit("join", "lobby")
        assert client.get_sid() in client.call("who", "lobby")
    one.emit("say", ("lobby", "hello"))
    assert two.arrived.get(timeout=10) == ("said", one.get_sid(), "hello")
    assert two.call("who", "lobby") == sorted([one.get_sid(), two.get_sid()])


def test_typed_events(start_example, connect):
    server = start_example("TypedEventsExample")
    cook, guest = connect(server.url, "ordered"), connect(server.url)
    guest.on("confirm", lambda order: order["dish"] == "soup")
    cook.emit("cook")
    assert cook.call("order", {"dish": "soup", "portions": 0}) == {"refused": {"reason": "1 to 20 portions"}}
    assert guest.call("order", {"dish": "soup", "portions": 2}) == {"accepted": {"number": 1}}
    assert cook.arrived.get(timeout=10) == ("ordered", 1, {"dish": "soup", "portions": 2})
    assert guest.call("order", {"dish": "soup", "portions": 21}) == {"refused": {"reason": "1 to 20 portions"}}
    assert guest.call("order", {"dish": "cake", "portions": 1}) == {"refused": {"reason": "not confirmed"}}
    # What is no order reaches no handler, and so is not answered.
    with pytest.raises(socketio.exceptions.TimeoutError):
        guest.call("order", {"dish": "soup", "portions": "two"}, timeout=0.5)


def test_authentication(start_example, connect, monkeypatch):
    monkeypatch.setenv("JWT_SECRET", SECRET)
    server = start_example("AuthenticationExample")
    good = token(SECRET, sub="ada", exp=int(time.time()) + 60)
    client = connect(server.url, "rooms", auth={"token": good})
    assert client.arrived.get(timeout=10) == ("rooms", sorted([client.get_sid(), "user:ada"]))
    for auth in [
        None,
        {},
        {"token": good[:-2]},
        {"token": token("another " + SECRET, sub="ada", exp=int(time.time()) + 60)},
        {"token": token(SECRET, sub="ada", exp=int(time.time()) - 1)},
    ]:
        refusals = queue.Queue()
        client = socketio.Client(reconnection=False)
        client.on("connect_error", refusals.put)
        with pytest.raises(ConnectionError):
            client.connect(server.url, transports=["websocket"], auth=auth)
        assert refusals.get(timeout=10) == {"message": "not authorized", "data": {"hint": "log in again"}}


@pytest.mark.parametrize("secret", ["", SECRET[1:]])
def test_authentication_needs_a_secret(start_example, monkeypatch, secret):
    monkeypatch.setenv("JWT_SECRET", secret)
    with pytest.raises(AssertionError, match="ended with 64"):
        start_example("AuthenticationExample")
