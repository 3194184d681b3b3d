"""TURN in raw bytes (RFC 8656), for what other clients can't do."""

import hashlib
import hmac
import os
import socket
import struct
from dataclasses import dataclass

from . import stun

ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND = 0x0003, 0x0004, 0x0008, 0x0009
SEND, DATA = 0x0016, 0x0017
DONT_FRAGMENT, ICMP = 0x001A, 0x8004

ERROR_CODE, REALM, NONCE, LIFETIME = 0x0009, 0x0014, 0x0015, 0x000D
XOR_PEER_ADDRESS, DATA_VALUE, XOR_RELAYED_ADDRESS = 0x0012, 0x0013, 0x0016
REQUESTED_ADDRESS_FAMILY, ADDITIONAL_ADDRESS_FAMILY = 0x0017, 0x8000
CHANNEL_NUMBER, EVEN_PORT, RESERVATION_TOKEN, MOBILITY_TICKET = 0x000C, 0x0018, 0x0022, 0x8030
UDP = stun.attribute(0x0019, bytes([17, 0, 0, 0]))


def family(kind, address_family):
    """REQUESTED- or ADDITIONAL-ADDRESS-FAMILY."""
    return stun.attribute(kind, bytes([{socket.AF_INET: 1, socket.AF_INET6: 2}[address_family], 0, 0, 0]))


def attributes(message):
    """All attributes in their order, as pairs of a number and a value."""
    rest = message[20:]
    while rest:
        kind, size = struct.unpack(">HH", rest[:4])
        yield kind, rest[4 : 4 + size]
        rest = rest[4 + size + -size % 4 :]


def unmask(value, transaction):
    """The address in an XOR-… attribute, or the other way round."""
    key = struct.pack(">I", stun.COOKIE) + transaction
    port = struct.unpack(">H", value[2:4])[0] ^ stun.COOKIE >> 16
    kind = {1: socket.AF_INET, 2: socket.AF_INET6}[value[1]]
    return socket.inet_ntop(kind, bytes(a ^ b for a, b in zip(value[4:], key))), port


def mask(kind, address, transaction):
    """An XOR-… attribute."""
    host, port = address[:2]
    address_family, number = (socket.AF_INET6, 2) if ":" in host else (socket.AF_INET, 1)
    key = struct.pack(">I", stun.COOKIE) + transaction
    packed = bytes(a ^ b for a, b in zip(socket.inet_pton(address_family, host), key))
    return stun.attribute(kind, struct.pack(">BBH", 0, number, port ^ stun.COOKIE >> 16) + packed)


def channel(number):
    """CHANNEL-NUMBER."""
    return stun.attribute(CHANNEL_NUMBER, struct.pack(">HH", number, 0))


def send_indication(data, peer, *, whole=False):
    """An indication that takes data to a peer; in one piece or not at all, if it has to stay whole."""
    transaction = os.urandom(12)
    body = mask(XOR_PEER_ADDRESS, peer, transaction) + stun.attribute(DATA_VALUE, data)
    body += stun.attribute(DONT_FRAGMENT, b"") if whole else b""
    return stun.request(SEND, body, transaction)


@dataclass(frozen=True)
class Credential:
    """What requests are signed with."""

    user: bytes
    password: bytes
    realm: bytes
    nonce: bytes

    def sign(self, method, body, transaction):
        """The whole request, with MESSAGE-INTEGRITY."""
        for kind, value in ((0x0006, self.user), (REALM, self.realm), (NONCE, self.nonce)):
            body += stun.attribute(kind, value)
        # The length covers MESSAGE-INTEGRITY already when that is made.
        message = struct.pack(">HHI", method, len(body) + 24, stun.COOKIE) + transaction + body
        key = hashlib.md5(b":".join([self.user, self.realm, self.password])).digest()
        return message + stun.attribute(0x0008, hmac.digest(key, message, "sha1"))


class Client:
    """A client over UDP that has learned realm and nonce."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        self.socket.connect((server.host, server.port))
        _, _, found = stun.parse(self._exchange(stun.request(ALLOCATE, UDP)))
        self._credential = Credential(server.user.encode(), server.password.encode(), found[REALM], found[NONCE])

    def _exchange(self, message):
        self.socket.send(message)
        return self.socket.recv(2000)

    def request(self, method, body=b"", transaction=None):
        """Makes an authenticated request; returns whether it succeeded, the transaction, and the attributes."""
        transaction = transaction or os.urandom(12)
        answer = self._exchange(self._credential.sign(method, body, transaction))
        kind, echoed, _ = stun.parse(answer)
        assert echoed == transaction and kind & 0x3EEF == method, answer.hex()
        return kind & 0x0110 == 0x0100, transaction, list(attributes(answer))

    def send(self, data, peer, *, whole=False):
        """Sends data to a peer by an indication, as `send_indication` has it."""
        self.socket.send(send_indication(data, peer, whole=whole))

    def receive(self):
        """The data and the peer of the next indication."""
        kind, transaction, found = stun.parse(self.socket.recv(2000))
        assert kind == DATA
        return found[DATA_VALUE], unmask(found[XOR_PEER_ADDRESS], transaction)

    def receive_report(self):
        """What the network says of the next datagram that did not reach a peer: ICMP's type, code and data, the peer."""
        kind, transaction, found = stun.parse(self.socket.recv(2000))
        assert kind == DATA and DATA_VALUE not in found
        _, bits, data = struct.unpack(">HHI", found[ICMP])
        return bits >> 9, bits & 0x1FF, data, unmask(found[XOR_PEER_ADDRESS], transaction)

    def close(self):
        self.socket.close()
