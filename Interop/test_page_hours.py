"""What two hours do to a call of two, in five minutes: nothing is left behind, and voice and picture stay together.

Credentials for the relay last for hours, a shared screen for minutes. Here each round has new ones, and everything that
people and networks do to a call besides, so that there is more of it than in two hours: see `Life`.
"""

import statistics
import time

import pytest
from playwright.sync_api import expect

from harness.browser import renderers
from harness.process import resident_bytes
from harness.waiting import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

# Two cores run both pages and their video.
expect.set_options(timeout=30_000)

# What is loaded when it is first used, and compiled when it is used often, is there after these.
WARM_UP = 3
ROUNDS = 15
# The furthest that voice and picture may be apart, in milliseconds: people notice a voice that is 125 ms late, and do not
# accept one that is 185 ms late (ITU-R BT.1359); after each new connection browsers bring the two together step by step.
APART = 150

# Between the two thirds that are compared lie ten rounds, and of each person five: whatever those left behind once makes five.
ONE_A_TURN = ROUNDS // 3
# How much more there may be of each.
LIMITS = {
    "Nodes": ONE_A_TURN,
    # They are five more or less from round to round.
    "JSEventListeners": 2 * ONE_A_TURN,
    "AudioHandlers": ONE_A_TURN,
    "RTCPeerConnections": 1,
    "Documents": 1,
    "transceivers": 1,
    "lines": 1,
    # Of no object: by snapshots it is what V8 compiles of functions that are used often, and records of Chromium's own.
    "heap": 700_000,
    "server": 1 << 20,
    # Pictures that wait come and go: it is 30 MB more and less from round to round.
    "pages": 30 << 20,
}

# Of the connection to the one peer there is: its credentials for ICE, the last credential for the relay, and its lines.
CONNECTION = """() => {
    const [{ pc, route }] = window.debug.peers.values();
    const sdp = pc.localDescription?.sdp ?? '';
    return {
        state: pc.connectionState,
        signaling: pc.signalingState,
        route,
        fragment: /a=ice-ufrag:(\\S+)/.exec(sdp)?.[1],
        user: window.debug.session.iceServers.find(({ username }) => username).username,
        transceivers: pc.getTransceivers().length,
        lines: sdp.match(/^m=/gm)?.length,
    };
}"""

# How much later the voice is played than the picture that belongs to it, in milliseconds.
APART_BY = """async () => {
    const [{ pc }] = window.debug.peers.values();
    const played = {};
    for (const kind of ['audio', 'video']) {
        const { receiver } = pc.getTransceivers().find(({ receiver }) => receiver.track.kind === kind);
        for (const report of (await receiver.getStats()).values()) {
            // Both are read at one time, which is in the report.
            if (report.type === 'inbound-rtp') played[kind] = report.estimatedPlayoutTimestamp - report.timestamp;
        }
    }
    return Number.isFinite(played.audio - played.video) ? played.video - played.audio : null;
}"""


class Life:
    """Two people in a call through the relay, and all that happens to them."""

    def __init__(self, people):
        self.people = people
        self.ids = [person.wait_for_peers(1)[0] for person in people]
        for person in people:
            person.expect_complaints("WebSocket", "409", "400", "net::ERR_")
            person.page.evaluate("window.debug.forceRelay(true)")
        for person in people:
            self.wait_for(person, route="relay-udp")

    def live(self, number):
        """One round; the two take turns."""
        one, other = self.people[:: 1 if number % 2 else -1]
        # What the other sees of the one.
        id = self.ids[self.people.index(other)]
        self.renew_credentials()
        self.share(one, other, id)
        self.switch(one, other, id, "camera", "video")
        self.switch(one, other, id, "mute", "audio")
        self.change_microphone(one)
        self.lose_path(other)
        if number % 3 == 0:
            self.connect_anew(one)
        for person in self.people:
            person.wait_for_frames(10)
            expect(person.page.locator(".note")).to_have_count(0)

    def wait_for(self, person, **expected):
        def is_so():
            state = person.page.evaluate(CONNECTION)
            agrees = all(check(state[name]) if callable(check) else state[name] == check for name, check in expected.items())
            return agrees and state["state"] == "connected" and state["signaling"] == "stable"

        wait_until(is_so, timeout=40, interval=0.1, what=f"{expected} at {person.name}")

    def renew_credentials(self):
        """The server gives new ones to whoever comes back, and the relays move to those, at both ends at once."""
        before = [person.page.evaluate(CONNECTION) for person in self.people]
        for person in self.people:
            person.page.evaluate("window.debug.dropSignalling(1)")
        for person, old in zip(self.people, before):
            self.wait_for(
                person, route="relay-udp", user=lambda it: it != old["user"], fragment=lambda it: it != old["fragment"]
            )
            expect(person.page.locator("#banner")).to_be_hidden()

    def share(self, one, other, id):
        one.page.locator("#screen").click()
        other.expect_tile(f"{id}/screen", screen="on")
        shown = f"""document.querySelector('.tile[data-peer="{id}/screen"] video').getVideoPlaybackQuality().totalVideoFrames"""
        other.wait_for(f"{shown} > 5", timeout=40)
        one.page.locator("#screen").click()
        expect(other.tile(f"{id}/screen")).to_have_count(0)

    def switch(self, one, other, id, command, name):
        for state in ("off", "on"):
            one.page.locator(f"#{command}").click()
            other.expect_tile(id, **{name: state})

    def change_microphone(self, one):
        kinds = "window.debug.session.media.devices.filter(({ kind }) => kind === 'audioinput')"
        chosen = "window.debug.session.media.chosen('audioinput')"
        track = "window.debug.session.media.audioTrack?.id"
        before, former = one.page.evaluate(chosen), one.page.evaluate(track)
        (next_one, *_) = [id for id in one.page.evaluate(f"{kinds}.map((it) => it.deviceId)") if id not in (before, "default")]
        one.page.evaluate("(id) => window.debug.session.chooseDevice('audioinput', id)", next_one)
        one.wait_for(f"![undefined, '{former}'].includes({track})")

    def lose_path(self, person):
        before = person.page.evaluate(CONNECTION)["fragment"]
        person.page.evaluate("window.debug.killIce()")
        self.wait_for(person, fragment=lambda it: it != before)

    def connect_anew(self, person):
        before = [each.page.evaluate(CONNECTION)["fragment"] for each in self.people]
        person.page.evaluate("window.debug.session.renewConnections()")
        for each, fragment in zip(self.people, before):
            self.wait_for(each, route="relay-udp", fragment=lambda it: it != fragment)


class Scale:
    """Weighs a page: what there is of it once all that nobody holds any more is gone."""

    def __init__(self, person):
        self.person = person
        self.session = person.context.new_cdp_session(person.page)
        self.session.send("Performance.enable")
        self.session.send("HeapProfiler.enable")

    def weigh(self):
        # What only a finalizer holds goes the second time.
        for _ in range(2):
            self.session.send("HeapProfiler.collectGarbage")
        metrics = {each["name"]: each["value"] for each in self.session.send("Performance.getMetrics")["metrics"]}
        counts = ("Nodes", "JSEventListeners", "RTCPeerConnections", "AudioHandlers", "Documents")
        state = self.person.page.evaluate(CONNECTION)
        return {
            "heap": self.session.send("Runtime.getHeapUsage")["usedSize"],
            **{name: int(metrics[name]) for name in counts if name in metrics},
            "transceivers": state["transceivers"],
            "lines": state["lines"],
        }


def apart(person):
    """How far voice and picture are apart, in milliseconds: the middle of some readings."""
    readings = []

    def are_enough():
        reading = person.page.evaluate(APART_BY)
        if reading is not None:
            readings.append(reading)
        return len(readings) >= 15

    wait_until(are_enough, timeout=20, interval=0.1, what=f"times of voice and picture at {person.name}")
    return round(statistics.median(readings))


def thirds(values):
    """The medians of the first third and of the last one, between which two thirds of the rounds lie."""
    length = len(values) // 3
    return statistics.median(values[:length]), statistics.median(values[-length:])


def test_nothing_is_left_behind_and_voice_and_picture_stay_together(linkup, chromium, people):
    callers = people(linkup, "Ann", "Bea", debug=True)
    life = Life(callers)
    scales = [Scale(person) for person in callers]
    weights, offsets = [[], []], [[], []]
    resident = {"server": [], "pages": []}
    began = time.monotonic()
    for number in range(WARM_UP + ROUNDS):
        life.live(number)
        for person, scale, own, apart_by in zip(callers, scales, weights, offsets):
            own.append(scale.weigh())
            apart_by.append(apart(person))
        resident["server"].append(linkup.resident_bytes)
        resident["pages"].append(sum(resident_bytes(process) for process in renderers(chromium)))
        print(
            f"{time.monotonic() - began:.0f} s: apart {[own[-1] for own in offsets]} ms, "
            f"resident {({name: values[-1] >> 10 for name, values in resident.items()})} KiB, {[own[-1] for own in weights]}",
            flush=True,
        )
    print(f"{WARM_UP + ROUNDS} rounds in {time.monotonic() - began:.0f} s")
    growth = {}
    for person, own in zip(callers, weights):
        for name in own[0]:
            first, last = thirds([weight[name] for weight in own[WARM_UP:]])
            growth[person.name, name] = last - first
    for name, values in resident.items():
        first, last = thirds(values[WARM_UP:])
        growth["resident", name] = last - first
    print(growth)
    for (whose, name), more in growth.items():
        assert more < LIMITS[name], (whose, name, more)
    for person, own in zip(callers, offsets):
        first, last = thirds([abs(each) for each in own[WARM_UP:]])
        assert max(first, last) < APART and last - first < 50, (person.name, own)
