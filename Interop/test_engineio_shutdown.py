"""The end of a server: nobody new comes in, and everybody who is there is told."""

import signal
import threading

import pytest

from harness import http
from harness.engineio import EngineSocket, Polling, target
from harness.waiting import wait_until
from harness.websocket import Closed


def test_clients_are_sent_away(start_conformance):
    server = start_conformance(loops=1)
    socket = EngineSocket(server.address)
    waiting = Polling(server.address)
    poll = waiting.begin_poll()
    # On one loop, the poll is there when what was sent behind it is answered.
    waiting.send("6")
    code = []
    stopper = threading.Thread(target=lambda: code.append(server.stop()))
    stopper.start()
    assert isinstance(socket.receive_past_pings(), Closed)
    assert poll.response().text == "1"
    stopper.join()
    assert code == [0]


def test_no_connection_is_accepted_while_clients_are_sent_away(start_conformance):
    server = start_conformance(loops=1)
    # More than go at once, so that the goodbye takes a while.
    sockets = [EngineSocket(server.address) for _ in range(150)]
    server.expects_to_live = False
    server.process.send_signal(signal.SIGTERM)
    ends = sum(isinstance(socket.receive_past_pings(), Closed) for socket in sockets)
    assert ends == 150
    wait_until(lambda: not server.is_running, what="the server to end")
    assert server.process.returncode == 0
    with pytest.raises(OSError):
        http.request(server.address, "GET", target("/engine.io/", EIO=4, transport="polling"))
