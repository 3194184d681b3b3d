"""Whom a visitor's credential reaches through the TURN server of `linkup`, how much of it, and for how long."""

import contextlib
import os
import re
import socket
import struct

import pytest

from harness import stun, turn
from harness.member import Member, call
from harness.waiting import wait_until

TCP_RELAY = stun.attribute(0x0019, bytes([6, 0, 0, 0]))
CONNECT = 0x000A
# A host in the Internet, the machine itself, and hosts beside it.
STRANGERS = [("1.1.1.1", 443), ("127.0.0.1", 25), ("10.0.0.1", 80), ("169.254.169.254", 80), ("9.9.9.9", 53)]


class Visitor:
    """A TURN client over TCP with the credential that the page was given."""

    def __init__(self, address, name, password):
        self.socket = socket.create_connection(address, timeout=10)
        answer = self._ask(stun.request(turn.ALLOCATE, turn.UDP, transaction := os.urandom(12)))
        assert answer[8:20] == transaction
        values = dict(turn.attributes(answer))
        self.credential = turn.Credential(name.encode(), password.encode(), values[turn.REALM], values[turn.NONCE])

    def _read(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("closed")
            data += more
        return data

    def receive(self):
        head = self._read(4)
        kind, length = struct.unpack(">HH", head)
        if kind >> 14 == 1:
            return head + self._read(length + -length % 4)
        return head + self._read(16 + length)

    def _ask(self, message):
        self.socket.sendall(message)
        return self.receive()

    def request(self, method, body, transaction=None):
        """The code of the answer, 0 for success, and its attributes."""
        transaction = transaction or os.urandom(12)
        values = dict(turn.attributes(self._ask(self.credential.sign(method, body, transaction))))
        error = values.get(turn.ERROR_CODE)
        return (error[2] * 100 + error[3] if error else 0), values, transaction

    def allocate(self, body=turn.UDP):
        code, values, transaction = self.request(turn.ALLOCATE, body)
        self.relayed = None if code else turn.unmask(values[turn.XOR_RELAYED_ADDRESS], transaction)
        return code

    def name_peer(self, method, peer, more=b""):
        transaction = os.urandom(12)
        body = more + turn.mask(turn.XOR_PEER_ADDRESS, peer, transaction)
        return self.request(method, body, transaction)[0]

    def close(self):
        self.socket.close()


def turn_port(server):
    pattern = r"TURN listens on port (\d+)"
    return int(wait_until(lambda: re.search(pattern, server.log), what="the port of TURN").group(1))


def join(member, room="reach", name="Ann"):
    """What a visitor gets who opens the page: a name and a password."""
    joined = member.join(room, name, call=call())
    (relay,) = (entry for entry in joined["iceServers"] if "username" in entry)
    return relay["username"], relay["credential"]


@pytest.fixture
def visit():
    with contextlib.ExitStack() as stack:

        def visit(server, credential):
            visitor = Visitor(("127.0.0.1", turn_port(server)), *credential)
            stack.callback(visitor.close)
            return visitor

        yield visit


def test_a_credential_reaches_relays_of_the_server_and_nothing_else(start_linkup, visit):
    server = start_linkup()
    with Member(server.url) as ann, Member(server.url) as bea:
        first, second = (visit(server, join(member)) for member in (ann, bea))
        assert first.allocate(TCP_RELAY) == 442
        assert first.allocate() == second.allocate() == 0
        own = first.relayed[0]
        for peer in [*STRANGERS, (own, 25), (own, turn_port(server)), (own, server.port)]:
            assert first.name_peer(turn.CHANNEL_BIND, peer, turn.channel(0x4000)) == 403, peer
            # A permission is for a host, and the server's own host has relays.
            assert first.name_peer(turn.CREATE_PERMISSION, peer) == (0 if peer[0] == own else 403), peer
            assert first.name_peer(CONNECT, peer) == 400, peer
        # The two sides of a call reach each other, both ways.
        assert first.name_peer(turn.CHANNEL_BIND, second.relayed, turn.channel(0x4000)) == 0
        assert second.name_peer(turn.CHANNEL_BIND, first.relayed, turn.channel(0x4001)) == 0
        for sender, channel, receiver, other in ((first, 0x4000, second, 0x4001), (second, 0x4001, first, 0x4000)):
            sender.socket.sendall(struct.pack(">HH", channel, 4) + b"ping")
            assert receiver.receive() == struct.pack(">HH", other, 4) + b"ping"
        # What somebody else sends to a relay is not passed on, though the host has a permission.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((own, 0))
            stranger.sendto(b"stranger", first.relayed)
        second.socket.sendall(struct.pack(">HH", 0x4001, 4) + b"pong")
        assert first.receive() == struct.pack(">HH", 0x4000, 4) + b"pong"


def test_the_operator_may_let_them_reach_the_internet(start_linkup, visit):
    server = start_linkup("--relay-peers", "public")
    with Member(server.url) as ann:
        visitor = visit(server, join(ann))
        assert visitor.allocate() == 0
        assert visitor.name_peer(turn.CREATE_PERMISSION, ("1.1.1.1", 443)) == 0
        assert visitor.name_peer(turn.CREATE_PERMISSION, ("10.0.0.1", 80)) == 403


def test_whoever_joins_again_has_no_more(start_linkup, visit):
    """The quota is that of the network, under however many names."""
    server = start_linkup("--network-quota", 5, "--user-quota", 2)
    codes = []
    with contextlib.ExitStack() as stack:
        for number in range(4):
            ann = stack.enter_context(Member(server.url))
            credential = join(ann, room=f"room-{number}")
            codes += [visit(server, credential).allocate() for _ in range(2)]
    assert codes == [0] * 5 + [486] * 3


@pytest.mark.parametrize("event", ["leave", "exit"])
def test_credentials_end_with_their_stay(start_linkup, visit, event):
    server = start_linkup()
    with Member(server.url) as ann:
        credential = join(ann)
        assert visit(server, credential).allocate() == 0
        assert ann.request(event) == {}
        wait_until(lambda: visit(server, credential).allocate() != 0, what="the credential to end")
