"""A page that is really hidden, behind another tab: its timers come once a second, and the call goes on all the same."""

import contextlib
import os
import re
import signal
import subprocess
import time

import pytest

from harness.browser import ARGUMENTS, Participant
from harness.waiting import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

# More than a minute, after which browsers slow the timers of hidden pages down once more, but for those in a call.
SECONDS = 180

# Notes what must not happen, and how far apart the page's timers of 250 ms come.
WATCH = """() => {
    const [{ pc, id }] = window.debug.peers.values();
    const seen = (window.seen = { states: [], restarts: 0, others: 0, disconnects: 0, notConnected: 0, hidden: 0, looks: 0, longest: 0 });
    const fragmentOf = () => /a=ice-ufrag:(\\S+)/.exec(pc.localDescription.sdp)[1];
    const fragment = fragmentOf();
    pc.addEventListener('iceconnectionstatechange', () => seen.states.push(pc.iceConnectionState));
    window.debug.socket.on('disconnect', () => (seen.disconnects += 1));
    let last = performance.now();
    setInterval(() => {
        const now = performance.now();
        seen.longest = Math.max(seen.longest, now - last);
        last = now;
        seen.looks += 1;
        if (document.visibilityState === 'hidden') seen.hidden += 1;
        if (window.debug.peers.get(id)?.pc !== pc) seen.others += 1;
        if (fragmentOf() !== fragment) seen.restarts += 1;
        const tile = document.querySelector(`.tile[data-peer="${id}"]`);
        if (tile?.dataset.connection !== 'connected') seen.notConnected += 1;
    }, 250);
}"""
CALM = {"states": [], "restarts": 0, "others": 0, "disconnects": 0, "notConnected": 0}


class WindowWithTabs:
    """A Chromium whose tabs hide each other, with the usual pace of what is hidden.

    Playwright keeps each page that it opens visible; not those of a browser that was there before it, if it is asked to
    leave that as it is. Takes the place of a browser for one participant.
    """

    def __init__(self, playwright, folder):
        usual = [argument for argument in ARGUMENTS if "background" not in argument]
        program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        options = ["--headless=new", "--mute-audio", "--remote-debugging-port=0", "--no-first-run", "--window-size=1000,700"]
        options.append(f"--user-data-dir={folder}")
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program, *usual, *options, "about:blank"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            address = wait_until(self._announced, timeout=30, what="Chromium to announce its port")
            self.browser = playwright.chromium.connect_over_cdp(address, no_defaults=True)
        except BaseException:
            self.close()
            raise

    def _announced(self):
        match = re.search(r"DevTools listening on (\S+)", self.log.read_text(errors="replace"))
        return match and match.group(1)

    def new_context(self, **_):
        return self.browser.contexts[0]

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def hiding(playwright, linkup, tmp_path):
    """Ann, whose page another tab can hide, and Bea, whose page cannot be."""
    with contextlib.ExitStack() as stack:
        folder = tmp_path / "profile"
        folder.mkdir()
        window = WindowWithTabs(playwright, folder)
        stack.callback(window.close)
        ann = Participant(window, f"http://localhost:{linkup.port}", name="Ann", debug=True).enter()
        yield ann
        assert ann.unexpected_complaints == []


@pytest.mark.parametrize("are_silent", [True, False], ids=["nothing is sent", "all is sent"])
def test_a_call_goes_on_in_a_hidden_page(hiding, linkup, people, are_silent):
    ann, (bea,) = hiding, people(linkup, "Bea", debug=True)
    for person in (ann, bea):
        person.wait_for_peers(1)
        person.wait_for_frames()
    if are_silent:
        # Nothing but beats comes of either side then.
        for person in (ann, bea):
            for command in ("mute", "camera"):
                person.page.locator(f"#{command}").click()
            person.expect_tile("self", audio="off", video="off")
        for person in (ann, bea):
            person.expect_tile(person.peers()[0], audio="off", video="off")
    front = ann.context.new_page()
    front.bring_to_front()
    ann.wait_for("document.visibilityState === 'hidden'")
    for person in (ann, bea):
        person.page.evaluate(WATCH)
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        bea.page.wait_for_timeout(1000)
    seen = {person.name: person.page.evaluate("window.seen") for person in (ann, bea)}
    print(seen)
    for name in seen:
        assert {key: seen[name][key] for key in CALM} == CALM, seen
    assert seen["Ann"]["hidden"] == seen["Ann"]["looks"] > 0.9 * SECONDS
    # It was slowed down, or this has tried nothing.
    if are_silent:
        assert seen["Ann"]["longest"] > 900, seen
    front.close()
    ann.page.bring_to_front()
    ann.wait_for("document.visibilityState === 'visible'")
    if not are_silent:
        for person in (ann, bea):
            person.wait_for_frames()
