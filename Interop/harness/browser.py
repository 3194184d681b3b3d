"""A participant in a real Chromium."""

import json
import os
import re

from playwright.sync_api import expect

from .waiting import wait_until

ARGUMENTS = [
    # A picture that moves and a tone, and nobody who must click "Allow".
    "--use-fake-device-for-media-stream=fps=10",
    "--use-fake-ui-for-media-stream",
    "--auto-select-tab-capture-source-by-title=LinkUp",
    "--autoplay-policy=no-user-gesture-required",
    # Chromium's own sandbox needs rights that a container does not give.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    # Pages in the background must run at full speed: all but one are.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
]

# What a person sees: pictures of each peer that have reached its tile.
COUNT_FRAMES = """() => Object.fromEntries([...document.querySelectorAll('.tile:not([data-peer="self"])')].map((tile) => [
    tile.dataset.peer, tile.querySelector('video').getVideoPlaybackQuality().totalVideoFrames,
]))"""

# The whole list: tiles on other pages are there too.
PEERS = """[...document.querySelectorAll('.tile:not([data-peer="self"], .is-screen)')].map((tile) => tile.dataset.peer)"""

# The banner says what was lost; who is in the room is known once the server has let the page in.
IS_CONNECTED = """document.querySelector('#call #banner')?.hidden === true
    && /[1-9١-٩]/.test(document.querySelector('#tab-people').textContent)"""


def launch_inside(playwright, namespace, home, origin, frames=10):
    """A Chromium in a network namespace, with a home directory of its own, that trusts a page without TLS.

    Its camera makes so many frames a second.
    """
    # Playwright starts a program and passes pipes to it; the program becomes Chromium inside of the namespace.
    program = home / "chromium"
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    program.write_text(f'#!/bin/sh\nexec {" ".join(namespace.prefix)} {chromium} "$@"\n')
    program.chmod(0o700)
    return playwright.chromium.launch(
        executable_path=program,
        # Without TLS only pages of this machine may use a camera.
        args=[
            *(argument.replace("fps=10", f"fps={frames}") for argument in ARGUMENTS),
            f"--unsafely-treat-insecure-origin-as-secure={origin}",
        ],
        env={**os.environ, "HOME": str(home)},
    )


def renderers(browser):
    """The processes that run the pages of a browser."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return [process["id"] for process in processes if process["type"] == "renderer"]


class Participant:
    """A page in a context of its own; what it complains about is an error unless the test expects it.

    With `debug` it is the page for debugging: `window.debug` has faults to be made (Web/ui/debug/faults.js), and the
    session to look into. Without, there is nothing but what a person can see and do. `context` are options of the
    browser's context.
    """

    def __init__(
        self, browser, url, *, name, room="room", query="", viewport=None, permissions=True, base="", debug=False, context=None
    ):
        self.name, self.room, self.url = name, room, url + base
        self.query = f"{query}&debug" if debug else query
        options = {"viewport": viewport or {"width": 1000, "height": 700}, "accept_downloads": True, **(context or {})}
        self.context = browser.new_context(**options)
        if permissions:
            self.context.grant_permissions(["camera", "microphone"], origin=url)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints = []
        self.expected_complaints = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def _note(self, message):
        if message.type == "error" or "Content Security Policy" in message.text:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def expect_complaints(self, *patterns):
        """Allows messages in the console that contain one of these patterns."""
        self.expected_complaints += patterns

    @property
    def unexpected_complaints(self):
        return [
            text
            for text in self.complaints
            if not any(re.search(pattern, text) for pattern in self.expected_complaints)
        ]

    def enter(self):
        """Opens the room and goes through the lobby."""
        self.page.goto(f"{self.url}/r/{self.room}?name={self.name}{self.query}")
        expect(self.page.locator("#preview")).to_be_visible()
        self.page.locator("#join").click()
        expect(self.page.locator("#call")).to_be_visible()
        self.wait_for(IS_CONNECTED)
        return self

    def wait_for(self, expression, timeout=20):
        """Waits until an expression is true in the page; Playwright's own way to do so needs what the page forbids."""
        wait_until(lambda: self.page.evaluate(expression), timeout=timeout, interval=0.05, what=expression)

    def close(self):
        self.context.close()

    def tile(self, peer="self"):
        return self.page.locator(f'.tile[data-peer="{peer}"]')

    def peers(self):
        return self.page.evaluate(PEERS)

    def wait_for_peers(self, count):
        """Waits until this many peers are connected, and returns their ids."""
        expect(self.page.locator('.tile:not([data-peer="self"], .is-screen)[data-connection="connected"]')).to_have_count(
            count, timeout=30_000
        )
        return self.peers()

    def frames(self):
        """How many pictures of each peer have come to its tile."""
        return self.page.evaluate(COUNT_FRAMES)

    def wait_for_frames(self, more=10, timeout=30):
        """Waits until `more` pictures of every peer have come than now."""
        before = self.frames()
        assert before, "there are no peers"

        def have_grown():
            now = self.frames()
            return all(now.get(peer, 0) >= count + more for peer, count in before.items())

        wait_until(have_grown, timeout=timeout, interval=0.2, what=f"{self.name} to see {more} more pictures")

    def expect_tile(self, peer, **state):
        for name, value in state.items():
            expect(self.tile(peer)).to_have_attribute(f"data-{name}", value)

    def say(self, text):
        self.page.locator("#message").fill(text)
        self.page.locator("#message").press("Enter")

    def expect_texts(self, *texts):
        """The texts in the list, all of them, in this order, stored by the server."""
        expect(self.page.locator("#messages .message .text")).to_have_text(list(texts))
        expect(self.page.locator("#messages .message:not([data-number])")).to_have_count(0)

    def send_file(self, name, data):
        # A large one takes its time on the way into the page.
        payload = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        self.page.locator("#file").set_input_files(payload, timeout=120_000)

    def transfer(self, name):
        return self.page.locator("#transfers .transfer").filter(has_text=name)

    def receive_file(self, name, path, timeout=60):
        """Agrees to a file, waits for it, saves it, and returns its bytes."""
        row = self.transfer(name)
        row.get_by_role("button", name="Receive", exact=True).click()
        expect(row).to_have_attribute("data-state", "done", timeout=timeout * 1000)
        with self.page.expect_download() as download:
            row.locator("a.save").click()
        assert download.value.suggested_filename == name
        download.value.save_as(path)
        return path.read_bytes()

    def describe(self):
        """What helps to understand a failure."""
        try:
            state = self.page.evaluate(
                """() => ({
                    path: location.pathname, banner: document.querySelector('#banner')?.hidden === false,
                    tiles: [...document.querySelectorAll('.tile')].map((tile) => ({...tile.dataset})),
                    transfers: [...document.querySelectorAll('.transfer')].map((row) => row.innerText),
                    messages: document.querySelectorAll('#messages .message').length,
                    problem: document.querySelector('#left')?.innerText,
                })"""
            )
        except Exception as error:
            state = repr(error)
        return f"{self.name}: {json.dumps(state)}\ncomplaints: {self.complaints}"
