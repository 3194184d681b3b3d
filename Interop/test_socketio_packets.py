"""Socket.IO 5 packets, byte by byte."""

import json
import re

import pytest

from harness.engineio import Polling, SocketIOSocket
from harness.websocket import Closed

SID = r'\{"sid":"[A-Za-z0-9_-]{20}"\}'


@pytest.fixture
def socket(shared_conformance):
    """A connection that has joined nothing."""
    with SocketIOSocket(shared_conformance.address, join=False) as socket:
        yield socket


@pytest.fixture
def joined(shared_conformance):
    """A connection that has joined the main namespace."""
    with SocketIOSocket(shared_conformance.address) as socket:
        yield socket


@pytest.mark.parametrize(
    "connect, reply, event",
    [
        ("40", "40" + SID, '42["auth",{}]'),
        ('40{"token":"123"}', "40" + SID, '42["auth",{"token":"123"}]'),
        ("40/custom,", "40/custom," + SID, '42/custom,["auth",{}]'),
        ("40/custom", "40/custom," + SID, '42/custom,["auth",{}]'),
        ('40/custom,{"token":"abc"}', "40/custom," + SID, '42/custom,["auth",{"token":"abc"}]'),
    ],
)
def test_connect(socket, connect, reply, event):
    socket.send(connect)
    assert re.fullmatch(reply, socket.receive())
    assert socket.receive() == event


@pytest.mark.parametrize("namespace", ["/random", "/custom2", "/custom?token=1", "/Custom"])
def test_unknown_namespace(socket, namespace):
    socket.send(f"40{namespace},")
    assert socket.receive() == f'44{namespace},{{"message":"Invalid namespace"}}'


def test_unknown_namespace_without_comma(socket):
    socket.send("40/random")
    assert socket.receive() == '44/random,{"message":"Invalid namespace"}'


@pytest.mark.parametrize(
    "packet, answers",
    [
        ('42["message",1,"2",{"3":[true]}]', ['42["message-back",1,"2",{"3":[true]}]']),
        ('42["message"]', ['42["message-back"]']),
        ('42["message",null,1.5,-0.25,1e3]', None),
        ('42["message","\\u00e9 é 😀 \\ud83d\\ude00"]', None),
        (
            '42456["message-with-ack",1,"2",{"3":[false]}]',
            ['43456[1,"2",{"3":[false]}]'],
        ),
        ('420["message-with-ack"]', ["430[]"]),
        ('429007199254740991["message-with-ack",1]', ["439007199254740991[1]"]),
    ],
)
def test_events(joined, packet, answers):
    joined.send(packet)
    if answers is None:
        # How numbers and escapes are written is free; what they mean is not.
        assert json.loads(joined.receive()[2:]) == ["message-back", *json.loads(packet[2:])[1:]]
    else:
        assert [joined.receive() for _ in answers] == answers


def test_binary_event(joined):
    joined.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    joined.send(b"\x01\x02\x03")
    joined.send(b"\x04\x05\x06")
    assert (
        joined.receive() == '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
    )
    assert joined.receive() == b"\x01\x02\x03"
    assert joined.receive() == b"\x04\x05\x06"


def test_binary_event_with_acknowledgement(joined):
    joined.send('452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    joined.send(b"\x01\x02\x03")
    joined.send(b"\x04\x05\x06")
    assert joined.receive() == '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
    assert joined.receive() == b"\x01\x02\x03"
    assert joined.receive() == b"\x04\x05\x06"


def test_binary_event_over_polling(shared_conformance):
    session = Polling(shared_conformance.address, "/socket.io/")
    session.send("40")
    assert session.receive(2)[1] == '42["auth",{}]'
    session.send('451-["message",{"a":{"_placeholder":true,"num":0}}]', "bAQID")
    assert session.receive(2) == ['451-["message-back",{"a":{"_placeholder":true,"num":0}}]', "bAQID"]


@pytest.mark.parametrize(
    "packets",
    [
        ["4abc"],
        ["4"],
        ["42{}"],
        ["42"],
        ["42[]"],
        ["42[1"],
        ["42[{}]"],
        ['42abc["message-with-ack",1,"2",{"3":[false]}]'],
        ['42["connect"]'],
        ['42["disconnect"]'],
        ["41{}"],
        ["40"],
        ['44{"message":"no"}'],
        ["42/custom,[\"message\"]"],
        ['45["message"]'],
        ['4511-["message"]'],
        ['45x-["message"]'],
        ['451-["message",{"_placeholder":true,"num":1}]', b"\x01"],
        ['451-["message",{"_placeholder":true,"num":-1}]', b"\x01"],
        ['451-["message",{"_placeholder":true,"num":0}]', '42["message"]'],
        [b"\x01\x02\x03"],
        ["47"],
        ["4\x00"],
        ["42" + "[" * 10000 + '"x"' + "]" * 10000],
        ['42["message",' + "[" * 100_000],
        ['42["message",nul]'],
        ['42["message",01]'],
        ['42["message","\\x"]'],
        ['42["message","\\ud800"'],
        ['42["message"]x'],
        ['4299999999999999999999999["message-with-ack"]'],
    ],
    ids=lambda packets: repr(packets)[:50],
)
def test_invalid_packets_end_the_connection(joined, packets):
    try:
        for packet in packets:
            joined.send(packet)
    except ConnectionError:
        pass
    joined.expect_closed()


def test_invalid_packet_before_connect(socket):
    socket.send("4abc")
    socket.expect_closed()


def test_event_before_connect(socket):
    socket.send('42["message"]')
    socket.expect_closed()


def test_connect_timeout(start_conformance):
    server = start_conformance(ping_interval=300, ping_timeout=200, connect_timeout=500)
    with SocketIOSocket(server.address, join=False) as socket:
        assert isinstance(socket.receive_past_pings(), Closed)


def test_refused_namespace_does_not_stop_the_connect_timeout(start_conformance):
    server = start_conformance(connect_timeout=300)
    with SocketIOSocket(server.address, join=False) as socket:
        socket.send("40/random")
        assert socket.receive().startswith("44/random")
        socket.expect_closed()


def test_disconnect_has_no_reply(start_conformance):
    server = start_conformance(ping_interval=300, ping_timeout=200)
    with SocketIOSocket(server.address) as socket:
        socket.send("41")
        assert socket.receive() == "2"


def test_disconnect_leaves_the_other_namespace(joined):
    joined.send("40/custom,")
    assert joined.receive().startswith("40/custom,{")
    assert joined.receive() == '42/custom,["auth",{}]'
    joined.send("41/custom,")
    joined.send('42["message","message to main namespace"]')
    assert joined.receive() == '42["message-back","message to main namespace"]'


def test_unknown_event_and_acknowledgement_are_ignored(joined):
    joined.send('42["nobody listens",1]')
    joined.send("4399[1]")
    joined.echo()


def test_rooms(shared_conformance):
    with SocketIOSocket(shared_conformance.address) as one, SocketIOSocket(shared_conformance.address) as other:
        for socket in (one, other):
            socket.send('42["join","a room"]')
            # Handlers start in order of arrival, so that the answer to this one shows that the join was seen to.
            socket.echo()
        with SocketIOSocket(shared_conformance.address) as outsider:
            outsider.send('42["say","a room","hello"]')
            assert one.receive() == '42["said","hello"]'
            assert other.receive() == '42["said","hello"]'
            outsider.echo()
