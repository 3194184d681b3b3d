"""A participant without a browser, as docs/signalling.md describes one."""

import queue
import socket

import engineio
import socketio

# The client refuses payloads of more than 16 packets unless told otherwise; servers fill them up to maxPayload.
engineio.payload.Payload.max_decode_packets = 1000

CHAT_EVENTS = ("message", "person-joined", "person-left", "typing")
CALL_EVENTS = ("peer-joined", "peer-status", "peer-away", "peer-back", "peer-left", "signal", "ice-servers")


class Member:
    """A connection to both namespaces; `events` holds what arrived and was not yet asked for."""

    def __init__(self, url, *, transports=("websocket",), headers=None):
        self.client = socketio.Client(reconnection=False)
        self.events = queue.Queue()
        self._pending = []
        for namespace, names in (("/chat", CHAT_EVENTS), ("/call", CALL_EVENTS)):
            for name in names:
                self.client.on(name, lambda value, name=name: self.events.put((name, value)), namespace=namespace)
        self.client.connect(
            url, namespaces=["/chat", "/call"], transports=list(transports), headers=headers or {}, wait_timeout=10
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def chat(self, event, argument=None, **members):
        """Makes a request to `/chat`, and returns its answer."""
        return self.client.call(event, members if argument is None else argument, namespace="/chat", timeout=15)

    def call(self, event, argument=None, **members):
        """Makes a request to `/call`, and returns its answer."""
        return self.client.call(event, members if argument is None else argument, namespace="/call", timeout=15)

    def wait_for(self, *names, timeout=10):
        """Returns the next event of one of these names; other events are kept for later calls."""
        for index, (name, value) in enumerate(self._pending):
            if name in names:
                return self._pending.pop(index)[1]
        while True:
            name, value = self.events.get(timeout=timeout)
            if name in names:
                return value
            self._pending.append((name, value))

    def drop(self):
        """Cuts the connection without a word."""
        # Closing alone says nothing to the peer while the client's own thread still reads.
        self.client.eio.ws.sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.client.disconnect()


def error_code(answer):
    """The code of an answer that must be an error."""
    assert isinstance(answer, dict) and set(answer) == {"error"}, answer
    assert set(answer["error"]) == {"code", "message"} and answer["error"]["message"]
    return answer["error"]["code"]
