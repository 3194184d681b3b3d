"""STUN in raw bytes (RFC 8489)."""

import os
import socket
import struct
import zlib

COOKIE = 0x2112A442
FINGERPRINT = 0x8028


def request(kind=0x0001, attributes=b"", transaction=None, fingerprint=False):
    """A message; a Binding request unless told otherwise."""
    transaction = transaction or os.urandom(12)
    length = len(attributes) + (8 if fingerprint else 0)
    message = struct.pack(">HHI", kind, length, COOKIE) + transaction + attributes
    if fingerprint:
        message += struct.pack(">HHI", FINGERPRINT, 4, zlib.crc32(message) ^ 0x5354554E)
    return message


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def parse(message):
    """The type, transaction id and attributes (a dictionary) of a message."""
    kind, length, cookie = struct.unpack(">HHI", message[:8])
    assert cookie == COOKIE and length == len(message) - 20 and length % 4 == 0
    attributes, rest = {}, message[20:]
    while rest:
        number, size = struct.unpack(">HH", rest[:4])
        attributes[number] = rest[4 : 4 + size]
        rest = rest[4 + size + -size % 4 :]
    return kind, message[8:20], attributes


def mapped_address(message):
    """The address in XOR-MAPPED-ADDRESS."""
    _, transaction, attributes = parse(message)
    value = attributes[0x0020]
    port = struct.unpack(">H", value[2:4])[0] ^ COOKIE >> 16
    key = struct.pack(">I", COOKIE) + transaction
    family = {1: socket.AF_INET, 2: socket.AF_INET6}[value[1]]
    return socket.inet_ntop(family, bytes(a ^ b for a, b in zip(value[4:], key))), port


def read_message(connection):
    """Reads one message from a TCP connection."""
    head = read(connection, 20)
    return head + read(connection, struct.unpack(">H", head[2:4])[0])


def read(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        assert part, "the server closed the connection"
        data += part
    return data
