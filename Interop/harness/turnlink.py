"""What takes a TURN client's messages to the server, for many clients in one event loop: UDP, TCP and TLS."""

import asyncio
import contextlib
import socket
import struct


async def connect(transport, server, received, context=None, address="127.0.0.1"):
    """Connects to a server by `transport`, "UDP", "TCP" or "TLS"; each message that comes is given to `received`."""
    if transport == "UDP":
        return DatagramLink(server, received, address)
    loop = asyncio.get_running_loop()
    port, secure = (server.tls_port, context) if transport == "TLS" else (server.port, None)
    _, link = await loop.create_connection(lambda: StreamLink(received), server.host, port, ssl=secure)
    return link


class DatagramLink:
    """A connected UDP socket, which is closed as soon as it is told to be: its port can be bound again at once."""

    is_reliable = False

    def __init__(self, server, received, address):
        self._received = received
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        host, _, port = address.partition(":")
        self._socket.bind((host, int(port or 0)))
        self._socket.connect((server.host, server.port))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)

    @property
    def address(self):
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def _read(self):
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            while self._socket.fileno() >= 0:
                self._received(self._socket.recv(2000))

    def send(self, message):
        # A full buffer loses a datagram, and so may any network.
        with contextlib.suppress(BlockingIOError):
            self._socket.send(message)

    def close(self):
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    abort = close


class StreamLink(asyncio.Protocol):
    """A TCP connection, with TLS or without: messages in a stream (RFC 8656 §12.5)."""

    is_reliable = True

    def __init__(self, received):
        self._received = received
        self._buffer = bytearray()
        self._transport = None
        self.is_lost = False

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, error):
        self.is_lost = True

    def data_received(self, data):
        self._buffer += data
        while len(self._buffer) >= 4:
            kind, length = struct.unpack(">HH", self._buffer[:4])
            size = 4 + (length + 3 & ~3) if kind >= 0x4000 else 20 + length
            if len(self._buffer) < size:
                return
            message = bytes(self._buffer[:size])
            del self._buffer[:size]
            # Padding is no data.
            self._received(message[: 4 + length] if kind >= 0x4000 else message)

    def send(self, message):
        self._transport.write(message + bytes(-len(message) % 4))

    def send_part(self, message, count):
        """Sends the beginning of a message, as somebody does who dies while sending."""
        self._transport.write(message[:count])

    def close(self):
        self._transport.close()

    def abort(self):
        """Resets the connection."""
        connection = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
