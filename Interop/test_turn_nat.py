"""Calls between two browsers, each in a network of its own behind a symmetric NAT, and a server on the Internet.

All of it is in network namespaces of this machine. Only what the NATs and their firewalls let through decides which way
a call takes: the page isn't told.
"""

import contextlib
import random
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect, sync_playwright

from harness import ice
from harness.browser import Participant, launch_inside
from harness.certificates import Authority
from harness.netns import KEEP_PORTS, RANDOM_PORTS, Internet
from harness.turnserver import IS_COTURN, start_turn
from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(240)

WEB_PORT, TURN_PORT, TLS_PORT = 3000, 3478, 443


@pytest.fixture(scope="module")
def internet():
    with contextlib.closing(Internet(hosts=2)) as internet:
        yield internet


@pytest.fixture
def homes(internet):
    """The two homes, whose routers are as at first when a test begins."""
    for home in internet.homes:
        home.translate(RANDOM_PORTS)
        home.block()
    return internet.homes


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority, internet):
    return authority.issue(*(host.address for host in internet.hosts))


@pytest.fixture(scope="module")
def browsers(internet, authority, tmp_path_factory):
    """A browser in each home."""
    with contextlib.ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        yield [launch(playwright, stack, internet, home, authority, tmp_path_factory) for home in internet.homes]


def launch(playwright, stack, internet, home, authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    authority.make_known(folder)
    browser = launch_inside(playwright, home.client, folder, f"http://{internet.hosts[0].address}:{WEB_PORT}")
    stack.callback(browser.close)
    return browser


@dataclass
class Site:
    """Where the page is, and the ICE servers that it is given instead of its own, if any."""

    url: str
    ice_servers: list | None = None


@pytest.fixture(scope="module")
def site(start_shared_server, internet, certificate, tmp_path_factory):
    """A server with the page, TURN over UDP and TCP, and TURN over TLS on 443."""
    host, folder = internet.hosts[0], tmp_path_factory.mktemp("site")
    url = f"http://{host.address}:{WEB_PORT}"
    if IS_COTURN:
        # It ends a relayed call as soon as one address that its client knows of a peer is in a network without a route.
        host.lead_nowhere()
        start_serve(start_shared_server, host, folder, ["--port", WEB_PORT, "--turn-port", 0])
        turn = start_turn(
            start_shared_server,
            folder,
            host=host.address,
            relay_addresses=[host.address],
            peers=[],
            certificate=certificate,
            ports=(TURN_PORT, TLS_PORT),
            prefix=host.namespace.prefix,
        )
        return Site(url, list(coturn_servers(turn)))
    ports = ["--port", WEB_PORT, "--turn-port", TURN_PORT, "--tls", "off", "--tls-port", TLS_PORT]
    start_serve(start_shared_server, host, folder, [*ports, *tls(certificate)])
    return Site(url)


def start_serve(start, host, folder, options):
    arguments = ["serve", "--data-directory", folder / "data", "--relay-address", host.address, *options]
    start("linkup", arguments, ready=r"(?:STUN|TURN) listens on port (\d+)", prefix=host.namespace.prefix)


def tls(certificate):
    return ["--certificate", certificate[0], "--private-key", certificate[1]]


def coturn_servers(turn):
    host, port, tls_port = turn.host, turn.port, turn.tls_port
    yield {"urls": f"stun:{host}:{port}"}
    urls = [f"turn:{host}:{port}", f"turn:{host}:{port}?transport=tcp", f"turns:{host}:{tls_port}?transport=tcp"]
    yield {"urls": urls, "username": turn.user, "credential": turn.password}


@pytest.fixture
def meet(browsers, homes):
    """Brings Ann and Bea, each from her home, into a room; their pages must not complain."""
    with contextlib.ExitStack() as stack:
        people = []

        def meet(site, room, **options):
            for browser, name in zip(browsers, ["Ann", "Bea"]):
                person = Participant(browser, site.url, name=name, room=room, debug=True)
                people.append(person)
                stack.callback(person.close)
                ice.control(person.page, servers=site.ice_servers, **options)
            return [person.enter() for person in people]

        yield meet
        for person in people:
            print(person.describe(), ice.states(person.page))
        assert not any(person.unexpected_complaints for person in people)


def check_call(people, tmp_path):
    """Frames and a file go both ways."""
    for person in people:
        person.wait_for_peers(1)
    for person in people:
        person.wait_for_frames()
    noise = random.Random(1)
    files = {person: noise.randbytes(1_500_000) for person in people}
    for sender, data in files.items():
        sender.send_file(f"from {sender.name}.bin", data)
    for receiver, sender in zip(people, people[::-1]):
        name = f"from {sender.name}.bin"
        assert receiver.receive_file(name, tmp_path / name, timeout=90) == files[sender]


def check_route(people, protocol):
    """All goes through the relay, which at least one side reaches over this protocol, and the page says so."""
    pairs = [pair for person in people for pair in ice.selected_pairs(person.page).values()]
    assert len(pairs) == len(people), pairs
    for pair in pairs:
        assert "relay" in (pair["local"], pair["remote"]), pairs
    assert {pair["protocol"] for pair in pairs if pair["local"] == "relay"} == {protocol}, pairs
    for person in people:
        for peer in person.peers():
            person.expect_tile(peer, route=f"relay-{protocol}")
    return pairs


def test_stun_is_not_enough(site, meet):
    people = meet(site, "stun", schemes=["stun"])
    # They know their addresses outside, try them all, and the page gives up twice and begins again.
    for person in people:
        wait_until(lambda: ice.attempts(person.page) > 2, timeout=60, interval=0.2, what="ICE to be restarted")
    for person in people:
        assert {"host", "srflx"} <= ice.candidates(person.page) <= {"host", "srflx", "prflx"}
        assert "connected" not in ice.states(person.page)
        assert sum(person.frames().values()) == 0


def test_stun_is_enough_where_ports_are_kept(site, meet, homes, tmp_path):
    """The same network with another kind of NAT: without this the test above could fail for any reason."""
    for home in homes:
        home.translate(KEEP_PORTS)
    people = meet(site, "direct")
    check_call(people, tmp_path)
    for person in people:
        (pair,) = ice.selected_pairs(person.page).values()
        assert "relay" not in (pair["local"], pair["remote"]), pair
        person.expect_tile(person.peers()[0], route="direct")


def test_relay_over_udp(site, meet, tmp_path):
    people = meet(site, "udp")
    check_call(people, tmp_path)
    check_route(people, "udp")


def test_nothing_but_the_relay(site, meet, tmp_path):
    people = meet(site, "relay", iceTransportPolicy="relay")
    check_call(people, tmp_path)
    for pair in check_route(people, "udp"):
        assert pair["local"] == "relay", pair
    for person in people:
        assert ice.candidates(person.page) == {"relay"}


def test_relay_over_tcp(site, meet, homes, tmp_path):
    for home in homes:
        home.block("meta l4proto udp")
    people = meet(site, "tcp")
    check_call(people, tmp_path)
    check_route(people, "tcp")


def test_one_side_without_udp(site, meet, homes, tmp_path):
    homes[0].block("meta l4proto udp")
    people = meet(site, "mixed")
    check_call(people, tmp_path)
    ann, bea = people
    (pair,) = ice.selected_pairs(ann.page).values()
    assert (pair["local"], pair["protocol"]) == ("relay", "tcp"), pair
    ann.expect_tile(ann.peers()[0], route="relay-tcp")
    bea.expect_tile(bea.peers()[0], route="relay-udp")


def test_relay_over_tls(site, meet, homes, tmp_path):
    """Nothing is let through but the page, and TLS to the port of the web."""
    for home in homes:
        home.block("meta l4proto udp", f"tcp dport != {{ {WEB_PORT}, {TLS_PORT} }}")
    people = meet(site, "tls")
    check_call(people, tmp_path)
    check_route(people, "tls")


@pytest.mark.skipif(IS_COTURN, reason="coturn serves no page")
def test_page_and_relay_on_one_port(start_server, internet, certificate, meet, homes, tmp_path):
    """One port has both the page and TURN over TLS, and nothing else is let through."""
    options = ["--port", TLS_PORT, "--turn-port", TURN_PORT, *tls(certificate)]
    start_serve(start_server, internet.hosts[1], tmp_path, options)
    for home in homes:
        home.block("meta l4proto udp", f"tcp dport != {TLS_PORT}")
    people = meet(Site(f"https://{internet.hosts[1].address}"), "one")
    check_call(people, tmp_path)
    check_route(people, "tls")
