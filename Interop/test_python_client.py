"""python-socketio's client, unchanged, against the server."""

import itertools
import queue
import threading

import pytest
import socketio

import harness.member  # noqa: F401, raises the client's limit of packets in a payload
from harness.proxy import CuttingProxy
from harness.waiting import wait_until

TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]]


class Client(socketio.Client):
    """A client that keeps what arrives, and is disconnected at the end of the test."""

    def __init__(self, **options):
        super().__init__(**options)
        self.arrived = queue.Queue()

    def record(self, *events, namespace="/"):
        for event in events:
            self.on(event, lambda *arguments, event=event: self.arrived.put((event, *arguments)), namespace=namespace)

    def next(self, timeout=10):
        return self.arrived.get(timeout=timeout)


@pytest.fixture
def make_client():
    clients = []

    def make(**options):
        client = Client(**({"reconnection": False} | options))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.reconnection = False
        client.disconnect()


@pytest.fixture(params=TRANSPORTS, ids="+".join)
def client(request, shared_conformance, make_client):
    client = make_client()
    client.record("auth", "message-back", "said")
    client.connect(shared_conformance.url, transports=request.param, auth={"token": "t"})
    assert client.next() == ("auth", {"token": "t"})
    wait_until(lambda: client.transport() == request.param[-1], what="the transport")
    return client


def test_event(client):
    client.emit("message", (1, "two", {"three": [True, None, 4.5]}))
    assert client.next() == ("message-back", 1, "two", {"three": [True, None, 4.5]})


def test_acknowledgement(client):
    assert client.call("echo", "text") == "text"
    assert client.call("echo", {"a": [1, 2, {"b": None}]}) == {"a": [1, 2, {"b": None}]}
    assert client.call("message-with-ack", (1, "2")) == (1, "2")


@pytest.mark.parametrize("size", [0, 1, 1000, 300_000])
def test_binary(client, size):
    data = bytes(number % 256 for number in range(size))
    client.emit("message", {"data": data, "again": [data, "text"]})
    assert client.next() == ("message-back", {"data": data, "again": [data, "text"]})
    assert client.call("echo", data) == data


def test_many_in_order(client):
    for number in range(300):
        client.emit("message", number)
    assert [client.next() for _ in range(300)] == [("message-back", number) for number in range(300)]


def test_two_namespaces_on_one_connection(shared_conformance, make_client):
    client = make_client()
    client.record("auth", "message-back")
    client.record("auth", namespace="/custom")
    client.connect(
        shared_conformance.url, namespaces=["/", "/custom"], auth={"who": "me"}, transports=["websocket"]
    )
    assert [client.next(), client.next()] == [("auth", {"who": "me"})] * 2
    assert client.get_sid("/") != client.get_sid("/custom")
    client.namespaces.pop("/custom")
    client._send_packet(client.packet_class(socketio.packet.DISCONNECT, namespace="/custom"))
    assert client.call("echo", 1) == 1


def test_unknown_namespace_is_refused(shared_conformance, make_client):
    client = make_client()
    with pytest.raises(socketio.exceptions.ConnectionError, match="Invalid namespace|failed to connect"):
        client.connect(shared_conformance.url, namespaces=["/nowhere"], transports=["websocket"])


def test_room(client, shared_conformance, make_client):
    other = make_client()
    other.connect(shared_conformance.url, transports=["websocket"])
    client.call("message-with-ack", 0)
    client.emit("join", "room")
    assert client.call("echo", "joined") == "joined"
    other.emit("say", ("room", "to you"))
    assert client.next() == ("said", "to you")


def test_nothing_is_lost_while_others_connect_and_upgrade(shared_conformance, make_client):
    """A stream of numbered messages into a room whose member upgrades in the middle of it."""
    speaker = make_client()
    speaker.connect(shared_conformance.url, transports=["websocket"])
    stop = threading.Event()
    sent = itertools.count()
    last = 0

    def speak():
        nonlocal last
        while not stop.is_set():
            last = next(sent)
            speaker.emit("say", ("stream", last))
            # The answer keeps the speaker from running ahead of the listener without bounds.
            speaker.call("echo", last)

    member = make_client()
    member.record("said")
    member.on("connect", lambda: member.emit("join", "stream"))
    thread = threading.Thread(target=speak)
    thread.start()
    try:
        member.connect(shared_conformance.url)
        wait_until(lambda: member.transport() == "websocket", what="the upgrade")
        for number in range(50):
            assert member.call("echo", number) == number
    finally:
        stop.set()
        thread.join(10)
    first = member.next()[1]
    numbers = [first]
    while numbers[-1] < last:
        numbers.append(member.next()[1])
    assert numbers == list(range(first, last + 1))


def test_reconnect_after_the_connection_was_cut(shared_conformance, make_client):
    with CuttingProxy(shared_conformance.address) as proxy:
        client = make_client(reconnection=True, reconnection_delay=0.05, reconnection_delay_max=0.1)
        client.record("auth", "message-back")
        connects, disconnects = queue.Queue(), queue.Queue()
        client.on("connect", lambda: connects.put(client.get_sid()))
        client.on("disconnect", lambda *_: disconnects.put(True))
        client.connect(f"http://127.0.0.1:{proxy.port}", transports=["websocket"], auth={"token": "kept"})
        first = connects.get(timeout=10)
        assert client.next() == ("auth", {"token": "kept"})
        proxy.refuses = True
        proxy.cut()
        assert disconnects.get(timeout=10)
        proxy.refuses = False
        second = connects.get(timeout=10)
        assert first != second
        assert client.next() == ("auth", {"token": "kept"})
        assert client.call("echo", "again") == "again"


def test_clients_that_vanish_leave_the_others_alone(shared_conformance, make_client):
    """Twenty members of a room lose their connection at once; the room goes on for the one that stays."""
    stays = make_client()
    stays.record("said")
    stays.connect(shared_conformance.url, transports=["websocket"])
    stays.emit("join", "crowd")
    with CuttingProxy(shared_conformance.address) as proxy:
        for number in range(20):
            client = make_client()
            client.connect(
                f"http://127.0.0.1:{proxy.port}", transports=[["websocket"], ["polling"]][number % 2]
            )
            client.emit("join", "crowd")
            assert client.call("echo", number) == number
        proxy.cut()
    for number in range(20):
        stays.emit("say", ("crowd", number))
        assert stays.next() == ("said", number)
