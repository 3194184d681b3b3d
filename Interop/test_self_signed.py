"""HTTPS with a certificate that linkup makes itself: who trusts its root has all of the page, at every address."""

import hashlib
import re
import socket
import ssl
import stat
import subprocess

import pytest
from playwright.sync_api import sync_playwright

from harness import http
from harness.browser import Participant, launch_inside
from harness.certificates import make_known
from harness.member import Member
from harness.netns import Internet, Namespace
from harness.waiting import wait_until

READY = r"Open https://[^ /]+:(\d+)"


def start(start_server, folder, *arguments, **options):
    arguments = ["--port", 0, "--turn-port", 0, "--data-directory", folder / "data", "--tls", "self-signed", *arguments]
    return start_server("linkup", arguments, ready=READY, **options)


def shown(address, *, root=None, name="localhost", namespace=None):
    """The certificate that a server shows, after the handshake with a client that trusts `root` alone."""
    context = ssl.create_default_context(cafile=root)
    if root is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(address, namespace) as plain, context.wrap_socket(plain, server_hostname=name) as client:
        return client.getpeercert(binary_form=True)


def connect(address, namespace):
    if namespace is None:
        return socket.create_connection(address, timeout=5)
    with namespace.entered():
        return socket.create_connection(address, timeout=5)


def answers(client):
    """Whether one more request on a connection is answered."""
    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while not answer.endswith(b"ok\n"):
        piece = client.recv(4000)
        if not piece:
            return False
        answer += piece
    return answer.startswith(b"HTTP/1.1 200")


def get(server, path, root):
    with socket.create_connection(server.address, timeout=5) as plain:
        with ssl.create_default_context(cafile=root).wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            head, _, body = b"".join(iter(lambda: client.recv(65_536), b"")).partition(b"\r\n\r\n")
            return head.decode().lower(), body


def test_the_first_start_makes_it_and_the_next_keeps_it(start_server, tmp_path):
    server = start(start_server, tmp_path)
    files = tmp_path / "data" / "tls"
    root = files / "root.crt"
    certificate = shown(server.address)
    for name in ("localhost", "127.0.0.1", "::1", socket.gethostname()):
        assert shown(server.address, root=root, name=name) == certificate, name
    with pytest.raises(ssl.SSLCertVerificationError):
        shown(server.address, root=root, name="example.org")
    digest = hashlib.sha256(certificate).hexdigest().upper()
    assert re.sub("(..)(?!$)", r"\1:", digest) in server.log
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in files.iterdir()} == {
        "root.crt": 0o600,
        "root.pem": 0o600,
        "server.pem": 0o600,
    }
    # OpenSSL agrees that the root may vouch for it.
    command = ["openssl", "verify", "-x509_strict", "-CAfile", root, files / "server.pem"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # A browser that warns of it must not be told to come over TLS only: it would take no exception.
    head, _ = get(server, "/", root)
    assert head.startswith("http/1.1 200") and "strict-transport-security" not in head
    head, body = get(server, "/api/root.crt", root)
    assert "content-type: application/x-x509-ca-cert" in head and body == root.read_bytes()
    assert http.request(server.address, "GET", "/").status == 308
    assert server.stop() == 0
    again = start(start_server, tmp_path)
    assert shown(again.address) == certificate


def test_there_is_no_root_without_it(shared_linkup):
    assert http.request(shared_linkup.address, "GET", "/api/root.crt").status == 404


def test_another_address_gets_another_certificate(start_server, tmp_path):
    """A laptop that comes into another network: open connections go on, and the same root vouches for the new address."""
    namespace = Namespace("laptop")
    try:
        server = start(start_server, tmp_path, prefix=namespace.prefix)
        root = tmp_path / "data" / "tls" / "root.crt"
        address = ("127.0.0.1", server.port)
        before = shown(address, root=root, namespace=namespace)
        with connect(address, namespace) as plain:
            context = ssl.create_default_context(cafile=root)
            with context.wrap_socket(plain, server_hostname="localhost") as client:
                assert answers(client)
                namespace.ip("link", "add", "wifi", "type", "veth", "peer", "name", "station")
                for end in ("wifi", "station"):
                    namespace.ip("link", "set", end, "up")
                for added in ("192.168.77.5/24", "fd00::5/64"):
                    namespace.ip("address", "add", added, "dev", "wifi")
                wait_until(lambda: shown(address, root=root, namespace=namespace) != before, timeout=25, what="a new one")
                for name in ("192.168.77.5", "fd00::5"):
                    shown((name, server.port), root=root, name=name, namespace=namespace)
                assert answers(client)
        assert "There is a new certificate" in server.log
        assert server.stop() == 0
    finally:
        namespace.close()


def test_a_call_at_an_address_of_the_network(start_server, tmp_path):
    """Who trusts the root has camera and microphone from another machine, by the address alone."""
    internet = Internet()
    try:
        (host,) = internet.hosts
        server = start(
            start_server, tmp_path, "--relay-address", host.address, prefix=host.namespace.prefix
        )
        url = f"https://{host.address}:{server.port}"
        with sync_playwright() as playwright:
            people = []
            for home, name in zip(internet.homes, ["Ann", "Bea"]):
                folder = tmp_path / name
                folder.mkdir()
                make_known(tmp_path / "data" / "tls" / "root.crt", folder)
                browser = launch_inside(playwright, home.client, folder, "http://unused.example")
                people.append(Participant(browser, url, name=name).enter())
            for person in people:
                person.wait_for_peers(1)
                person.wait_for_frames(10)
                assert person.page.evaluate("window.isSecureContext")
            for person in people:
                person.close()
    finally:
        internet.close()
