"""HTTP requests whose sending and answering are two steps, so that a test can act in between."""

import http.client
import select
import socket
from dataclasses import dataclass, field

from .gate import Gate


@dataclass
class Response:
    status: int
    headers: dict = field(repr=False)
    body: bytes

    @property
    def text(self):
        return self.body.decode()


class Exchange:
    """A request that was sent and whose response has not been read."""

    def __init__(self, connection):
        self._connection = connection

    def response(self):
        """Waits for the response, and closes the connection."""
        with_response = self._connection.getresponse()
        body = with_response.read()
        headers = {}
        for name, value in with_response.getheaders():
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self._connection.close()
        return Response(with_response.status, headers, body)

    def has_answer(self, within):
        """Whether any of the response comes within some seconds."""
        return bool(select.select([self._connection.sock], [], [], within)[0])

    def abort(self):
        """Closes the connection without reading the response."""
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def begin(address, method, target, *, body=None, headers=None, timeout=10):
    """Sends a request on a connection of its own, to an address or through a gate."""
    if isinstance(address, Gate):
        connection = http.client.HTTPSConnection(address.name)
        connection.sock = address.connect(timeout)
    else:
        connection = http.client.HTTPConnection(*address, timeout=timeout)
    # What is sent must be what the test wrote: no path is normalised, no header added but Host and Content-Length.
    headers = dict(headers or {})
    connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
    payload = body.encode() if isinstance(body, str) else body
    if payload is not None and "Content-Length" not in headers:
        headers["Content-Length"] = str(len(payload))
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(payload)
    return Exchange(connection)


def request(address, method, target, **options):
    """Sends a request and waits for the response."""
    return begin(address, method, target, **options).response()
