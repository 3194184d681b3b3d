"""What linkup says of itself to load balancers: whether its ports answer."""

import contextlib
import os
import re

import pytest

from harness import http
from harness.netns import Namespace
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs a network of its own")


@pytest.fixture
def network():
    with contextlib.closing(Namespace("ready")) as namespace:
        yield namespace


@pytest.fixture
def server(network, start_server, tmp_path):
    arguments = ["--port", 3000, "--turn-port", 3478, "--data-directory", tmp_path / "data"]
    return start_server("linkup", arguments, ready=r"Open http://[^ /]+:(\d+)", prefix=network.prefix)


def readiness(network):
    with network.entered():
        exchange = http.begin(("127.0.0.1", 3000), "GET", "/readyz")
    response = exchange.response()
    return response.status, sorted(response.text.splitlines())


def drop(protocol):
    """Rules under which what is sent to the port of STUN and TURN does not arrive."""
    return (
        f"table inet test {{\n chain input {{\n type filter hook input priority 0\n {protocol} dport 3478 drop\n }}\n }}\n"
    )


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_a_port_that_does_not_answer_is_named(network, server, protocol):
    assert readiness(network) == (200, ["ok"])
    network.rules(drop(protocol))
    wait_until(lambda: readiness(network)[0] == 503, timeout=5, what="the silence to be noticed")
    status, lines = readiness(network)
    name = re.escape(protocol.upper())
    assert status == 503 and lines
    assert all(re.fullmatch(rf"turn: {name} (127\.0\.0\.1|::1):3478 does not answer", line) for line in lines), lines
    # The process serves, all the same.
    with network.entered():
        assert http.request(("127.0.0.1", 3000), "GET", "/healthz").status == 200
    network.rules("flush ruleset")
    wait_until(lambda: readiness(network) == (200, ["ok"]), timeout=5, what="the port to answer again")


def test_without_tcp_it_is_not_asked(network, start_server, tmp_path):
    arguments = ["--port", 3000, "--turn-port", 3478, "--no-tcp", "--data-directory", tmp_path / "data"]
    start_server("linkup", arguments, ready=r"Open http://[^ /]+:(\d+)", prefix=network.prefix)
    network.rules(drop("tcp"))
    assert readiness(network) == (200, ["ok"])
