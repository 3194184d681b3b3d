"""HTTPS by itself: certificates from a real server of ACME, on the ports that the Internet comes to."""

import contextlib
import os
import re
import select
import socket
import ssl
import stat
import time

import pytest

from harness import stun, turn
from harness.certificates import Authority
from harness.netns import Namespace
from harness.pebble import DIRECTORY, Pebble
from harness.process import ServerProcess
from harness.waiting import wait_until

NAME, OTHER = "talk.example.org", "call.example.org"
READY = r"Open https://[^ /]+:(\d+)"
NEW = "There is a new certificate"


@pytest.fixture
def place(tmp_path):
    """A network with an authority in it, and a way to start linkup there."""
    with contextlib.ExitStack() as stack:
        namespace = Namespace("acme")
        stack.callback(namespace.close)
        pebble = Pebble(namespace, tmp_path / "pebble")
        stack.callback(pebble.close)
        yield Place(namespace, pebble, tmp_path, stack)


class Place:
    def __init__(self, namespace, pebble, folder, stack):
        self.namespace, self.pebble, self.folder, self._stack = namespace, pebble, folder, stack
        self.data = folder / "data"

    def start(self, *arguments, names=(NAME,), prefix=(), root=None):
        domains = [part for name in names for part in ("--domain", name)]
        server = ServerProcess(
            "linkup",
            [*domains, "--acme-directory", DIRECTORY, "--acme-root", root or self.pebble.root, "--data-directory", self.data,
             "--user", "ann:secret", "--relay-address", "127.0.0.1", *arguments],
            log=self.folder / f"linkup-{time.monotonic_ns()}.log",
            ready=READY,
            prefix=[*self.namespace.prefix, *prefix],
        )
        self._stack.callback(server.finish)
        return server

    def connect(self, port=443):
        with self.namespace.entered():
            return socket.create_connection(("127.0.0.1", port), timeout=10)

    def secure(self, *, name=NAME, trusting=None):
        """A connection over TLS; to anybody's certificate, unless there is a root to trust."""
        context = ssl.create_default_context(cadata=trusting)
        if trusting is None:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(self.connect(), server_hostname=name)

    def shown(self, **options):
        with self.secure(**options) as client:
            return client.getpeercert(binary_form=True)

    def is_trusted(self, name=NAME):
        try:
            return bool(self.shown(name=name, trusting=self.pebble.roots()))
        except (ssl.SSLCertVerificationError, OSError):
            return False

    def get(self, target, host=NAME):
        with self.connect(80) as client:
            client.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return b"".join(iter(lambda: client.recv(65_536), b"")).decode()


def wait_for(server, text, count=1, timeout=20):
    wait_until(lambda: server.log.count(text) >= count, timeout=timeout, what=f"{text} in the log")


def test_a_certificate_by_the_page_on_port_80(place):
    place.pebble.start(PEBBLE_WFE_NONCEREJECT=0)
    server = place.start("--acme-email", "ann@example.org", names=[NAME, OTHER])
    assert server.port == 443 and f"https://{NAME}:443" in server.log
    wait_for(server, NEW)
    assert place.is_trusted(NAME) and place.is_trusted(OTHER)
    assert "HTTP-01" not in server.log and "terms" in server.log
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (place.data / "tls").iterdir()}
    assert files == {"acme.pem": 0o600, "acme-account.pem": 0o600}
    # Port 80 leads to the page, and has nothing else.
    answer = place.get("/r/Ann?x=1")
    assert answer.startswith("HTTP/1.1 308") and f"Location: https://{NAME}/r/Ann?x=1\r\n" in answer
    assert place.get("/.well-known/acme-challenge/nothing").startswith("HTTP/1.1 404")
    assert place.get("/", host="elsewhere.example").startswith("HTTP/1.1 421")
    # The next start has it, and asks for none.
    certificate = place.shown()
    assert server.stop() == 0
    again = place.start(names=[NAME, OTHER])
    assert place.shown() == certificate
    with place.secure(trusting=place.pebble.roots()) as client:
        client.sendall(f"GET /readyz HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert b"200 OK" in client.recv(4000)
    assert again.stop() == 0
    assert NEW not in again.log
    # Another name needs another one.
    third = place.start(names=[NAME, "third.example.org"])
    wait_for(third, NEW)
    assert place.is_trusted("third.example.org")


def test_a_certificate_by_port_443_where_80_is_closed(place):
    """The authority does not get through to port 80: it is shown a certificate for its protocol alone on 443 at once."""
    place.pebble.start(http_port=81, PEBBLE_WFE_NONCEREJECT=0)
    server = place.start()
    wait_for(server, NEW)
    assert "(HTTP-01, port 80): it can't connect to this server" in server.log
    assert place.is_trusted()
    # Afterwards nobody gets such a certificate any more.
    context = ssl.create_default_context(cadata=place.pebble.roots())
    context.set_alpn_protocols(["acme-tls/1"])
    with context.wrap_socket(place.connect(), server_hostname=NAME) as client:
        assert client.selected_alpn_protocol() is None


def test_others_are_served_while_the_authority_looks(place):
    """TLS of all others goes on as ever while a challenge is open, however their first bytes come."""
    place.pebble.start(http_port=81, PEBBLE_VA_NOSLEEP="", PEBBLE_VA_SLEEPTIME=3, PEBBLE_WFE_NONCEREJECT=0)
    server = place.start()
    shown = 0
    while NEW not in server.log:
        with place.secure() as client:
            assert client.getpeercert(binary_form=True)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = context.wrap_bio(incoming, outgoing, server_hostname=NAME)
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        with place.connect() as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            hello = outgoing.read()
            for piece in (hello[:1], hello[1:3], hello[3:40], hello[40:]):
                plain.sendall(piece)
            incoming.write(plain.recv(65_536))
        shown += 1
        assert shown < 2000
    assert shown > 3
    assert place.is_trusted()


def test_half_of_all_nonces_are_refused(place):
    place.pebble.start(PEBBLE_WFE_NONCEREJECT=50, PEBBLE_AUTHZREUSE=100)
    server = place.start()
    wait_for(server, NEW, timeout=30)
    assert place.is_trusted()
    # One nonce was fetched for itself, and each request beyond the usual nine was one that had been refused.
    assert place.pebble.log.count("HEAD /nonce-plz") == 1
    assert place.pebble.log.count("POST /") > 9


def test_a_name_that_leads_elsewhere(place):
    """What is wrong is said in words; the page is there meanwhile, and the certificate when it was put right."""
    place.pebble.start(PEBBLE_WFE_NONCEREJECT=0)
    place.pebble.names.lead_to("127.0.0.9")
    server = place.start("--hostname", "127.0.0.1")
    wait_for(server, "No certificate:", 2)
    assert f"did not see that {NAME} is this server (HTTP-01, port 80): it can't connect" in server.log
    assert f"did not see that {NAME} is this server (TLS-ALPN-01, port 443)" in server.log
    assert re.search(r"next try=in (4|5|6|7)\d s", server.log), server.log
    place.pebble.names.lead_to("")
    server.process.send_signal(1)
    wait_for(server, "No certificate:", 3)
    assert "could not resolve" in server.log
    with place.secure() as client:
        client.sendall(f"GET /readyz HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert b"503" in answer and b"certificate: there is no certificate yet" in answer
    place.pebble.names.lead_to("127.0.0.1")
    server.process.send_signal(1)
    wait_for(server, NEW)
    assert place.is_trusted()


def test_a_name_that_the_authority_does_not_take(place):
    place.pebble.start(blocked=[NAME], PEBBLE_WFE_NONCEREJECT=0)
    server = place.start()
    wait_for(server, "No certificate:")
    assert "it gives out no certificates for the name" in server.log


def test_the_authority_is_away(place):
    """A start waits for nobody."""
    server = place.start()
    wait_for(server, "No certificate: the certificate authority can't be reached: localhost: Connection refused")
    with place.secure() as client:
        client.sendall(f"GET /healthz HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert b"200 OK" in client.recv(4000)
    place.pebble.start()
    server.process.send_signal(1)
    wait_for(server, NEW)
    assert place.is_trusted()


def test_an_authority_that_nobody_knows(place, tmp_path):
    place.pebble.start()
    server = place.start(root=Authority(tmp_path / "stranger").certificate)
    wait_for(server, "No certificate:")
    assert "its certificate is not trusted here" in server.log


def test_keys_and_accounts_are_lost(place):
    """The key of the account is lost here, and the account there."""
    place.pebble.start()
    server = place.start()
    wait_for(server, NEW)
    assert server.stop() == 0
    account = place.data / "tls" / "acme-account.pem"
    first = account.read_text()
    for loss in ("gone", "damaged", "unknown"):
        (place.data / "tls" / "acme.pem").unlink()
        if loss == "gone":
            account.unlink()
        elif loss == "damaged":
            account.write_text(account.read_text()[:100])
        else:
            # Pebble forgets all accounts.
            place.pebble.stop()
            place.pebble.start()
        before = account.read_text() if account.exists() else ""
        server = place.start()
        wait_for(server, NEW)
        assert ("is damaged" in server.log) == (loss == "damaged")
        assert (account.read_text() == before) == (loss == "unknown")
        assert place.is_trusted()
        assert server.stop() == 0
    assert account.read_text() != first


def test_certificates_are_renewed_under_a_call(place):
    """A WebSocket and an allocation over TLS on one port outlive their certificate, a renewal that fails, and the next."""
    place.pebble.start(life=24)
    server = place.start()
    wait_for(server, NEW)
    with contextlib.ExitStack() as stack:
        socket_io = stack.enter_context(SecureSocket(place))
        relay = stack.enter_context(SecureAllocation(place))
        first = place.shown(trusting=place.pebble.roots())
        wait_for(server, NEW, 2, timeout=30)
        wait_until(lambda: place.shown() != first, what="the new certificate")
        second = place.shown(trusting=place.pebble.roots())
        socket_io.check()
        relay.check()
        # The authority goes away for the next one.
        place.pebble.stop()
        wait_for(server, "No certificate:", timeout=40)
        assert place.shown() == second
        socket_io.check()
        relay.check()
        place.pebble.start(life=600)
        wait_for(server, NEW, 3, timeout=60)
        wait_until(place.is_trusted, what="the certificate of the new root")
        socket_io.check()
        relay.check()
    assert server.stop() == 0


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_is_wrong(place, days, monkeypatch):
    """The certificate is good for those whose clocks are right; nothing is asked for again and again."""
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    now = time.time()
    place.pebble.start(days=2, life=90 * 86_400)
    # faketime waits for the server, and would leave it behind when it is stopped itself.
    prefix = ["faketime", "-f", f"{days:+d}d", "setpriv", "--pdeathsig", "KILL"]
    server = place.start(prefix=prefix)
    wait_for(server, "No certificate:")
    assert "the clock of this machine is wrong" in server.log
    assert time.strftime("%Y-%m", time.gmtime(now + days * 86_400)) in server.log


def test_port_80_is_no_room_to_stay(place):
    """Who says nothing there is sent away, and one network has no more than its share meanwhile."""
    server = place.start()
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(place.connect(80)) for _ in range(64)]
        begin = time.monotonic()
        silent.append(stack.enter_context(place.connect(80)))
        # Which of them is one too many is up to the threads that they came to.
        readable, _, _ = select.select(silent, [], [], 5)
        assert [client.recv(1) for client in readable] == [b""]
        for client in set(silent) - set(readable):
            client.settimeout(15)
            assert client.recv(1) == b""
        assert time.monotonic() - begin > 8
    assert place.get("/").startswith("HTTP/1.1 308")
    assert server.is_running


class SecureSocket:
    """A WebSocket of Engine.IO over TLS."""

    def __init__(self, place):
        self._client = place.secure()
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        head = f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {NAME}\r\nUpgrade: websocket\r\n"
        head += f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        self._client.sendall(head.encode())
        self._bytes = b""
        self._read_until(b"\r\n\r\n")
        self._read_until(b"}")
        self._send(b"40/room,")
        self._read_until(b"40/room,")
        self._read_until(b"}")

    def _send(self, text):
        self._client.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)

    def _read_until(self, end):
        while end not in self._bytes:
            piece = self._client.recv(65_536)
            assert piece, "the server closed the WebSocket"
            self._bytes += piece
        self._bytes = self._bytes[self._bytes.index(end) + len(end) :]

    def check(self):
        """An event is answered."""
        self._send(b'42/room,7["history",{}]')
        self._read_until(b"43/room,7")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.close()


class SecureAllocation:
    """An allocation over TLS whose peer is a socket beside it."""

    def __init__(self, place):
        self._client = place.secure()
        with place.namespace.entered():
            self._peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._peer.bind(("127.0.0.1", 0))
        self._peer.settimeout(5)
        self._client.sendall(stun.request(turn.ALLOCATE, turn.UDP))
        _, _, found = stun.parse(stun.read_message(self._client))
        self._credential = turn.Credential(b"ann", b"secret", found[turn.REALM], found[turn.NONCE])
        assert self._ask(turn.ALLOCATE, turn.UDP) == turn.ALLOCATE | 0x0100
        self._peer_address = self._peer.getsockname()

    def _ask(self, method, body):
        self._client.sendall(self._credential.sign(method, body, os.urandom(12)))
        return stun.parse(stun.read_message(self._client))[0]

    def check(self):
        """The allocation is there, and is refreshed."""
        assert self._ask(turn.REFRESH, stun.attribute(turn.LIFETIME, (600).to_bytes(4, "big"))) == turn.REFRESH | 0x0100

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.close()
        self._peer.close()
