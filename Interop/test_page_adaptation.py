"""What is sent in a call adapts: to the line, to how many there are, and to what each of them looks at."""

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
        // Lines that wait for a screen are told of too, with nothing on them.
        const used = peer.pc.getTransceivers().filter(({ sender }) => sender.track).map(({ mid }) => mid);
        for (const stats of report.values()) {
            if (stats.type !== 'outbound-rtp' || !used.includes(stats.mid)) continue;
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


# How long it takes, in milliseconds, from when a page is seen again until another picture of a peer is decoded.
UNTIL_PICTURE = """async (peer) => {
    const frames = async () => {
        for (const stats of (await window.debug.peers.get(peer).pc.getStats()).values()) {
            if (stats.type === 'inbound-rtp' && stats.kind === 'video') return stats.framesDecoded ?? 0;
        }
        return 0;
    };
    const before = await frames();
    const start = performance.now();
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'visible' });
    document.dispatchEvent(new Event('visibilitychange'));
    while (performance.now() - start < 10_000) {
        if (await frames() > before) return performance.now() - start;
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return Infinity;
}"""
HIDE = """() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def expect_no_picture(sender, to):
    """Not a byte of it is sent to a peer for two seconds; sound goes on."""
    wait_for(lambda: encoding(sender, to), lambda now: not now["active"], "the picture to be stopped")
    # What was encoded already leaves first.
    sender.page.wait_for_timeout(500)
    before = sent(sender)[to]
    sender.page.wait_for_timeout(2000)
    now = sent(sender)[to]
    assert now["video"]["bytesSent"] == before["video"]["bytesSent"]
    assert now["audio"]["packetsSent"] > before["audio"]["packetsSent"]


def test_a_page_that_nobody_looks_at_gets_no_picture_and_has_it_back_within_a_second(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    (peer,), (me,) = ann.wait_for_peers(1), bea.wait_for_peers(1)
    ann.wait_for_frames(5)
    took = []
    for _ in range(3):
        ann.page.evaluate(HIDE)
        expect_no_picture(bea, me)
        took.append(ann.page.evaluate(UNTIL_PICTURE, peer))
    assert min(took) < 1000, took
    # Ann's picture was sent all the time.
    assert encoding(ann, peer)["active"]


def test_who_is_out_of_view_sends_no_picture_and_who_is_in_view_does(linkup, people):
    everybody = people(linkup, "Ann", "Bea", "Cem", debug=True, viewport={"width": 500, "height": 400})
    ann = everybody[0]
    for person in everybody:
        expect(person.page.locator('.tile:not([data-peer="self"])[data-connection="connected"]')).to_have_count(2, timeout=90_000)
    (me,) = set(everybody[1].peers()) - set(ann.peers())
    # Whoever speaks is alone in view, and the first until then.
    ann.page.locator("#call h1").click()
    for _ in range(2):
        ann.page.keyboard.press("KeyW")
    expect(ann.page.locator('.tile:not([data-peer="self"])[hidden]')).to_have_count(1)

    def is_seen():
        hidden = ann.page.locator('.tile:not([data-peer="self"])[hidden] .name').text_content()
        return {person.name: encoding(person, me)["active"] == (person.name != hidden) for person in everybody[1:]}

    wait_for(is_seen, lambda now: all(now.values()), "only who is in view to send a picture")


def test_a_small_tile_gets_a_small_picture(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True, viewport={"width": 900, "height": 640})
    (peer,) = ann.wait_for_peers(1)
    (me,) = bea.wait_for_peers(1)
    wait_for(lambda: encoding(bea, me), lambda now: now.get("scaleResolutionDownBy") == 1, "a whole picture")
    ann.page.set_viewport_size({"width": 320, "height": 480})
    small = wait_for(lambda: encoding(bea, me), lambda now: now["scaleResolutionDownBy"] >= 1.5, "a smaller picture")
    assert small["maxBitrate"] < 500_000
    wait_for(lambda: sent(bea)[me]["video"].get("frameWidth"), lambda width: width is not None and width <= 430, "smaller frames")
    ann.page.set_viewport_size({"width": 900, "height": 640})
    wait_for(lambda: encoding(bea, me), lambda now: now["scaleResolutionDownBy"] == 1, "a whole picture again")


RUBBISH = """async (peer) => {
    const channel = window.debug.peers.get(peer).pc.createDataChannel('linkup');
    await new Promise((resolve) => channel.onopen = resolve);
    const say = async (message) => {
        channel.send(message);
        await new Promise((resolve) => setTimeout(resolve, 150));
    };
    await say('rubbish');
    await say(new ArrayBuffer(100_000));
    await say('{"v":1,"sees":{"camera":[-1,1e9]},"held":[]}');
    await say('{"v":2,"sees":{"camera":[0,0]},"held":[]}');
    await say('['.repeat(60_000));
    for (let count = 0; count < 2000; count += 1) channel.send(`{"v":1,"sees":{"camera":[${count},1]},"held":"maybe"}`);
    window.say = (message) => channel.send(message);
}"""


def test_rubbish_from_a_peer_changes_nothing_and_its_wishes_are_heard_after_it(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    (peer,) = bea.wait_for_peers(1)
    (to,) = ann.wait_for_peers(1)
    before = wait_for(lambda: encoding(ann, to), lambda now: now.get("maxBitrate"), "a picture to be sent")
    bea.page.evaluate(RUBBISH, peer)
    bea.wait_for_frames(10)
    now = encoding(ann, to)
    assert (now["active"], now["scaleResolutionDownBy"]) == (True, before["scaleResolutionDownBy"])
    bea.page.evaluate("window.say('{\"v\":1,\"sees\":{\"camera\":[0,0]},\"held\":[\"camera\"]}')")
    wait_for(lambda: encoding(ann, to), lambda now: not now["active"], "the picture to be stopped")
    # It says as well that it holds its own picture back.
    expect(ann.tile(to)).to_have_attribute("data-held", "on")
    expect(ann.tile(to).locator(".tile-note")).to_contain_text("Picture paused to save the sound")
    bea.page.evaluate("window.say('{\"v\":1,\"sees\":{},\"held\":[]}')")
    wait_for(lambda: encoding(ann, to), lambda now: now["active"], "the picture again")
    expect(ann.tile(to)).to_have_attribute("data-held", "off")
