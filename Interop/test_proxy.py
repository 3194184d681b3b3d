"""Whose word linkup takes about where a client is: that of the proxies it was told of, and of nobody else."""

import pytest

from harness.attack import NETWORKS, exchange
from test_abuse import POLLING, get, status

PROXY, CLIENT, OTHER = NETWORKS[0], "192.0.2.1", "192.0.2.2"


def opened(server, forwarded, *, source=PROXY):
    """Opens a session by way of `source`, which says where the client is; returns the status of the answer."""
    return status(exchange(server.address, get(POLLING, "localhost", f"X-Forwarded-For: {forwarded}"), source=source))


@pytest.fixture
def proxied(start_linkup):
    return start_linkup("--trusted-proxy", PROXY, "--max-network-clients", 2)


@pytest.mark.parametrize("prefix", ["", "198.51.100.{}, ", "unknown, 198.51.100.{}, "])
def test_clients_behind_a_trusted_proxy_count_by_their_own_addresses(proxied, prefix):
    """What the client itself has written stands before what the proxy has added, and changes nothing."""
    answers = [opened(proxied, prefix.format(number) + CLIENT) for number in range(3)]
    assert answers == [200, 200, 429]
    assert opened(proxied, OTHER) == 200


def test_nobody_else_is_believed(proxied):
    answers = [opened(proxied, f"198.51.100.{number}", source=NETWORKS[1]) for number in range(3)]
    assert answers == [200, 200, 429]
    # That whom it named has lost nothing by it.
    assert opened(proxied, "198.51.100.0") == 200


def test_without_a_trusted_proxy_nobody_is_believed(start_linkup):
    server = start_linkup("--max-network-clients", 2)
    assert [opened(server, f"198.51.100.{number}") for number in range(3)] == [200, 200, 429]
