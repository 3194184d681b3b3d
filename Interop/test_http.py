"""The page and its files as HTTP serves them."""

import gzip
import re
import socket
from urllib.parse import urljoin

import pytest

from harness import http
from harness.process import ROOT

POLLING = "/socket.io/?EIO=4&transport=polling"
FOR_GOOD = "public, max-age=31536000, immutable"
SCRIPT = "main.js"


@pytest.fixture(scope="module")
def address(shared_linkup):
    return shared_linkup.address


@pytest.fixture(scope="module")
def script(address):
    """The address of a file that the page loads."""
    return folder(address) + SCRIPT


def folder(address, base="/"):
    """Where the files are that the page loads: the page says so."""
    page = http.request(address, "GET", base).text
    return re.search(rf'src="({re.escape(base)}a/[\w-]+/){SCRIPT}"', page)[1]


@pytest.mark.parametrize("path", ["/", "/r/daily-stand-up", "/r/A.b_c-1", "/?transports=polling", "/r/x?name=Ann"])
def test_page(address, path):
    response = http.request(address, "GET", path)
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<html" in response.text


def test_security_headers(address, script):
    for path in ("/", script, "/no-such-file"):
        headers = http.request(address, "GET", path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        styles = "'self'( 'sha256-[A-Za-z0-9+/]{43}=')+" if path == "/" else "'self'"
        assert re.fullmatch(styles, policy["style-src"])
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


@pytest.mark.parametrize("base", ["/", "/talk/"])
def test_every_file_of_the_page_is_served(address, below_address, base):
    """Follows what the page refers to, from file to file."""
    address = address if base == "/" else below_address
    seen, queue = set(), [base]
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
        assert response.headers["cache-control"] == ("no-cache" if path == base else FOR_GOOD)
    assert any(path.endswith(".css") for path in seen)
    loaded = folder(address, base)
    assert loaded + "client/engine.js" in seen
    assert all(path.startswith(loaded) for path in seen - {base})


def resolve(base, reference):
    return urljoin(base, reference).split("#")[0]


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("path", ["/", "SCRIPT", "/client/socket.io.js"])
def test_entity_tag_saves_the_body(address, script, path, encoding):
    path = path.replace("SCRIPT", script)
    accept = {"Accept-Encoding": encoding}
    response = http.request(address, "GET", path, headers=accept)
    tag = response.headers["etag"]
    assert re.fullmatch(r'"[^"]+"', tag), "a strong tag"
    for value in (tag, "W/" + tag, f'"other", {tag}', "*"):
        again = http.request(address, "GET", path, headers={**accept, "If-None-Match": value})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == response.headers["cache-control"]
    assert http.request(address, "GET", path, headers={**accept, "If-None-Match": '"other"'}).status == 200


@pytest.mark.parametrize("path", ["/", "SCRIPT", "/client/socket.io.js"])
def test_bodies_are_compressed_for_those_who_take_it(address, script, path):
    path = path.replace("SCRIPT", script)
    plain = http.request(address, "GET", path)
    assert "content-encoding" not in plain.headers
    for accepted in ("gzip, deflate, br", "br;q=1, gzip;q=0.2", "*"):
        packed = http.request(address, "GET", path, headers={"Accept-Encoding": accepted})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"].lower() == "accept-encoding" == plain.headers["vary"].lower()
        assert len(packed.body) < len(plain.body) and gzip.decompress(packed.body) == plain.body
        assert packed.headers["etag"] != plain.headers["etag"]
        assert "default-src 'none'" in packed.headers["content-security-policy"]
    for accepted in ("gzip;q=0", "identity", "br"):
        assert http.request(address, "GET", path, headers={"Accept-Encoding": accepted}).body == plain.body


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("path", ["/", "SCRIPT", "/client/socket.io.js"])
def test_head(address, script, path, encoding):
    path = path.replace("SCRIPT", script)
    full = http.request(address, "GET", path, headers={"Accept-Encoding": encoding})
    head = http.request(address, "HEAD", path, headers={"Accept-Encoding": encoding})
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(full.body))


def test_parts_of_files_are_not_served(address, script):
    """Whoever asks for a part gets the whole (RFC 9110 §14.2)."""
    response = http.request(address, "GET", script, headers={"Range": "bytes=1-2"})
    assert (response.status, response.body) == (200, http.request(address, "GET", script).body)


def test_other_versions_are_told_to_reload(address):
    response = http.request(address, "GET", f"/a/AAAAAAAAAAAAAAAA/{SCRIPT}")
    assert (response.status, response.headers["cache-control"]) == (404, "no-store")
    assert "reload the page" in response.text


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
        "/main.js",
        "/a/",
        "FOLDERmain.js/",
        "FOLDERmain.js%00.css",
        "FOLDERui/../../Package.swift",
        "FOLDERui/%2e%2e/%2e%2e/%2e%2e/Package.swift",
        "FOLDERindex.html",
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
    address = address if served_from == "binary" else disk_address
    response = http.request(address, "GET", path.replace("FOLDER", folder(address)))
    assert response.status == 404, response
    assert b"swift-tools-version" not in response.body and b"root:" not in response.body


@pytest.fixture(scope="module")
def disk_address(start_shared_linkup):
    return start_shared_linkup("--web-directory", ROOT / "Web").address


@pytest.mark.parametrize("served_from", ["binary", "disk"])
def test_files_for_working_on_the_page_are_not_served(address, disk_address, served_from):
    address = address if served_from == "binary" else disk_address
    for path in ("jsconfig.json", "package.json", "tests/backoff.test.js", "tests/clock.js", "Package.json"):
        for where in ("/", folder(address)):
            assert http.request(address, "GET", where + path).status == 404, path


@pytest.mark.parametrize("path", ["/no-such-page", "/r/", "/r/a/b", "/r/%20"])
def test_people_get_the_page_where_there_is_nothing(address, path):
    response = http.request(address, "GET", path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert response.status == 404
    assert response.body == http.request(address, "GET", "/").body
    assert http.request(address, "GET", path, headers={"Accept": "*/*"}).text == "There is nothing here.\n"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[evil]"])
@pytest.mark.parametrize("path", ["/", "/client/socket.io.js", "/no-such-file"])
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


def test_other_sites_cannot_so_much_as_see_the_page(address, script):
    for path in ("/", script, "/no-such-file"):
        assert http.request(address, "GET", path).headers["cross-origin-resource-policy"] == "same-origin"
    headers = http.request(address, "GET", "/client/socket.io.js").headers
    assert headers["cross-origin-resource-policy"] == "cross-origin"


def test_pages_from_disk_are_the_same(address, disk_address):
    embedded, disk = folder(address), folder(disk_address)
    assert http.request(address, "GET", "/").text.replace(embedded, disk) == http.request(disk_address, "GET", "/").text
    for path in (SCRIPT, "client/socket.io.js"):
        read = http.request(disk_address, "GET", disk + path)
        assert http.request(address, "GET", embedded + path).body == read.body
        # They change while one works on them.
        assert read.headers["cache-control"] == "no-cache"


@pytest.fixture(scope="module")
def below_address(start_shared_linkup):
    return start_shared_linkup("--base-path", "/talk").address


def test_below_a_path(below_address):
    def get(path, **headers):
        return http.request(below_address, "GET", path, headers=headers)

    page = get("/talk/r/tea")
    assert page.status == 200 and '<meta name="linkup-base" content="/talk/">' in page.text
    assert get("/talk/client/socket.io.js").headers["access-control-allow-origin"] == "*"
    assert get("/talk" + POLLING).status == 200
    assert http.request(below_address, "POST", "/talk/api/leave", body="{}").status == 204
    moved = get("/talk?transports=polling")
    assert (moved.status, moved.headers["location"]) == (308, "/talk/?transports=polling")
    # Where somebody is to read the answer, it is the page that says so.
    assert get("/talk/nothing", Accept="text/html").body == get("/talk/").body


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/r/tea", "/client/socket.io.js", POLLING, "/talkative/", "/%74alk/", "FOLDER", "/favicon.svg"]
)
def test_nothing_is_beside_the_path(below_address, path):
    path = path.replace("FOLDER", folder(below_address, "/talk/").removeprefix("/talk") + SCRIPT)
    response = http.request(below_address, "GET", path, headers={"Accept": "text/html"})
    assert (response.status, response.text) == (404, "There is nothing here: LinkUp is at /talk/\n")
    assert http.request(below_address, "POST", "/api/leave", body="{}").status == 404


def test_health_is_no_part_of_the_site(below_address):
    for path in ("/healthz", "/readyz"):
        assert http.request(below_address, "GET", path).text == "ok\n"
        assert http.request(below_address, "GET", "/talk" + path).status == 404


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
