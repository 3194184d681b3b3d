"""A real Firefox without a window, and a member of a room in one of its tabs."""

import contextlib
import json
import os
import shutil
import signal
import subprocess

from .waiting import wait_until

PREFERENCES = {
    # Any free port; Firefox writes which one it is into the profile.
    "marionette.port": 0,
    # A picture that moves and a tone, and nobody who must click "Allow".
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "permissions.default.camera": 1,
    "permissions.default.microphone": 1,
    "media.autoplay.default": 0,
    # Addresses as they are, the one of this machine to itself included: a test machine need not have another.
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.loopback": True,
    # Tabs in the background run at full speed.
    "dom.min_background_timeout_value": 4,
    "dom.timeout.enable_budget_timer_throttling": False,
    # Nothing but this machine can be reached: what a browser asks of its maker ends at a port where nobody listens.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.startup.max_resumed_crashes": -1,
}

# Of the one peer that a member has: how many frames were decoded, and how loud it was.
RECEIVED = """async () => {
    const received = { frames: 0, sound: 0 };
    for (const peer of window.debug.peers.values()) {
        for (const report of (await peer.pc.getStats()).values()) {
            if (report.type !== 'inbound-rtp') continue;
            if (report.kind === 'video') received.frames += report.framesDecoded ?? 0;
            else received.sound += report.totalAudioEnergy ?? 0;
        }
    }
    return received;
}"""


class Firefox:
    """The program with a profile of its own below `folder`, both gone at the end of the block."""

    def __init__(self, folder):
        self.home = folder / "firefox"
        self.profile = self.home / "profile"

    def __enter__(self):
        # Loaded only where a Firefox is needed: it takes a moment.
        from marionette_driver.marionette import Marionette

        self.profile.mkdir(parents=True)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
        (self.profile / "user.js").write_text("".join(lines))
        self.log_path = self.home / "log"
        program = os.environ.get("FIREFOX", "/usr/bin/firefox-esr")
        environment = {
            **os.environ,
            # Caches and settings go away with the profile.
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "MOZ_CRASHREPORTER_DISABLE": "1",
            # Its own sandbox needs rights that a container does not give.
            "MOZ_DISABLE_CONTENT_SANDBOX": "1",
        }
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [program, "--headless", "--no-remote", "--marionette", "--profile", self.profile, "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True,
            )  # fmt: skip
        self.marionette = None
        try:
            port = int(wait_until(self._announced, timeout=90, interval=0.05, what="Firefox to announce its port"))
            self.marionette = Marionette(port=port, socket_timeout=60)
            # Fields for files are hidden, as on many pages.
            self.marionette.start_session({"strictFileInteractability": False}, timeout=60)
            self.marionette.timeout.page_load = self.marionette.timeout.script = 40
            # Closing the last tab would end the program.
            self.first_tab = self.marionette.current_window_handle
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _announced(self):
        assert self.process.poll() is None, f"Firefox ended with {self.process.returncode}:\n{self.log}"
        with contextlib.suppress(FileNotFoundError):
            return (self.profile / "MarionetteActivePort").read_text().strip()

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")[-4000:]

    def close(self):
        if self.marionette is not None and self.marionette.session_id:
            # A process that does not answer any more is ended all the same.
            with contextlib.suppress(Exception):
                self.marionette.delete_session(send_request=False)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        # Processes for pages may still write while they end.
        wait_until(self._is_removed, timeout=30, interval=0.1, what="the profile to be removed")

    def _is_removed(self):
        shutil.rmtree(self.home, ignore_errors=True)
        return not self.home.exists()


class FirefoxMember:
    """Somebody in a tab of a Firefox, who enters the room's call with the fake camera and microphone.

    It is the page for debugging (harness/browser.py)."""

    def __init__(self, firefox, url, *, name, room="room"):
        self.firefox, self.marionette = firefox, firefox.marionette
        self.url, self.name, self.room = url, name, room
        self.tab = self.marionette.open(type="tab", focus=True)["handle"]
        self.marionette.switch_to_window(self.tab)
        self.is_open = True

    def enter(self):
        """Opens the room and goes through the lobby."""
        self.marionette.navigate(f"{self.url}/r/{self.room}?name={self.name}&debug")
        self.join()
        return self

    def join(self):
        """Goes through the lobby of the page that is open."""
        self.wait_for("document.querySelector('#preview')?.videoWidth > 0")
        self.find("#join").click()
        self.wait_for("document.querySelector('#call #banner')?.hidden === true && document.querySelector('.tile[data-peer=self]') !== null")

    def reload(self):
        self.marionette.refresh()
        self.join()

    def close(self):
        """Closes the tab as a person would."""
        if self.is_open:
            self.is_open = False
            self.marionette.close()
            self.marionette.switch_to_window(self.firefox.first_tab)

    def evaluate(self, function, *arguments):
        """Calls a function of the page, and returns what it returns or what its promise comes to."""
        # Without a sandbox, so that what the page has made can be seen.
        return self.marionette.execute_script(f"return ({function})(...arguments)", arguments, sandbox=None)

    def wait_for(self, expression, timeout=40):
        what = f"{self.name}: {expression}"
        return wait_until(lambda: self.evaluate(f"() => {expression}"), timeout=timeout, interval=0.1, what=what)

    def texts(self, selector):
        return self.evaluate(
            "(it) => [...document.querySelectorAll(it)].map((element) => element.textContent.trim())", selector
        )

    def wait_for_texts(self, selector, expected, timeout=40):
        """Waits until elements have these texts, and no others are there."""
        what = f"{self.name} to see {expected} at {selector}"
        wait_until(lambda: self.texts(selector) == expected, timeout=timeout, interval=0.1, what=what)

    def find(self, selector):
        """The element, which must be there by now."""
        from marionette_driver.by import By

        return self.marionette.find_element(By.CSS_SELECTOR, selector)

    def say(self, text):
        from marionette_driver.keys import Keys

        self.find("#message").send_keys(text, Keys.ENTER)

    def wait_for_peer(self):
        """Waits for the connection to the one peer, and returns its id."""
        connected = '.tile:not([data-peer="self"])[data-connection="connected"]'
        self.wait_for(f"document.querySelector('{connected}') !== null")
        (peer,) = self.evaluate("() => [...window.debug.peers.keys()]")
        return peer

    def wait_to_receive(self, more=10, timeout=60):
        """Waits for so many more frames and for some sound of the peer."""
        before = self.evaluate(RECEIVED)["frames"]

        def has_received():
            now = self.evaluate(RECEIVED)
            return now["frames"] >= before + more and now["sound"] > 0

        wait_until(has_received, timeout=timeout, interval=0.2, what=f"{self.name} to see and hear")

    def send_file(self, path):
        self.find("#file").send_keys(str(path))

    def receive_file(self, name, timeout=60):
        """Agrees to a file, waits for it, and returns the digest that the page has of it."""
        row = "[...document.querySelectorAll('#transfers .transfer')].find((row) => row.textContent.includes(%s))" % (
            json.dumps(name)
        )
        button = "[...(%s?.querySelectorAll('button') ?? [])].find((button) => button.textContent === 'Receive')" % row
        self.wait_for(f"{button} !== undefined")
        self.evaluate(f"() => {button}.click()")
        self.wait_for(f"{row}?.dataset.state === 'done'", timeout=timeout)
        return self.evaluate(f"() => {row}.dataset.digest")

    def describe(self):
        """What helps to understand a failure."""
        try:
            return self.evaluate("() => `${location.pathname} ${document.body.innerText}`")
        except Exception as error:
            return repr(error)
