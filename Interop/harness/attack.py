"""What attackers do: raw connections from networks of their own, and what the server's process spends meanwhile."""

import json
import os
import socket
from pathlib import Path

from .engineio import EngineSocket

# Everybody else in the tests comes from 127.0.0.1; each address of IPv4 is a network of its own to the server.
NETWORKS = [f"127.0.66.{number}" for number in range(1, 65)]


def connect(address, *, source=NETWORKS[0], timeout=10, receive_buffer=None):
    """Opens a TCP connection from an address."""
    connection = socket.socket()
    connection.settimeout(timeout)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.bind((source, 0))
    try:
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def exchange(address, request, *, source=NETWORKS[0], timeout=10):
    """Sends bytes and returns all that comes until the server closes, or nothing more for `timeout` seconds."""
    with connect(address, source=source, timeout=timeout) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while data := connection.recv(65536):
                answer += data
        except (TimeoutError, ConnectionError):
            pass
        return answer


def processor_seconds(pid):
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Intruder(EngineSocket):
    """A Socket.IO connection whose packets a test writes itself."""

    def __init__(self, address, *, source=NETWORKS[0], namespace="/room", headers=None, path="/socket.io/"):
        super().__init__(address, path, source=source, headers=headers)
        self.namespace = namespace

    def enter(self):
        """Joins the namespace, and returns the answer to that."""
        self.send(f"40{self.namespace},")
        return self.receive_past_pings()

    def request(self, number, event, *arguments):
        """Makes a request with arguments in JSON; the answer is read by `answer`."""
        self.send(f"42{self.namespace},{number}[" + ",".join([json.dumps(event), *arguments]) + "]")

    def join(self, room, name="Ann", number=0, **members):
        """Joins the namespace and a room, and returns what the room answers."""
        self.enter()
        return self.ask(number, "join", {"room": room, "name": name, "version": 1, **members})

    def ask(self, number, event, *arguments):
        """Makes a request, and returns its answer; `None` when the connection ends."""
        self.request(number, event, *map(json.dumps, arguments))
        answer = self.answer(number)
        return answer and json.loads(answer)

    def answer(self, number):
        """The acknowledgement with this number, as JSON text; other packets are thrown away. `None` at the end."""
        prefix = f"43{self.namespace},{number}["
        while isinstance(packet := self.receive_past_pings(), str):
            if packet.startswith(prefix):
                return packet[len(prefix) : -1]
        return None

    def answers(self, count):
        """The next acknowledgements, as they come, by their numbers; other packets are thrown away."""
        answers = {}
        while len(answers) < count:
            packet = self.receive_past_pings()
            assert isinstance(packet, str), "the connection ended"
            if packet.startswith(f"43{self.namespace},"):
                number, answer = packet.removeprefix(f"43{self.namespace},").split("[", 1)
                answers[int(number)] = json.loads(answer[:-1])
        return answers
