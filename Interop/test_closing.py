"""The end of a WebSocket: what was sent before it arrives, whatever the client sends meanwhile."""

import threading
import time

import pytest

from harness.engineio import EngineSocket
from harness.websocket import Closed

MESSAGES, SIZE = 300, 10_000


@pytest.mark.timeout(60)
def test_the_last_messages_arrive_at_a_client_that_goes_on_sending(start_conformance):
    server = start_conformance(ping_interval=30_000, max_payload=100_000)
    client = EngineSocket(server.address)
    for number in range(MESSAGES):
        client.send(f"4{number:0{SIZE}}")
    # The server has all of it to send, and closes.
    client.send("1")
    done = threading.Event()

    def chatter():
        try:
            while not done.is_set():
                client.send("4" + "x" * 1000)
                time.sleep(0.001)
        except OSError:
            pass

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        # Long enough for the server to have handed all to its system, which would reset the connection.
        time.sleep(0.5)
        received = 0
        while not isinstance(packet := client.receive(), Closed):
            assert packet == f"4{received:0{SIZE}}"
            received += 1
            time.sleep(0.001)
    finally:
        done.set()
        thread.join()
    assert received == MESSAGES
