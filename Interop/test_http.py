"""The page and its files as HTTP serves them."""

import re
import socket
from urllib.parse import urljoin

import pytest

from harness import http
from harness.process import ROOT


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
        assert headers["referrer-policy"] in ("no-referrer", "same-origin", "strict-origin-when-cross-origin")
        assert headers["cross-origin-opener-policy"] == "same-origin"


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
        assert kind in ("text/html", "text/javascript", "text/css", "image/svg+xml", "application/manifest+json"), path
        references = re.findall(r"""(?:\bfrom\s+|\bimport\s+|\bhref=|\bsrc=|url\()["']?(\.?\.?/[\w./-]+)""", response.text)
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
    assert response.status in (400, 404, 414, 431), response
    assert b"swift-tools-version" not in response.body and b"root:" not in response.body


@pytest.fixture(scope="module")
def disk_address(start_shared_linkup):
    return start_shared_linkup("--web-directory", ROOT / "Web").address


def test_files_for_working_on_the_page_are_not_in_the_binary(address):
    for path in ("/jsconfig.json", "/package.json", "/tests/codec.test.js"):
        assert http.request(address, "GET", path).status == 404


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
