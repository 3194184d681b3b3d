"""Engine.IO clients that show every packet."""

import json
from urllib.parse import urlencode

from . import http
from .websocket import Closed, WebSocket

SEPARATOR = "\x1e"


def target(path, **query):
    """The request target of an Engine.IO request; parameters that are `None` are left out."""
    return path + "?" + urlencode({name: value for name, value in query.items() if value is not None})


class Polling:
    """A session over HTTP long-polling."""

    def __init__(self, address, path="/engine.io/", protocol=4, **query):
        self.address, self.path = address, path
        self.query = {"EIO": protocol, "transport": "polling", **query}
        response = http.request(address, "GET", target(path, **self.query))
        assert response.status == 200, response
        text = response.text
        self.first_payload = text
        # Protocol 3 counts the characters of a packet in front of it.
        packet = text.split(":", 1)[1] if protocol == 3 else text
        assert packet.startswith("0"), text
        self.open = json.loads(packet[1:].split(SEPARATOR)[0])
        self.query["sid"] = self.sid = self.open["sid"]

    @property
    def target(self):
        return target(self.path, **self.query)

    def begin_poll(self):
        return http.begin(self.address, "GET", self.target)

    def get(self):
        return http.request(self.address, "GET", self.target)

    def poll(self):
        """The packets of the next poll, as text."""
        response = self.get()
        assert response.status == 200, response
        return response.text

    def post(self, body, **options):
        return http.request(self.address, "POST", self.target, body=body, **options)

    def send(self, *packets):
        """Sends packets in one request, which must be answered with `ok`."""
        response = self.post(SEPARATOR.join(packets), headers={"Content-Type": "text/plain;charset=UTF-8"})
        assert (response.status, response.text) == (200, "ok"), response

    def receive(self, count):
        """Polls until at least `count` packets came, answers pings on the way, and returns the packets."""
        packets = []
        while len(packets) < count:
            for packet in self.poll().split(SEPARATOR):
                if packet == "2":
                    self.send("3")
                else:
                    packets.append(packet)
        return packets


class EngineSocket(WebSocket):
    """A session over WebSocket, or, with `sid`, the upgrade of one that began with polling."""

    def __init__(self, address, path="/engine.io/", protocol=4, sid=None, headers=None, source=None, **query):
        super().__init__(
            address, target(path, EIO=protocol, transport="websocket", sid=sid, **query), headers=headers, source=source
        )
        self.open = None
        if sid is None:
            packet = self.receive()
            assert isinstance(packet, str) and packet.startswith("0"), packet
            self.open = json.loads(packet[1:])

    def receive_past_pings(self):
        """The next packet that is no ping; pings are answered."""
        while True:
            packet = self.receive()
            if packet != "2":
                return packet
            self.send("3")

    def expect_closed(self):
        """Reads until the end of the connection, and returns it; pings may still arrive, nothing else."""
        while True:
            packet = self.receive()
            if isinstance(packet, Closed):
                return packet
            assert packet == "2", f"expected the end of the connection, got {packet!r}"


class SocketIOSocket(EngineSocket):
    """A Socket.IO session over WebSocket that has joined the main namespace of the conformance server."""

    def __init__(self, address, join=True, **options):
        super().__init__(address, "/socket.io/", **options)
        if join:
            self.send("40")
            packet = self.receive_past_pings()
            assert packet.startswith('40{"sid":"'), packet
            assert self.receive_past_pings() == '42["auth",{}]'

    def echo(self, number=1):
        """Sends an event and checks its acknowledgement: the server is alive and has kept this connection."""
        self.send(f'42{number}["echo","still here {number}"]')
        assert self.receive_past_pings() == f'43{number}["still here {number}"]'
