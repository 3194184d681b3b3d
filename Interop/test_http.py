"""The page and its files as HTTP serves them."""

import re
import socket
from urllib.parse import urljoin

import pytest

from harness import http
from harness.process import ROOT

POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.fixture(scope="module")
def address(shared_linkup):
    return shared_linkup.address


@pytest.mark.parametrize("path", ["/", "/r/daily-stand-up", "/r/A.b_c-1", "/?transports=polling", "/r/x?name=Ann"])
def test_page(address, path):
    response = http.request(address, "GET", path)
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<html" in response.text


def test_security_headers(address):
    for path in ("/", "/main.js", "/no-such-file"):
        headers = http.request(address, "GET", path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["base-uri"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert "*" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "camera=(self)" in headers["permissions-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        # Without TLS a browser must not be told to stay away from this port.
        assert "strict-transport-security" not in headers


KINDS = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}


def test_every_file_of_the_page_is_served(address):
    """Follows what the page refers to, from file to file."""
    seen, queue = set(), ["/"]
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        seen.add(path)
        response = http.request(address, "GET", path)
        assert response.status == 200, path
        kind = response.headers["content-type"].split(";")[0]
        assert kind == KINDS[path.rpartition(".")[2] if "." in path else "html"], path
        references = re.findall(r"""(?:\bfrom\s+|\bimport\s*\(?\s*|\bhref=|\bsrc=|url\()["']?(\.?\.?/[\w./-]+)""", response.text)
        queue += [resolve(path, reference) for reference in references if not reference.startswith("//")]
    assert any(path.endswith(".css") for path in seen)
    assert any(path.startswith("/client/") for path in seen)


def resolve(base, reference):
    return urljoin(base, reference).split("#")[0]


def test_entity_tag_saves_the_body(address):
    response = http.request(address, "GET", "/main.js")
    tag = response.headers["etag"]
    assert re.fullmatch(r'"[^"]+"', tag), "a strong tag"
    for value in (tag, "W/" + tag, f'"other", {tag}', "*"):
        again = http.request(address, "GET", "/main.js", headers={"If-None-Match": value})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
    assert http.request(address, "GET", "/main.js", headers={"If-None-Match": '"other"'}).status == 200


def test_head(address):
    full = http.request(address, "GET", "/main.js")
    head = http.request(address, "HEAD", "/main.js")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(full.body))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods(address, method):
    response = http.request(address, method, "/", body="x")
    assert response.status == 405
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/../Package.swift",
        "/..%2fPackage.swift",
        "/%2e%2e/Package.swift",
        "/ui/../../Package.swift",
        "/ui/%2e%2e/%2e%2e/Package.swift",
        "//etc/passwd",
        "/.git/config",
        "/tests/",
        "/main.js/",
        "/main.js%00.css",
        "/socket.io.js",
        "/r/",
        "/r/a/b",
        "/r/" + "x" * 65,
        "/r/%20",
        "/no-such-file",
        "/" + "x" * 5000,
    ],
    ids=lambda path: path[:40],
)
@pytest.mark.parametrize("served_from", ["binary", "disk"])
def test_nothing_else_is_served(address, disk_address, served_from, path):
    response = http.request(address if served_from == "binary" else disk_address, "GET", path)
    assert response.status == 404, response
    assert b"swift-tools-version" not in response.body and b"root:" not in response.body


@pytest.fixture(scope="module")
def disk_address(start_shared_linkup):
    return start_shared_linkup("--web-directory", ROOT / "Web").address


@pytest.mark.parametrize("served_from", ["binary", "disk"])
def test_files_for_working_on_the_page_are_not_served(address, disk_address, served_from):
    for path in ("/jsconfig.json", "/package.json", "/tests/backoff.test.js", "/tests/clock.js", "/Package.json"):
        assert http.request(address if served_from == "binary" else disk_address, "GET", path).status == 404, path


@pytest.mark.parametrize("path", ["/no-such-page", "/r/", "/r/a/b", "/r/%20"])
def test_people_get_the_page_where_there_is_nothing(address, path):
    response = http.request(address, "GET", path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert response.status == 404
    assert response.body == http.request(address, "GET", "/").body
    assert http.request(address, "GET", path, headers={"Accept": "*/*"}).text == "There is nothing here.\n"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[evil]"])
@pytest.mark.parametrize("path", ["/", "/main.js", "/no-such-file"])
def test_names_that_are_not_the_servers(address, host, path):
    """A page that has its name lead here must not become the server's own."""
    response = raw(address, "GET", path, f"Host: {host}")
    assert response.startswith(b"HTTP/1.1 421 "), response
    assert b"--public-host" in response
    assert b"nosniff" in response.lower()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:3000", "meet.example.org", "MEET.example.org.:443"])
def test_names_that_are_the_servers(named_address, host):
    assert raw(named_address, "GET", "/", f"Host: {host}").startswith(b"HTTP/1.1 200 ")


def test_name_of_the_machine(address):
    name = socket.gethostname()
    assert raw(address, "GET", "/", f"Host: {name}").startswith(b"HTTP/1.1 200 ")
    assert raw(address, "GET", "/", f"Host: {name.split('.')[0]}.local:80").startswith(b"HTTP/1.1 200 ")


def test_whoever_watches_needs_no_name(address):
    for path in ("/healthz", "/readyz"):
        assert raw(address, "GET", path, "Host: linkup").startswith(b"HTTP/1.1 200 ")


def test_hosts_in_socket_io(named_address):
    target = "/socket.io/?EIO=4&transport=polling"
    assert raw(named_address, "GET", target, "Host: evil.example").startswith(b"HTTP/1.1 421 ")
    assert raw(named_address, "GET", target, "Host: meet.example.org").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("origin", "host", "is_allowed"),
    [
        ("http://localhost", "localhost", True),
        ("https://localhost:3000", "localhost:3000", True),
        ("https://friend.example", "localhost", True),
        ("https://meet.example.org", "localhost", True),
        ("http://localhost:3001", "localhost:3000", False),
        ("https://evil.example", "localhost", False),
        ("https://evil.example", "meet.example.org", False),
        ("https://meet.example.org.evil.example", "localhost", False),
        ("null", "localhost", False),
    ],
)
@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_origins_in_socket_io(named_address, transport, origin, host, is_allowed):
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    upgrade += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    fields = [f"Host: {host}", f"Origin: {origin}", *(upgrade if transport == "websocket" else [])]
    response = raw(named_address, "GET", f"/socket.io/?EIO=4&transport={transport}", *fields)
    # Engine.IO refuses a WebSocket with 400, whatever the reason.
    allowed, refused = (101, 400) if transport == "websocket" else (200, 403)
    assert response.startswith(f"HTTP/1.1 {allowed if is_allowed else refused} ".encode()), response


def raw(address, method, target, *fields):
    """Sends what a client would not, and returns the head and what came with it."""
    with socket.create_connection(address, timeout=10) as connection:
        head = [f"{method} {target} HTTP/1.1", *fields]
        connection.sendall("".join(f"{line}\r\n" for line in [*head, ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connection.recv(65536)
            assert part, answer
            answer += part
        length = re.search(rb"content-length: *(\d+)", answer, re.IGNORECASE)
        head, _, body = answer.partition(b"\r\n\r\n")
        while length and len(body) < int(length[1]):
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def named_address(start_shared_linkup):
    arguments = ["--public-host", "meet.example.org", "--allowed-origin", "https://friend.example"]
    return start_shared_linkup(*arguments).address


def test_ready(address):
    response = http.request(address, "GET", "/readyz")
    assert (response.status, response.text) == (200, "ok\n")


def test_other_sites_cannot_so_much_as_see_the_page(address):
    for path in ("/", "/main.js", "/no-such-file"):
        assert http.request(address, "GET", path).headers["cross-origin-resource-policy"] == "same-origin"
    headers = http.request(address, "GET", "/client/socket.io.js").headers
    assert headers["cross-origin-resource-policy"] == "cross-origin"


def test_pages_from_disk_are_the_same(address, disk_address):
    for path in ("/", "/main.js", "/client/socket.io.js"):
        assert http.request(address, "GET", path).body == http.request(disk_address, "GET", path).body


def test_client_module_is_there_for_other_sites(address):
    response = http.request(address, "GET", "/client/socket.io.js", headers={"Origin": "https://elsewhere.example"})
    assert response.status == 200
    assert response.headers["access-control-allow-origin"] == "*"
    # The application's own connections are for its own page.
    handshake = http.request(
        address, "GET", "/socket.io/?EIO=4&transport=polling", headers={"Origin": "https://elsewhere.example"}
    )
    assert "access-control-allow-origin" not in handshake.headers


def test_health(address):
    assert http.request(address, "GET", "/healthz").status == 200


def test_many_requests_on_one_connection(address):
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
        answer = b""
        while answer.count(b"HTTP/1.1 200") < 20:
            part = connection.recv(65536)
            assert part, answer
            answer += part


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/healthz", 200), ("/no-such-file", 404), (POLLING, 200), (POLLING + "&sid=x", 400)],
)
def test_keep_alive_of_the_old_protocol(address, path, status):
    """What `ab -k` relies on: the server says that the connection stays, and how long the body is."""
    request = f"GET {path} HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: localhost\r\nAccept: */*\r\n\r\n".encode()
    with socket.create_connection(address, timeout=5) as connection:
        for _ in range(3):
            connection.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer:
                part = connection.recv(65536)
                assert part, answer
                answer += part
            head, _, body = answer.partition(b"\r\n\r\n")
            head = head.lower()
            assert int(head.split()[1]) == status
            assert b"\r\nconnection: keep-alive" in head
            assert b"transfer-encoding" not in head
            length = int(re.search(rb"content-length: *(\d+)", head)[1])
            while len(body) < length:
                part = connection.recv(65536)
                assert part, answer
                body += part
            assert len(body) == length
        # Without the field the connection ends behind the answer.
        connection.sendall(request.replace(b"Connection: Keep-Alive\r\n", b""))
        while connection.recv(65536):
            pass
