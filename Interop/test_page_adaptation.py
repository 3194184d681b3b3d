"""What is sent in a call adapts: to the line, to how many there are, and to what each of them looks at."""

import re

import pytest
from playwright.sync_api import expect

from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(240)

# Two cores run the browser and its video.
expect.set_options(timeout=40_000)

# What is sent to each peer, and how that was asked for.
SENT = """async () => {
    const sent = {};
    for (const [id, peer] of window.debug.peers) {
        const report = await peer.pc.getStats();
        const asked = Object.fromEntries(peer.pc.getSenders().map((sender) => [sender.track?.kind, sender.getParameters()]));
        sent[id] = { time: performance.now(), asked };
        for (const stats of report.values()) {
            if (stats.type !== 'outbound-rtp') continue;
            sent[id][stats.kind] = { ...stats, parameters: report.get(stats.codecId)?.sdpFmtpLine ?? '' };
        }
    }
    return sent;
}"""


def sent(person):
    return person.page.evaluate(SENT)


def encoding(person, peer, kind="video"):
    return sent(person)[peer]["asked"][kind]["encodings"][0]


def wait_for(look, condition, what, timeout=30):
    """Waits until what is seen is so, and returns it."""
    seen = None

    def check():
        nonlocal seen
        seen = look()
        return condition(seen)

    try:
        wait_until(check, timeout=timeout, interval=0.2, what=what)
    except Exception as error:
        raise AssertionError(f"{what}; seen: {seen}") from error
    return seen


def test_sound_is_sent_twice_and_first_and_not_at_all_in_silence(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    for person in (ann, bea):
        (peer,) = person.wait_for_peers(1)
        first = wait_for(lambda: sent(person)[peer], lambda now: "audio" in now, "sound to be sent")
        # Both ends ask this of each other, whoever has made the offer.
        assert {"useinbandfec=1", "usedtx=1"} <= set(first["audio"]["parameters"].split(";"))
        assert first["asked"]["audio"]["codecs"][0]["mimeType"] == "audio/red"
        wait_for(lambda: encoding(person, peer, "audio"), lambda now: now["priority"] == "high", "sound to come first")
        assert encoding(person, peer, "audio")["networkPriority"] == "high"
    # Opus itself takes 80 bytes of each 20 ms at most.
    peer = ann.peers()[0]
    before, now = sent(ann)[peer]["audio"], None
    now = wait_for(lambda: sent(ann)[peer]["audio"], lambda now: now["packetsSent"] >= before["packetsSent"] + 200, "sound")
    size = (now["bytesSent"] - before["bytesSent"]) / (now["packetsSent"] - before["packetsSent"])
    assert size > 100, f"{size:.0f} bytes of sound a packet: it is not said twice"

    ann.page.locator('#toolbar [data-command="mute"], [data-command="mute"]').first.click()
    expect(ann.tile("self")).to_have_attribute("data-audio", "off")

    def rate():
        """Packets a second, over about two seconds."""
        before = sent(ann)[peer]
        ann.page.wait_for_timeout(2000)
        now = sent(ann)[peer]
        return 1000 * (now["audio"]["packetsSent"] - before["audio"]["packetsSent"]) / (now["time"] - before["time"])

    wait_for(rate, lambda now: now < 10, "a silent microphone to send next to nothing")
