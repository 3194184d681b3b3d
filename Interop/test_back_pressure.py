"""A client that stops reading costs the server a bounded amount of memory, and others nothing."""

import socket
import threading

from harness.engineio import SocketIOSocket
from harness.waiting import wait_until

LIMIT = 16 * 1024 * 1024  # The server's limit of what waits for one client.
TEXT = "x" * 200_000


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def is_refused(client):
    try:
        client.send("3")
    except ConnectionError:
        return True
    return False


def join(server, room):
    client = SocketIOSocket(server.address)
    client.send(f'420["join","{room}"]')
    assert client.receive() == "430[]"
    return client


def test_slow_reader_is_closed_and_others_go_on(start_conformance):
    server = start_conformance(loops=1)
    received = []
    with join(server, "r") as slow, join(server, "r") as fast, SocketIOSocket(server.address) as sender:
        # As little as possible is to wait in this process instead of the server.
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        def read():
            while (message := fast.receive_past_pings()) != '42["said","end"]':
                received.append(int(message[len('42["said",[') : message.index(",", len('42["said",['))]))

        reader = threading.Thread(target=read)
        reader.start()
        before = most = resident_bytes(server.pid)
        count = 0
        behind = None
        while behind is None or count < behind + 20:
            sender.send(f'421["say","r",[{count},"{TEXT}"]]')
            assert sender.receive_past_pings() == "431[]"
            count += 1
            # The other reader's share must not count.
            wait_until(lambda: len(received) == count, what="the other reader to get the message")
            most = max(most, resident_bytes(server.pid))
            if behind is None and "Closing a connection that takes what it is sent too slowly" in server.log:
                behind = count
            assert count * len(TEXT) < 5 * LIMIT, "the slow reader was not closed"
        sender.send('421["say","r","end"]')
        reader.join(timeout=10)
        assert received == list(range(count))
        # The limit, and room for what the allocator and the messages under way take.
        assert most - before < LIMIT * 1.5 + 8 * 1024 * 1024, f"the server grew by {most - before} bytes"
        # What the kernel has taken would still come, but nobody is behind it any more.
        wait_until(lambda: is_refused(slow), what="the server to drop the slow reader")
