"""A member of a room without a browser, as docs/protocol.md describes one."""

import queue
import secrets
import socket

import engineio
import socketio

# The client refuses payloads of more than 16 packets unless told otherwise; servers fill them up to maxPayload.
engineio.payload.Payload.max_decode_packets = 1000

NAMESPACE = "/room"
VERSION = 1
EVENTS = (
    *("member", "member-left", "members", "room", "message", "typing", "signal", "ice-servers", "moved", "mute"),
    "reaction",
    *("waiting", "admitted", "denied"),
)
SILENT = {"audio": False, "video": False, "screen": False, "recording": False}


def call(stay=None, **status):
    """The `call` of a `join`, and the argument of `enter`: a new stay that sends nothing, unless told otherwise."""
    return {"stay": stay or secrets.token_urlsafe(12), **SILENT, **status}


class Member:
    """A connection to `/room`; `events` holds what arrived and was not yet asked for.

    After `join`, `joined` is the answer, `id` who it is, `key` the proof of that. `options` are those of the client.
    """

    def __init__(self, url, *, transports=("websocket",), headers=None, path="socket.io", **options):
        self.client = socketio.Client(**{"reconnection": False, **options})
        self.events = queue.Queue()
        self._pending = []
        for name in EVENTS:
            self.client.on(name, lambda *values, name=name: self._hear(name, values), namespace=NAMESPACE)
        self.client.connect(
            url,
            namespaces=[NAMESPACE],
            transports=list(transports),
            headers=headers or {},
            socketio_path=path,
            wait_timeout=10,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _hear(self, name, values):
        # A signal has two arguments, who sent it and what; everything else has one.
        self.events.put((name, values[0] if len(values) == 1 else values))

    @property
    def connection(self):
        """The id of the socket."""
        return self.client.get_sid(NAMESPACE)

    def request(self, event, *arguments, **members):
        """Makes a request, and returns its answer."""
        data = members if not arguments else arguments[0] if len(arguments) == 1 else arguments
        return self.client.call(event, data, namespace=NAMESPACE, timeout=15)

    def try_join(self, room, name="Ann", **members):
        """Asks to enter a room, and returns the answer."""
        return self.request("join", room=room, name=name, **{"version": VERSION, **members})

    def join(self, room, name="Ann", **members):
        """Enters a room, which must let it in at once, and returns the answer."""
        self.joined = self.try_join(room, name, **members)
        assert "self" in self.joined, self.joined
        self.id, self.key = self.joined["self"], self.joined["key"]
        return self.joined

    def say(self, text, **members):
        """Says something, which must be stored, and returns the message."""
        answer = self.request("say", text=text, **members)
        assert set(answer) == {"message"}, answer
        return answer["message"]

    def wait_for(self, *names, where=lambda value: True, timeout=10):
        """Returns the next event of one of these names that fulfils `where`; others are kept for later calls."""
        for index, (name, value) in enumerate(self._pending):
            if name in names and where(value):
                return self._pending.pop(index)[1]
        while True:
            name, value = self.events.get(timeout=timeout)
            if name in names and where(value):
                return value
            self._pending.append((name, value))

    def wait_for_member(self, id, where=lambda member: True):
        """Returns the next news of a member that fulfils `where`; news of it from before that are forgotten."""
        while True:
            member = self.wait_for("member", where=lambda member: member["id"] == id)
            if where(member):
                return member

    def heard(self, *names):
        """All that has arrived of these names and was not asked for, as pairs of name and value; forgets nothing."""
        while not self.events.empty():
            self._pending.append(self.events.get())
        return [(name, value) for name, value in self._pending if name in names]

    def drop(self):
        """Cuts the connection without a word."""
        # Closing alone says nothing to the peer while the client's own thread still reads.
        self.client.eio.ws.sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.client.disconnect()


def error_code(answer):
    """The code of an answer that must be an error, and nothing but that."""
    assert isinstance(answer, dict) and set(answer) == {"error"}, answer
    error = answer["error"]
    assert {"code"} <= set(error) <= {"code", "argument", "limit", "retryAfter"}, answer
    assert isinstance(error.get("argument", ""), str)
    assert all(isinstance(error.get(name, 0), int) for name in ("limit", "retryAfter")), answer
    assert ("retryAfter" in error) == (error["code"] == "too-many-requests"), answer
    return error["code"]
