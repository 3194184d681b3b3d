"""An allocation with an IPv4 and an IPv6 address as RFC 8656 has it: coturn's clients have another number for it."""

import contextlib
import os
import socket

import pytest

from harness import turn
from harness.turnserver import IS_COTURN, start_turn

pytestmark = pytest.mark.skipif(IS_COTURN, reason="coturn 4.6.1 knows ADDITIONAL-ADDRESS-FAMILY by another number")


def test_both_families(start_server, tmp_path):
    server = start_turn(start_server, tmp_path)
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(contextlib.closing(turn.Client(server)))
        peers = []
        for kind, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            peer = stack.enter_context(socket.socket(kind, socket.SOCK_DGRAM))
            peer.settimeout(5)
            peer.bind((host, 0))
            peers.append(peer)

        body = turn.UDP + turn.family(turn.ADDITIONAL_ADDRESS_FAMILY, socket.AF_INET6)
        succeeded, transaction, found = client.request(turn.ALLOCATE, body)
        assert succeeded, found
        relayed = [turn.unmask(value, transaction) for kind, value in found if kind == turn.XOR_RELAYED_ADDRESS]
        assert [host for host, _ in relayed] == ["127.0.0.1", "::1"]

        transaction = os.urandom(12)
        body = b"".join(turn.mask(turn.XOR_PEER_ADDRESS, peer.getsockname(), transaction) for peer in peers)
        succeeded, _, found = client.request(turn.CREATE_PERMISSION, body, transaction)
        assert succeeded, found
        for peer, address in zip(peers, relayed):
            exchange(client, peer, address)

        # One address can be given up, and the other stays.
        body = turn.family(turn.REQUESTED_ADDRESS_FAMILY, socket.AF_INET6)
        assert client.request(turn.REFRESH, body)[0]
        assert client.request(turn.REFRESH, body + turn.stun.attribute(turn.LIFETIME, bytes(4)))[0]
        succeeded, _, found = client.request(turn.REFRESH, body)
        assert not succeeded and dict(found)[turn.ERROR_CODE][2:4] == bytes([4, 43])
        exchange(client, peers[0], relayed[0])


def exchange(client, peer, relayed):
    """A message goes to a peer and another comes back."""
    client.send(b"there", peer.getsockname())
    data, sender = peer.recvfrom(100)
    assert (data, sender[:2]) == (b"there", relayed)
    peer.sendto(b"back", sender)
    assert client.receive() == (b"back", peer.getsockname()[:2])
