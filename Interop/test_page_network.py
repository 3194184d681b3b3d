"""Calls that go on while networks change and the server is away, each browser in a network of its own."""

import contextlib
import time

import pytest
from playwright.sync_api import sync_playwright

from harness.browser import Participant, launch_inside
from harness.netns import KEEP_PORTS, Internet

pytestmark = pytest.mark.timeout(300)

PORT = 3000

# Notes how long a peer's tile shows no new picture, is not there, or is not connected; in milliseconds, the longest of each.
WATCH = """() => {
    const lost = (window.lost = { picture: 0, tile: 0, connection: 0 });
    const last = {};
    let frames = -1;
    const look = () => {
        const tile = document.querySelector('.tile:not([data-peer="self"], .is-screen)');
        const now = performance.now();
        const count = tile?.querySelector('video').getVideoPlaybackQuality().totalVideoFrames ?? frames;
        const isSo = { picture: count !== frames, tile: Boolean(tile), connection: tile?.dataset.connection === 'connected' };
        frames = count;
        for (const name of Object.keys(lost)) {
            if (isSo[name]) last[name] = now;
            lost[name] = Math.round(Math.max(lost[name], now - (last[name] ?? now)));
        }
    };
    look();
    setInterval(look, 50);
}"""


@pytest.fixture
def callers(start_server, tmp_path):
    """Ann and Bea in a call, each behind a router of her own that keeps ports, and their homes."""
    with contextlib.ExitStack() as stack:
        internet = stack.enter_context(contextlib.closing(Internet()))
        (host,) = internet.hosts
        options = ["--port", PORT, "--turn-port", 0, "--relay-address", host.address, "--data-directory", tmp_path / "data"]
        ready = r"(?:STUN|TURN) listens on port (\d+)"
        start_server("linkup", ["serve", *options], ready=ready, prefix=host.namespace.prefix)
        origin = f"http://{host.address}:{PORT}"
        playwright = stack.enter_context(sync_playwright())
        people = []
        for home, name in zip(internet.homes, ["Ann", "Bea"]):
            home.translate(KEEP_PORTS)
            folder = tmp_path / name
            folder.mkdir()
            browser = launch_inside(playwright, home.client, folder, origin)
            stack.callback(browser.close)
            person = Participant(browser, origin, name=name, debug=True)
            # What is lost on the way is complained about by the browser itself.
            person.expect_complaints("ERR_", "WebSocket")
            people.append(person.enter())
        for person in people:
            person.wait_for_peers(1)
            person.wait_for_frames(20)
            person.page.evaluate(WATCH)
        yield *people, internet.homes[1]


def new_lease(home):
    """The machine has another address, as in another Wi-Fi."""
    before = home.address
    home.address = before.rsplit(".", 1)[0] + (".3" if before.endswith(".2") else ".2")
    home.client.ip("address", "delete", f"{before}/24", "dev", "home")
    home.client.ip("address", "add", f"{home.address}/24", "dev", "home")
    home.client.ip("route", "replace", "default", "via", before.rsplit(".", 1)[0] + ".1")


def new_uplink(home):
    """The router has another address, of which nothing inside is told; what went through it before is forgotten."""
    before = home.public_address
    home.public_address = f"{Internet.NETWORK}.{100 + int(before.rsplit('.', 1)[1])}"
    home.router.ip("address", "delete", f"{before}/24", "dev", "outside")
    home.router.ip("address", "add", f"{home.public_address}/24", "dev", "outside")
    # Translations to the address of before go with it, as in a router that dials in again.
    home.router.ip("link", "set", "outside", "down")
    home.router.ip("link", "set", "outside", "up")


def play_on(people, seconds):
    """Lets time pass, in which nobody may complain."""
    for person in people:
        person.page.wait_for_timeout(seconds * 1000 / len(people))


def check_lost(people):
    """No tile was lost, none seemed so, and pictures go on; they stand for 2.2 s on a quiet machine, and longer on others."""
    seen = {person.name: person.page.evaluate("window.lost") for person in people}
    print(seen)
    for person in people:
        person.wait_for_frames(10)
        lost = seen[person.name]
        assert lost["tile"] < 3000 and lost["connection"] < 3000 and lost["picture"] < 10_000, seen


@pytest.mark.parametrize("change", [new_lease, new_uplink])
def test_another_network_is_noticed_at_once(callers, change):
    *people, home = callers
    change(home)
    play_on(people, 10)
    check_lost(people)


@pytest.mark.long
def test_three_minutes_of_trouble(callers):
    """The server is away every 20 seconds, now on one side, now on the other; once a network changes."""
    *people, home = callers
    end = time.monotonic() + 180
    for round in range(9):
        people[round % 2].page.evaluate("window.debug.dropSignalling(3)")
        play_on(people, 10)
        if round == 4:
            new_uplink(home)
        play_on(people, max(0, min(10, end - time.monotonic())))
    check_lost(people)
