"""A pause of the process, as of a frozen machine, costs no client its connection."""

import os
import signal
import time

import pytest

from harness.engineio import EngineSocket
from harness.websocket import Closed

CLIENTS = 50
INTERVAL, TIMEOUT = 0.5, 0.7


def read_until_quiet(clients, seconds):
    """Answers pings for a time; returns the clients that the server closed."""
    closed, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for client in clients:
            client.socket.settimeout(0.005)
            try:
                packet = client.receive()
            except TimeoutError:
                continue
            finally:
                client.socket.settimeout(10)
            if isinstance(packet, Closed):
                closed.append(client)
            elif packet == "2":
                client.send("3")
        clients = [client for client in clients if client not in closed]
    return closed


@pytest.mark.timeout(60)
@pytest.mark.parametrize("pause", [0.8, 1.4, 3])
@pytest.mark.parametrize("asked", [True, False], ids=["pongs wait", "not asked"])
def test_nobody_is_closed_for_a_pause(start_conformance, pause, asked):
    server = start_conformance(ping_interval=int(INTERVAL * 1000), ping_timeout=int(TIMEOUT * 1000))
    clients = [EngineSocket(server.address) for _ in range(CLIENTS)]
    if asked:
        for client in clients:
            assert client.receive() == "2"
    os.kill(server.pid, signal.SIGSTOP)
    try:
        if asked:
            for client in clients:
                client.send("3")
        time.sleep(pause)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert read_until_quiet(clients, 2 * (INTERVAL + TIMEOUT)) == []
    for client in clients:
        client.send("4still here")
        assert client.receive_past_pings() == "4still here"
