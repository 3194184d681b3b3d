"""Engine.IO 4 over WebSocket, and the upgrade from polling."""

import time

import pytest

from harness.engineio import SEPARATOR, EngineSocket, Polling
from harness.websocket import BINARY, CLOSE, PING, TEXT, Closed, Refused, WebSocket


def test_open_packet(start_conformance):
    server = start_conformance(ping_interval=300, ping_timeout=200)
    with EngineSocket(server.address) as socket:
        assert set(socket.open) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
        assert socket.open["upgrades"] == []
        assert (socket.open["pingInterval"], socket.open["pingTimeout"]) == (300, 200)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "EIO=4",
        "EIO=4&transport=abc",
        "transport=websocket",
        "EIO=abc&transport=websocket",
        "EIO=3&transport=websocket",
        "EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA",
    ],
)
def test_refused_handshakes(shared_conformance, query):
    with pytest.raises(Refused) as refused:
        WebSocket(shared_conformance.address, "/engine.io/?" + query)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Sec-WebSocket-Key": None}, 400),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Version": "7"}, 400),
        ({"Sec-WebSocket-Version": None}, 400),
        ({"Upgrade": "h2c"}, 400),
    ],
)
def test_bad_upgrade_headers(shared_conformance, headers, status):
    with pytest.raises(Refused) as refused:
        WebSocket(shared_conformance.address, "/engine.io/?EIO=4&transport=websocket", headers=headers, timeout=5)
    assert refused.value.status == status


@pytest.mark.parametrize("text", ["hello", "", "Ä ä Ü ü ß てすと 😀", "x" * 125, "x" * 126, "x" * 65535, "x" * 70000])
def test_text_is_echoed(shared_conformance, text):
    with EngineSocket(shared_conformance.address) as socket:
        socket.send("4" + text)
        assert socket.receive() == "4" + text


@pytest.mark.parametrize("size", [0, 1, 4, 126, 65536, 999_999])
def test_binary_is_echoed_without_prefix(shared_conformance, size):
    data = bytes(index % 251 for index in range(size))
    with EngineSocket(shared_conformance.address) as socket:
        socket.send(data)
        assert socket.receive() == data


def test_fragments_are_joined(shared_conformance):
    with EngineSocket(shared_conformance.address) as socket:
        socket.send_frame(TEXT, b"4one ", final=False)
        # Control frames may stand between fragments (RFC 6455, section 5.4).
        socket.send_frame(PING, b"still there?")
        socket.send_frame(0, b"two ", final=False)
        socket.send_frame(0, b"three")
        assert socket.receive() == "4one two three"
        socket.send_frame(BINARY, b"\x01", final=False)
        socket.send_frame(0, b"\x02")
        assert socket.receive() == b"\x01\x02"


def test_order_of_many(shared_conformance):
    with EngineSocket(shared_conformance.address) as socket:
        for number in range(500):
            socket.send(f"4{number}" if number % 3 else number.to_bytes(4, "big"))
        for number in range(500):
            assert socket.receive() == (f"4{number}" if number % 3 else number.to_bytes(4, "big"))


@pytest.mark.parametrize("packet", ["abc", "", "8", "1"])
def test_packets_that_end_the_connection(shared_conformance, packet):
    with EngineSocket(shared_conformance.address) as socket:
        socket.send(packet)
        socket.expect_closed()


def test_close_frame_is_answered(shared_conformance):
    with EngineSocket(shared_conformance.address) as socket:
        socket.send_frame(CLOSE, b"\x03\xe8")
        assert socket.expect_closed() == Closed(1000)


def test_heartbeat(start_conformance):
    server = start_conformance(ping_interval=300, ping_timeout=200)
    with EngineSocket(server.address) as socket:
        for _ in range(3):
            assert socket.receive() == "2"
            socket.send("3")


def test_connection_without_pong_times_out(start_conformance):
    server = start_conformance(ping_interval=300, ping_timeout=200)
    with EngineSocket(server.address) as socket:
        begin = time.monotonic()
        assert socket.receive() == "2"
        socket.expect_closed()
        assert 0.3 < time.monotonic() - begin < 2


def test_upgrade(shared_conformance):
    session = Polling(shared_conformance.address)
    with EngineSocket(shared_conformance.address, sid=session.sid) as socket:
        poll = session.begin_poll()
        socket.send("2probe")
        assert socket.receive() == "3probe"
        assert poll.response().text == "6"
        socket.send("5")
        # The answer to this poll is judged after the upgrade, on whatever event loop it arrives.
        assert session.get().status == 400
        socket.send("4hello")
        assert socket.receive() == "4hello"


def test_upgrade_flushes_what_waited(shared_conformance):
    session = Polling(shared_conformance.address)
    with EngineSocket(shared_conformance.address, sid=session.sid) as socket:
        socket.send("2probe")
        assert socket.receive() == "3probe"
        session.send("4one", "bAg==", "4three")
        socket.send("5")
        assert [socket.receive() for _ in range(3)] == ["4one", b"\x02", "4three"]


def test_second_socket_of_an_upgraded_session(shared_conformance):
    session = Polling(shared_conformance.address)
    with EngineSocket(shared_conformance.address, sid=session.sid) as socket:
        socket.send("2probe")
        assert socket.receive() == "3probe"
        socket.send("5")
        socket.send("4first")
        assert socket.receive() == "4first"
        try:
            with EngineSocket(shared_conformance.address, sid=session.sid) as second:
                second.expect_closed()
        except Refused as refused:
            assert refused.status == 400
        socket.send("4hello")
        assert socket.receive() == "4hello"


@pytest.mark.parametrize("packet", ["4hello", "2", "3probe", "x", "2probed"])
def test_failed_probe_leaves_polling_alone(shared_conformance, packet):
    session = Polling(shared_conformance.address)
    with EngineSocket(shared_conformance.address, sid=session.sid) as socket:
        socket.send(packet)
        socket.expect_closed()
    session.send("4hello")
    assert session.poll() == "4hello"


def test_probe_cut_short_leaves_polling_alone(shared_conformance):
    session = Polling(shared_conformance.address)
    socket = EngineSocket(shared_conformance.address, sid=session.sid)
    socket.send("2probe")
    assert socket.receive() == "3probe"
    socket.socket.close()
    session.send("4hello")
    packets = []
    while "4hello" not in packets:
        packets += session.poll().split(SEPARATOR)
    # A noop may have ended a poll for the upgrade that did not happen.
    assert [packet for packet in packets if packet != "6"] == ["4hello"]


def test_messages_survive_an_upgrade_in_mid_traffic(shared_conformance):
    """Numbered messages in both directions while the transport changes: none lost, none doubled, all in order."""
    session = Polling(shared_conformance.address)
    sent, received = 0, []

    def post(count):
        nonlocal sent
        session.send(*(f"4{number}" for number in range(sent, sent + count)))
        sent += count

    def take(text):
        received.extend(packet for packet in text.split(SEPARATOR) if packet != "6")

    post(20)
    take(session.poll())
    poll = session.begin_poll()
    with EngineSocket(shared_conformance.address, sid=session.sid) as socket:
        post(20)
        socket.send("2probe")
        post(20)
        assert socket.receive() == "3probe"
        post(20)
        take(poll.response().text)
        post(20)
        socket.send("5")
        for number in range(sent, sent + 100):
            socket.send(f"4{number}")
        sent += 100
        while len(received) < sent:
            received.append(socket.receive_past_pings())
    assert received == [f"4{number}" for number in range(sent)]
