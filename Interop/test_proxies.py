"""linkup behind Debian's nginx, HAProxy and Caddy, with the configurations of docs/proxies."""

import contextlib
import gzip
import itertools
import os
import re
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import http, proxies, stun, turn
from harness.attack import NETWORKS, Intruder
from harness.browser import ARGUMENTS, Participant
from harness.certificates import make_known
from harness.engineio import EngineSocket, Polling, target
from harness.member import Member, call
from harness.websocket import Refused

pytestmark = pytest.mark.timeout(120)

SITES = [(program, section) for program in proxies.WRITERS for section in proxies.sections(program)]

sources = itertools.cycle(NETWORKS)


def of(sites):
    """Runs a test with each of these sites."""
    return pytest.mark.parametrize("site", sites, indirect=True, ids=["-".join(site) for site in sites])


each = of(SITES)


@pytest.fixture(scope="module")
def start_site(start_shared_server, tmp_path_factory):
    """Starts a proxy and the linkup behind it, once for all tests of the file."""
    running = {}
    with contextlib.ExitStack() as stack:

        def start_site(program, section):
            if (program, section) not in running:
                folder = tmp_path_factory.mktemp(f"{program}-{section}")
                running[program, section] = proxies.start_site(stack, start_shared_server, program, section, folder)
            return running[program, section]

        yield start_site


@pytest.fixture
def site(request, start_site):
    return start_site(*request.param)


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """The names of the sites lead to this machine, for clients that look them up."""
    look_up = socket.getaddrinfo

    def find(host, *arguments, **options):
        return look_up("127.0.0.1" if host in proxies.NAMES else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", find)


def gate(site):
    """The site for a client with a network of its own."""
    return site.gate.coming_from(next(sources))


def member(site, *transports, **options):
    """Somebody at the site with a client that is not ours."""
    return Member(
        site.url,
        transports=transports,
        path=f"{site.base}/socket.io",
        websocket_extra_options={"origin": site.gate.origin},
        **options,
    )


def polling(site, source=None, **headers):
    """Opens a session by long-polling, and returns the answer."""
    asked = target(f"{site.base}/socket.io/", EIO=4, transport="polling")
    return http.request(site.gate.coming_from(source or next(sources)), "GET", asked, headers=headers)


def intruder(site, **headers):
    return Intruder(gate(site), path=f"{site.base}/socket.io/", headers=headers)


# MARK: The page


@each
def test_the_page_and_its_files(site):
    page = http.request(gate(site), "GET", f"{site.base}/r/daily")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for name, value in {
        "content-security-policy": "default-src 'none'",
        "permissions-policy": "camera=(self)",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }.items():
        assert value in page.headers[name]
    # A name that is shared is not LinkUp's to say it about.
    security = page.headers.get("strict-transport-security")
    assert security == (None if site.section == "path" else "max-age=31536000")
    # One of each kind.
    files = re.findall(rf'(?:src|href)="({site.base}/a/[^"]+\.(js|svg|webmanifest))"', page.text)
    files = {kind: path for path, kind in files}
    assert len(files) > 1
    for path in files.values():
        plain = http.request(gate(site), "GET", path)
        assert (plain.status, plain.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        packed = http.request(gate(site), "GET", path, headers={"Accept-Encoding": "gzip"})
        body = gzip.decompress(packed.body) if packed.headers.get("content-encoding") == "gzip" else packed.body
        assert body == plain.body and plain.body


@each
def test_a_page_that_has_not_changed_is_not_sent_again(site):
    headers = {"Accept-Encoding": "gzip"}
    page = http.request(gate(site), "GET", f"{site.base}/", headers=headers)
    again = http.request(gate(site), "GET", f"{site.base}/", headers={**headers, "If-None-Match": page.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@each
def test_plain_http_leads_to_tls(site):
    answer = http.request(
        site.plain_address, "GET", f"{site.base}/r/daily?name=Ann", headers={"Host": site.gate.name}
    )
    assert answer.status == 308
    assert re.fullmatch(rf"https://{site.gate.name}(:\d+)?{site.base}/r/daily\?name=Ann", answer.headers["location"])


@of([site for site in SITES if site[1] == "path"])
def test_all_but_the_path_is_another_sites(site):
    leads = http.request(gate(site), "GET", "/talk?name=Ann")
    assert leads.status == 308
    assert re.fullmatch(r"(https://example\.org(:\d+)?)?/talk/\?name=Ann", leads.headers["location"])
    assert http.request(gate(site), "GET", "/").text == proxies.OTHER_PAGE
    for path in ("/talkative", "/socket.io/?EIO=4&transport=polling", "/r/daily", "/healthz"):
        assert "LinkUp" not in http.request(gate(site), "GET", path).text
        assert not http.request(gate(site), "GET", path).text.startswith(("0{", "ok"))


@of([site for site in SITES if site[1] == "passed"])
def test_all_but_the_name_is_another_sites(site):
    other = type(site.gate)(site.gate.address, "example.org", site.gate.context)
    assert http.request(other, "GET", "/").text == proxies.OTHER_PAGE


# MARK: Rooms


@each
@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")], ids="-".join)
def test_people_talk(site, transports):
    room = f"talk-{'-'.join(transports)}"
    with member(site, *transports) as ann, member(site, "websocket") as bea:
        assert ann.client.transport() == transports[-1]
        ann.join(room)
        bea.join(room, "Bea")
        for author, reader in ((ann, bea), (bea, ann)):
            author.say(f"I am {author.id}")
            reader.wait_for("message", where=lambda message: message["text"] == f"I am {author.id}")


@each
def test_a_page_of_history_comes_whole(site):
    """As large as answers are, in one answer of long-polling."""
    texts = [f"{number} " + "😀" * 3990 for number in range(12)]
    with member(site, "polling") as ann:
        ann.join("history")
        for text in texts:
            ann.say(text)
        assert [message["text"] for message in ann.request("history", limit=12)["messages"]] == texts


@each
def test_the_largest_message_is_taken_and_no_larger(site):
    session = Polling(gate(site), f"{site.base}/socket.io/")
    session.send("40/room,")
    session.receive(1)
    assert session.open["maxPayload"] == 1_000_000
    packet = '42/room,["no-such-event","{}"]'
    packet = packet.format("x" * (1_000_000 - len(packet) + 2))
    assert len(packet) == 1_000_000
    session.send(packet)
    # linkup refuses it by its length, without reading it; proxies read it whole before they pass it on.
    body = "4" if site.section == "passed" else packet + "x"
    assert session.post(body, headers={"Content-Length": str(len(packet) + 1)}).status == 413


# MARK: Who comes, and from where


@each
def test_clients_count_by_their_own_addresses(site):
    """What a client says itself about where it is changes nothing."""
    source, other = next(sources), next(sources)
    lies = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(proxies.NETWORK_CLIENTS + 1)]
    answers = [polling(site, source, **lie).status for lie in lies]
    assert answers == [200] * proxies.NETWORK_CLIENTS + [429]
    assert polling(site, other).status == 200
    with pytest.raises(Refused, match="429"):
        EngineSocket(site.gate.coming_from(source), f"{site.base}/socket.io/")


@each
def test_pages_of_other_sites_are_refused(site):
    assert polling(site, Origin=site.gate.origin).status == 200
    assert polling(site, Origin="https://evil.example").status == 403
    with intruder(site, Origin=site.gate.origin) as own:
        assert own.enter().startswith('40/room,{"sid":')
    with pytest.raises(Refused) as refused:
        intruder(site, Origin="https://evil.example")
    assert refused.value.status == 400


@each
def test_the_page_is_not_served_under_other_names(site):
    answer = http.request(gate(site), "GET", f"{site.base}/", headers={"Host": "evil.example"})
    assert "LinkUp" not in answer.text or answer.status == 421


@each
def test_clients_look_for_turn_under_the_name_of_the_site(site):
    with member(site, "websocket") as ann:
        servers = ann.join("turn", call=call())["iceServers"]
    urls = [url for server in servers for url in server["urls"]]
    assert urls and {url.split(":")[1] for url in urls} == {site.gate.name}
    if site.section == "passed":
        assert f"turns:{site.gate.name}:{site.ports[443]}?transport=tcp" in urls


@of([site for site in SITES if site[1] == "passed"])
def test_turn_over_tls_is_at_the_port_of_the_page(site):
    """A relay is opened through the proxy, with what the page is told, for the client as the proxy has seen it."""
    with member(site, "websocket") as ann:
        servers = ann.join("relay", call=call())["iceServers"]
        server = next(server for server in servers if any(url.startswith("turns:") for url in server["urls"]))
        with gate(site).connect() as connection:
            connection.sendall(stun.request(turn.ALLOCATE, turn.UDP))
            _, _, found = stun.parse(stun.read_message(connection))
            names = (server["username"].encode(), server["credential"].encode(), found[turn.REALM], found[turn.NONCE])
            transaction = os.urandom(12)
            connection.sendall(turn.Credential(*names).sign(turn.ALLOCATE, turn.UDP, transaction))
            answer = stun.read_message(connection)
            kind, _, found = stun.parse(answer)
            assert kind == turn.ALLOCATE | 0x0100 and turn.XOR_RELAYED_ADDRESS in found, found
            assert stun.mapped_address(answer) == connection.getsockname()


# MARK: Time


def hang(site):
    """A long poll and a WebSocket of which nobody says anything but what the heartbeat asks for."""
    session = Polling(gate(site), f"{site.base}/socket.io/")
    poll = http.begin(session.address, "GET", session.target, timeout=40)
    with intruder(site, Origin=site.gate.origin) as quiet:
        quiet.socket.settimeout(40)
        # Who joins no namespace is sent away.
        assert quiet.enter().startswith('40/room,{"sid":')
        assert session.open["pingInterval"] == quiet.open["pingInterval"] == 25_000
        yield
        answer = poll.response()
        assert (answer.status, answer.text) == (200, "2")
        while True:
            assert quiet.receive() == "2"
            quiet.send("3")
            yield


def wait_together(start_site, pings):
    hanging = [hang(start_site(*site)) for site in SITES]
    for one in hanging:
        next(one)
    for _ in range(pings):
        with ThreadPoolExecutor(len(hanging)) as pool:
            assert len(list(pool.map(next, hanging))) == len(SITES)
    for one in hanging:
        one.close()


def test_a_poll_hangs_and_a_websocket_is_quiet(start_site):
    wait_together(start_site, 1)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_websocket_is_quiet_for_longer_than_any_time_out(start_site):
    """Four pings are 100 s: no time-out of any proxy is so long, Caddy's aside, which has none."""
    wait_together(start_site, 4)


# MARK: linkup goes and comes back


@each
def test_who_was_there_comes_back(site):
    connections = threading.Semaphore(0)
    with member(site, "websocket", reconnection=True, reconnection_delay=0.2, reconnection_delay_max=0.5) as ann:
        ann.client.on("connect", connections.release, namespace="/room")
        joined = ann.join("back")
        said = ann.say("before")
        site.linkup.kill()
        if site.section == "passed":
            with pytest.raises((OSError, ssl.SSLError)):
                http.request(gate(site), "GET", f"{site.base}/")
        else:
            assert http.request(gate(site), "GET", f"{site.base}/").status == (503 if site.program == "haproxy" else 502)
        site.linkup = site.start_linkup()
        assert connections.acquire(timeout=20)
        assert ann.join("back", key=joined["key"])["messages"] == [said]
        assert ann.id == joined["self"]
    assert http.request(gate(site), "GET", f"{site.base}/").status == 200


# MARK: Browsers


@each
def test_a_call_of_two_browsers(site, playwright, tmp_path):
    """HTTP/2 where the proxy speaks it, for HAProxy's WebSockets too."""
    make_known(site.authority, tmp_path)
    rules = f"MAP {site.gate.name}:443 127.0.0.1:{site.ports[443]}, MAP {site.gate.name} 127.0.0.1"
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        args=[*ARGUMENTS, f"--host-resolver-rules={rules}"],
        env={**os.environ, "HOME": str(tmp_path)},
    )
    with contextlib.closing(browser):
        people, sockets = [], []
        for name in ("Ann", "Bea"):
            person = Participant(browser, site.gate.origin, name=name, base=site.base)
            person.page.on("websocket", lambda socket: sockets.append(socket.url))
            people.append(person.enter())
        ann, bea = people
        assert ann.page.url.startswith(f"{site.gate.origin}{site.base}/r/room")
        for person in people:
            person.wait_for_peers(1)
        ann.wait_for_frames(5)
        ann.say("Hello through the proxy")
        bea.expect_texts("Hello through the proxy")
        expected = f"{site.gate.origin.replace('https', 'wss')}{site.base}/socket.io/"
        assert len(sockets) >= 2 and all(url.startswith(expected) for url in sockets)
        protocol = ann.page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
        assert protocol == ("http/1.1" if site.section == "passed" else "h2")
        for person in people:
            assert not person.unexpected_complaints, person.describe()
