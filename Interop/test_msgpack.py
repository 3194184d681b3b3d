"""Clients that speak MessagePack instead of JSON, as with `socket.io-msgpack-parser`."""

import datetime

import msgpack
import pytest
import socketio
import websocket

from test_python_client import TRANSPORTS, make_client  # noqa: F401


@pytest.fixture
def server(start_conformance):
    return start_conformance(parser="msgpack")


@pytest.fixture(params=TRANSPORTS, ids="+".join)
def client(request, server, make_client):  # noqa: F811
    client = make_client(serializer="msgpack")
    client.record("auth", "message-back", "said")
    client.connect(server.url, transports=request.param, auth={"token": "t"})
    assert client.next() == ("auth", {"token": "t"})
    return client


def test_events_and_acknowledgements(client):
    client.emit("message", (1, "two", {"three": [True, None, 4.5, -70_000, 2**60]}))
    assert client.next() == ("message-back", 1, "two", {"three": [True, None, 4.5, -70_000, 2**60]})
    assert client.call("echo", "é😀\n") == "é😀\n"
    assert client.call("message-with-ack", (1, "2")) == (1, "2")


@pytest.mark.parametrize("size", [0, 1, 300, 300_000])
def test_binary(client, size):
    data = bytes(number % 256 for number in range(size))
    client.emit("message", {"data": data, "again": [data, "text"]})
    assert client.next() == ("message-back", {"data": data, "again": [data, "text"]})


def test_room(client, server, make_client):  # noqa: F811
    other = make_client(serializer="msgpack")
    other.connect(server.url, transports=["websocket"])
    client.emit("join", "room")
    assert client.call("echo", "joined") == "joined"
    other.emit("say", ("room", {"bytes": b"\x01"}))
    assert client.next() == ("said", {"bytes": b"\x01"})


def test_namespaces(server, make_client):  # noqa: F811
    client = make_client(serializer="msgpack")
    client.record("auth", namespace="/custom")
    client.connect(server.url, namespaces=["/custom"], auth={"who": "me"}, transports=["websocket"])
    assert client.next() == ("auth", {"who": "me"})
    refused = make_client(serializer="msgpack")
    with pytest.raises(socketio.exceptions.ConnectionError):
        refused.connect(server.url, namespaces=["/nowhere"], transports=["websocket"])


@pytest.fixture
def raw(server):
    """A WebSocket that has joined the main namespace."""
    connection = websocket.create_connection(
        server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=10
    )
    connection.recv()
    connection.send_binary(msgpack.packb({"type": 0, "nsp": "/"}))
    assert set(msgpack.unpackb(connection.recv())["data"]) == {"sid"}
    assert msgpack.unpackb(connection.recv())["data"][0] == "auth"
    yield connection
    connection.close()


def test_dates_and_undefined(raw):
    moment = datetime.datetime(2023, 11, 14, 22, 13, 20, 123_000, datetime.timezone.utc)
    date = msgpack.ExtType(0, int(moment.timestamp() * 1000).to_bytes(8))
    undefined = msgpack.ExtType(0, b"\0")
    data = ["message", date, undefined, moment]
    # What JavaScript has undefined, it sends all the same.
    raw.send_binary(msgpack.packb({"type": 2, "data": data, "nsp": "/", "id": undefined}, datetime=True))
    text = "2023-11-14T22:13:20.123Z"
    assert msgpack.unpackb(raw.recv()) == {"type": 2, "data": ["message-back", text, None, text], "nsp": "/"}


@pytest.mark.parametrize("message", [b"", b"\xc1", b"\x80", msgpack.packb({"type": 2, "nsp": "/", "data": []})])
def test_bad_packets_close(raw, message):
    raw.send_binary(message)
    with pytest.raises(websocket.WebSocketConnectionClosedException):
        while True:
            raw.recv_data()
            if not raw.connected:
                raise websocket.WebSocketConnectionClosedException
            raw.ping()
