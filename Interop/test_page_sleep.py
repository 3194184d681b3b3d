"""A page that stands still for longer than its place is kept, as on a machine that slept, and how soon its call is back."""

import contextlib
import os
import signal
import time

import pytest
from playwright.sync_api import expect

from harness.browser import ARGUMENTS, Participant, renderers
from harness.waiting import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

SLEEPS = 5
# Two minutes are more than the 45 s until the server gives a silent connection up, and the 30 s for which it keeps the place.
SLEEP = 120
# On a machine with nothing else to do it is less than 2 s; a page that does not know that it slept takes up to 27 s.
LIMIT = 6

# Notes when pictures of the peer go on, by another connection than those of now: what came by them may have waited all the
# time in a buffer. The clock is that of the machine, which goes on while a page stands still.
WATCH = """() => {
    const before = new Set([...window.debug.peers.values()].map(({ pc }) => pc));
    window.backAt = undefined;
    let frames;
    const timer = setInterval(() => {
        const [peer] = window.debug.peers.values();
        const video = document.querySelector(`.tile[data-peer="${peer?.id}"] video`);
        if (!video || before.has(peer.pc)) return;
        const now = video.getVideoPlaybackQuality().totalVideoFrames;
        const isMore = now > frames;
        frames = now;
        if (!isMore) return;
        window.backAt = Date.now() / 1000;
        clearInterval(timer);
    }, 20);
}"""


@contextlib.contextmanager
def asleep(processes):
    """Stops processes for the block; gives a list that has the time of waking at the end."""
    woke = []
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield woke
    finally:
        woke.append(time.time())
        for process in processes:
            os.kill(process, signal.SIGCONT)


@pytest.fixture
def callers(playwright, linkup):
    """Two in a call, each with a browser of their own, so that one can sleep alone."""
    with contextlib.ExitStack() as stack:
        people = []
        for name in ("Ann", "Bea"):
            browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS)
            stack.callback(browser.close)
            person = Participant(browser, f"http://localhost:{linkup.port}", name=name, debug=True)
            # The server has closed the connection of whoever slept.
            person.expect_complaints("WebSocket", "net::ERR_")
            people.append((person.enter(), browser))
        yield people
        for person, _ in people:
            assert person.unexpected_complaints == []


@pytest.mark.parametrize("sleeper", [0, 1], ids=["who came first", "who came last"])
def test_a_page_that_slept_is_back_at_once(callers, sleeper):
    (sleeping, browser), (awake, _) = callers[sleeper], callers[1 - sleeper]
    figures = []
    for _ in range(SLEEPS):
        for person in (sleeping, awake):
            person.wait_for_peers(1)
            person.wait_for_frames(20)
            person.page.evaluate(WATCH)
        end = time.monotonic() + SLEEP
        with asleep(renderers(browser)) as woke:
            # Its place was given up, and the other side knows.
            expect(awake.page.locator(".tile")).to_have_count(1, timeout=SLEEP * 1000)
            awake.page.wait_for_timeout(max(0, end - time.monotonic()) * 1000)
        took = []
        for person in (awake, sleeping):
            what = f"{person.name} to see the other again"
            wait_until(lambda: person.page.evaluate("window.backAt"), timeout=60, interval=0.2, what=what)
            took.append(round(person.page.evaluate("window.backAt") - woke[0], 2))
        figures.append(took)
        print(f"pictures again at who was awake {took[0]} s, at who slept {took[1]} s after waking", flush=True)
    assert max(max(took) for took in figures) < LIMIT, figures
