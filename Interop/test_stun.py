"""STUN Binding by raw sockets, and by aioice's messages."""

import contextlib
import random
import re
import socket
import struct

import pytest
from aioice import stun as aioice_stun

from harness import stun
from harness.member import Member, call


@pytest.fixture(scope="module")
def port(shared_linkup):
    """The STUN port, as clients learn it."""
    with Member(shared_linkup.url) as member:
        joined = member.join("stun", call=call())
    urls = [server["urls"] for server in joined["iceServers"]]
    return int(re.search(r"stun:127\.0\.0\.1:(\d+)", str(urls)).group(1))


LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def udp(request, port):
    with socket.socket(request.param, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.bind((LOOPBACK[request.param], 0))
        client.connect((LOOPBACK[request.param], port))
        yield client


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def tcp(request, port):
    with socket.create_connection((LOOPBACK[request.param], port), timeout=5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client


@pytest.mark.parametrize("fingerprint", [False, True])
def test_binding_over_udp(udp, fingerprint):
    request = stun.request(fingerprint=fingerprint)
    udp.send(request)
    answer = udp.recv(2000)
    kind, transaction, attributes = stun.parse(answer)
    assert (kind, transaction) == (0x0101, request[8:20])
    assert stun.mapped_address(answer) == udp.getsockname()[:2]
    assert (stun.FINGERPRINT in attributes) == fingerprint
    # An answer much larger than its request would make the server a weapon against others.
    assert len(answer) <= len(request) + 24


def test_binding_over_tcp(tcp):
    for _ in range(3):
        request = stun.request()
        tcp.sendall(request)
        answer = stun.read_message(tcp)
        assert stun.parse(answer)[:2] == (0x0101, request[8:20])
        assert stun.mapped_address(answer) == tcp.getsockname()[:2]


def test_tcp_in_single_bytes_and_in_one_segment(tcp):
    requests = [stun.request(fingerprint=True) for _ in range(3)]
    for byte in requests[0]:
        tcp.sendall(bytes([byte]))
    tcp.sendall(requests[1] + requests[2])
    for request in requests:
        assert stun.parse(stun.read_message(tcp))[1] == request[8:20]


def test_unknown_attributes(udp):
    request = stun.request(attributes=stun.attribute(0x7FFF, b"abc") + stun.attribute(0xFFFE, b"optional"))
    udp.send(request)
    kind, transaction, attributes = stun.parse(udp.recv(2000))
    assert (kind, transaction) == (0x0111, request[8:20])
    assert attributes[0x0009][2:4] == bytes([4, 20])
    assert struct.unpack(">H", attributes[0x000A][:2])[0] == 0x7FFF


def test_garbage_draws_no_answer(udp):
    noise = random.Random(5)
    # Another transaction than that of the good request, so that an answer to garbage shows.
    spoilt = stun.request(fingerprint=True)
    wrong_fingerprint = spoilt[:-1] + bytes([spoilt[-1] ^ 1])
    garbage = [b"", b"\x00", spoilt[:-1], spoilt + b"\x00", wrong_fingerprint, stun.request(kind=0x0011), spoilt[:19]]
    garbage += [b"\x80" + spoilt[1:], spoilt[:4] + bytes(4) + spoilt[8:], stun.request(kind=0x0101)]
    garbage += [spoilt[:number] for number in range(1, len(spoilt))]
    garbage += [noise.randbytes(noise.randrange(1, 1400)) for _ in range(200)]
    for datagram in garbage:
        udp.send(datagram)
    good = stun.request(fingerprint=True)
    assert good[8:20] != spoilt[8:20]
    # The burst may fill the receive buffer: a client repeats its request until it is answered (RFC 8489, 6.2.1).
    udp.settimeout(0.5)
    answers = []
    for _ in range(20):
        udp.send(good)
        try:
            answers.append(udp.recv(2000))
            break
        except TimeoutError:
            continue
    # What else was drawn would be here by the time of a second answer.
    with contextlib.suppress(TimeoutError):
        while True:
            answers.append(udp.recv(2000))
    assert answers, "no answer to a good request"
    assert {stun.parse(answer)[1] for answer in answers} == {good[8:20]}


def test_garbage_over_tcp_harms_nobody(port, tcp):
    noise = random.Random(6)
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as other:
            try:
                other.sendall(noise.randbytes(noise.randrange(1, 3000)))
            except OSError:
                pass
    request = stun.request()
    tcp.sendall(request)
    assert stun.parse(stun.read_message(tcp))[1] == request[8:20]


def test_aioice_understands_the_answer(udp):
    message = aioice_stun.Message(aioice_stun.Method.BINDING, aioice_stun.Class.REQUEST)
    message.add_fingerprint()
    udp.send(bytes(message))
    answer = aioice_stun.parse_message(udp.recv(2000))
    assert answer.message_class == aioice_stun.Class.RESPONSE
    assert answer.transaction_id == message.transaction_id
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == udp.getsockname()[:2]
