"""Datagrams for a peer behind a link that takes no more than 1000 bytes at a time."""

import contextlib
import os
import socket

import pytest

from harness import turn
from harness.netns import Internet
from harness.turnserver import IS_COTURN, start_turn

pytestmark = pytest.mark.skipif(IS_COTURN, reason="coturn does not pass on what ICMP says")

MTU = 1000
# RFC 792: destination unreachable, fragmentation needed.
UNREACHABLE, FRAGMENTATION_NEEDED = 3, 4


@pytest.fixture
def internet():
    with contextlib.closing(Internet(hosts=2, homes=1)) as internet:
        home = internet.homes[0]
        home.router.ip("link", "set", "inside", "mtu", MTU)
        home.client.ip("link", "set", "home", "mtu", MTU)
        yield internet


@pytest.fixture
def client(internet, start_server, tmp_path):
    host, other = internet.hosts
    server = start_turn(
        start_server, tmp_path, relay_addresses=[host.address], peers=[], prefix=host.namespace.prefix
    )
    with other.namespace.entered():
        client = turn.Client(server)
    with contextlib.closing(client):
        yield client


@pytest.fixture
def peer(internet):
    with internet.homes[0].client.entered():
        peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with peer:
        peer.settimeout(5)
        yield peer


def test_datagrams_are_cut_unless_they_must_not(internet, client, peer):
    succeeded, transaction, found = client.request(turn.ALLOCATE, turn.UDP)
    assert succeeded
    relayed = turn.unmask(dict(found)[turn.XOR_RELAYED_ADDRESS], transaction)
    transaction = os.urandom(12)
    router = turn.mask(turn.XOR_PEER_ADDRESS, (internet.homes[0].public_address, 1), transaction)
    assert client.request(turn.CREATE_PERMISSION, router, transaction)[0]
    # The router lets in what answers the peer.
    peer.sendto(b"hello", relayed)
    data, address = client.receive()
    assert data == b"hello"
    small, large = os.urandom(900), os.urandom(1200)
    for _ in range(3):
        client.send(large, address)
        assert peer.recv(2000) == large
        client.send(small, address, whole=True)
        assert peer.recv(2000) == small
        # What is too large for that comes back as the network's word, and changes nothing for what comes after.
        client.send(large, address, whole=True)
        assert client.receive_report() == (UNREACHABLE, FRAGMENTATION_NEEDED, MTU, address)
