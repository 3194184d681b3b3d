"""A WebSocket client in raw frames (RFC 6455), which can break every rule that a test wants broken."""

import base64
import os
import socket
import struct
from dataclasses import dataclass

from .gate import Gate

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


@dataclass(frozen=True)
class Closed:
    """The end of a connection: the code of the close frame, or `None` if there was no code or no frame."""

    code: int | None = None


class Refused(Exception):
    """The server answered the handshake with something other than 101."""

    def __init__(self, status, text):
        super().__init__(f"handshake answered with {status}: {text!r}")
        self.status = status
        self.text = text


class WebSocket:
    """One connection. `receive` gives `str`, `bytes` or `Closed`."""

    def __init__(self, address, target, *, headers=None, timeout=10, source=None):
        if isinstance(address, Gate):
            self.socket, host = address.connect(timeout), address.name
        else:
            self.socket = socket.create_connection(address, timeout=timeout, source_address=source and (source, 0))
            host = "%s:%d" % address[:2]
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        fields = {
            "Host": host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        }
        fields.update(headers or {})
        lines = [f"GET {target} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items() if value is not None]
        try:
            self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            self._finish_handshake()
        except BaseException:
            self.socket.close()
            raise

    def _finish_handshake(self):
        while b"\r\n\r\n" not in self._unread:
            data = self.socket.recv(65536)
            if not data:
                raise Refused(0, self._unread.decode(errors="replace"))
            self._unread += data
        head, self._unread = self._unread.split(b"\r\n\r\n", 1)
        status = int(head.split(b" ", 2)[1])
        self.response_head = head.decode()
        if status != 101:
            raise Refused(status, self._unread.decode(errors="replace"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, message):
        """Sends a text or binary message in one frame."""
        if isinstance(message, str):
            self.send_frame(TEXT, message.encode())
        else:
            self.send_frame(BINARY, message)

    def send_frame(self, opcode, payload, *, final=True, masked=True, reserved=0, announced=None):
        """Sends a frame as told, right or wrong; `announced` overrides the length in its header."""
        length = len(payload) if announced is None else announced
        header = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
        mask_bit = 0x80 if masked else 0
        if length < 126:
            header += bytes([mask_bit | length])
        elif length < 65536:
            header += bytes([mask_bit | 126]) + struct.pack(">H", length)
        else:
            header += bytes([mask_bit | 127]) + struct.pack(">Q", length)
        if masked:
            # A mask of zeros is legal and leaves the payload readable in captures.
            header += bytes(4)
        self.socket.sendall(header + payload)

    def receive_frame(self):
        """Reads a frame: final bit, opcode and payload; `None` at the end of the stream."""
        head = self._read(2)
        if head is None:
            return None
        length = head[1] & 0x7F
        assert not head[1] & 0x80, "a server must not mask its frames"
        assert not head[0] & 0x70, "no extension was negotiated, so reserved bits must be zero"
        if length == 126:
            length = struct.unpack(">H", self._read(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self._read(8))[0]
        return bool(head[0] & 0x80), head[0] & 0x0F, self._read(length)

    def receive(self):
        """Reads the next message, or `Closed` when the connection ends in whatever way."""
        message, kind = b"", None
        while True:
            try:
                frame = self.receive_frame()
            except ConnectionError:
                frame = None
            if frame is None:
                return Closed()
            final, opcode, payload = frame
            if opcode == CLOSE:
                return Closed(struct.unpack(">H", payload[:2])[0] if payload else None)
            if opcode in (PING, PONG):
                continue
            kind = kind or opcode
            message += payload
            if final:
                return message.decode() if kind == TEXT else message

    def _read(self, count):
        while len(self._unread) < count:
            data = self.socket.recv(262144)
            if not data:
                return None
            self._unread += data
        result, self._unread = self._unread[:count], self._unread[count:]
        return result
