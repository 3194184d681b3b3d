"""A shared screen, beside the camera of whoever shares it."""

import pytest
from playwright.sync_api import expect

from harness.firefox import Firefox, FirefoxMember
from harness.screen import enter, screen_of, share, wait_for_width, width_of
from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(300)

# Two cores run three browsers and their video.
expect.set_options(timeout=20_000)

# What is received of each line that there is, in the order of the lines.
LINES = """async id => {
    const peer = window.debug.peers.get(id);
    const lines = [];
    for (const { mid, currentDirection, receiver } of peer.pc.getTransceivers()) {
        let received = { frames: 0, energy: 0, width: 0 };
        for (const report of (await receiver.getStats()).values()) {
            if (report.type !== 'inbound-rtp') continue;
            received = { frames: report.framesDecoded ?? 0, energy: report.totalAudioEnergy ?? 0, width: report.frameWidth ?? 0 };
        }
        lines.push({ mid, direction: currentDirection, kind: receiver.track.kind, ...received });
    }
    return lines;
}"""


@pytest.fixture
def visit_at(chromium, people):
    """A participant whose screen the test draws, in the call of a room of that server."""

    return lambda server, name, **options: enter(chromium, people, server, name, **options)


@pytest.fixture
def visit(linkup, visit_at):
    """The same where the server stays."""
    return lambda name, **options: visit_at(linkup, name, **options)


def frames(person, peer):
    """How many frames of camera and screen were decoded."""
    return [line["frames"] for line in person.page.evaluate(LINES, peer) if line["kind"] == "video"]


def wait_for_both(person, peer, more=5):
    before = frames(person, peer)
    wait_until(
        lambda: all(now >= then + more for now, then in zip(frames(person, peer), before + [0])) and len(frames(person, peer)) == 2,
        timeout=60,
        interval=0.2,
        what=f"{person.name} to see camera and screen of {peer}: {frames(person, peer)} after {before}",
    )


@pytest.mark.parametrize("sharer", ["first", "last"])
def test_camera_and_screen_arrive_side_by_side(visit, sharer):
    """Whoever came first has answered, whoever came last has offered."""
    first, last = visit("Ann"), visit("Bea")
    ann, bea = (first, last) if sharer == "first" else (last, first)
    (bea_id,), (ann_id,) = ann.wait_for_peers(1), bea.wait_for_peers(1)
    share(ann)
    expect(screen_of(bea, ann_id)).to_contain_class("is-screen is-main")
    bea.expect_tile(f"{ann_id}/screen", screen="on")
    bea.expect_tile(ann_id, screen="off", video="on")
    wait_for_width(bea, f"{ann_id}/screen", 1000)
    assert width_of(bea, ann_id) not in (0, 1000)
    wait_for_both(bea, ann_id)
    # One's own is not shown to oneself.
    assert ann.page.locator(".tile").count() == 2
    lines = bea.page.evaluate(LINES, ann_id)

    # It ends, and comes again, on the same lines.
    for _ in range(3):
        ann.page.locator("#screen").click()
        expect(screen_of(bea, ann_id)).to_have_count(0)
        share(ann)
        wait_for_width(bea, f"{ann_id}/screen", 1000)
    wait_for_both(bea, ann_id)
    assert [line["mid"] for line in bea.page.evaluate(LINES, ann_id)] == [line["mid"] for line in lines]
    assert len(lines) == 4
    # The camera goes and comes on its own.
    ann.page.locator("#camera").click()
    bea.expect_tile(ann_id, video="off")
    bea.expect_tile(f"{ann_id}/screen", screen="on")
    ann.page.locator("#camera").click()
    bea.expect_tile(ann_id, video="on")
    wait_for_both(bea, ann_id)


# What the encoder of a screen is told: what the track shows, how often, what to keep, and how often at most.
PURPOSE = """id => {
    const sender = window.debug.peers.get(id).senders.screen;
    const { degradationPreference, encodings } = sender.getParameters();
    const { track } = sender;
    return [track?.contentHint, track?.getConstraints().frameRate?.max, degradationPreference, encodings[0].maxFramerate];
}"""


def test_whoever_shares_sees_it_at_every_size_and_ends_it(visit):
    ann, bea = visit("Ann"), visit("Bea")
    (bea_id,), (ann_id,) = ann.wait_for_peers(1), bea.wait_for_peers(1)
    page, banner = ann.page, ann.page.locator(".sharing")
    expect(banner).to_be_hidden()
    share(ann)
    expect(banner.get_by_role("status")).to_contain_text("You are sharing your screen")
    for width, height in ((1280, 800), (390, 844), (320, 568), (844, 390)):
        page.set_viewport_size({"width": width, "height": height})
        for part in ("[role=status]", "[data-command=screen-sound]", "[data-command=motion]", "[data-command=unshare]"):
            expect(banner.locator(part)).to_be_in_viewport(ratio=1)
        # It has a place of its own: it covers nobody, and nothing covers it.
        lowest = banner.bounding_box()["y"] + banner.bounding_box()["height"]
        assert page.locator(".stage").bounding_box()["y"] >= lowest - 1
    page.set_viewport_size({"width": 1000, "height": 700})
    wait_until(lambda: page.evaluate(PURPOSE, bea_id) == ["detail", 15, "maintain-resolution", 15], what=page.evaluate(PURPOSE, bea_id))

    motion = banner.locator("[data-command=motion]")
    motion.click()
    expect(motion).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".note").last).to_contain_text("moves smoothly")
    wait_until(lambda: page.evaluate(PURPOSE, bea_id) == ["motion", 30, "maintain-framerate", 30], what=page.evaluate(PURPOSE, bea_id))
    wait_for_both(bea, ann_id)

    banner.locator("[data-command=unshare]").click()
    expect(screen_of(bea, ann_id)).to_have_count(0)
    expect(banner).to_be_hidden()
    # What it was told for one screen does not hold for the next one.
    share(ann)
    expect(motion).to_have_attribute("aria-pressed", "false")
    wait_until(lambda: page.evaluate(PURPOSE, bea_id) == ["detail", 15, "maintain-resolution", 15], what=page.evaluate(PURPOSE, bea_id))
    wait_for_width(bea, f"{ann_id}/screen", 1000)


def test_what_the_browser_ends_or_does_not_give_is_told(visit):
    ann, bea = visit("Ann"), visit("Bea")
    (ann_id,) = bea.wait_for_peers(1)
    page, banner, notes = ann.page, ann.page.locator(".sharing"), ann.page.locator(".note")
    share(ann)
    expect(screen_of(bea, ann_id)).to_be_visible()
    page.evaluate("window.screens.at(-1).getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    expect(notes.last).to_contain_text("no longer shared")
    expect(banner).to_be_hidden()
    expect(page.locator("#screen")).to_have_attribute("aria-pressed", "false")
    expect(screen_of(bea, ann_id)).to_have_count(0)

    page.evaluate("window.refusal = new DOMException('', 'NotReadableError')")
    page.locator("#screen").click()
    expect(notes.last).to_contain_text("The screen could not be shared.")
    expect(banner).to_be_hidden()
    # Who closes the browser's list wants nothing, and is told nothing.
    count = notes.count()
    page.evaluate("window.refusal = new DOMException('', 'NotAllowedError')")
    page.locator("#screen").click()
    wait_until(lambda: page.evaluate("window.wishes.length") == 3, what="the question")
    assert notes.count() <= count
    page.evaluate("window.refusal = undefined")
    share(ann)
    wait_for_width(bea, f"{ann_id}/screen", 1000)


# Whether a person hears what a tile plays, as far as the page has it in hand.
IS_HEARD = """tile => {
    const video = document.querySelector(`.tile[data-peer="${tile}"] video`);
    return !video.muted && !video.paused && video.volume > 0 && video.srcObject.getAudioTracks().some(({ readyState, enabled }) => readyState === 'live' && enabled);
}"""


def sound_of_screen(person, peer):
    """How much sound has come by the line of the screen."""
    return [line["energy"] for line in person.page.evaluate(LINES, peer) if line["kind"] == "audio"][1]


def wait_for_sound(person, peer):
    before = sound_of_screen(person, peer)
    wait_until(lambda: sound_of_screen(person, peer) > before + 0.01, timeout=30, interval=0.2, what=f"{person.name} to hear the screen of {peer}")


def wait_for_silence(person, peer):
    def is_silent():
        before = sound_of_screen(person, peer)
        person.page.wait_for_timeout(700)
        return sound_of_screen(person, peer) - before < 0.001

    wait_until(is_silent, timeout=30, interval=0.1, what=f"the screen of {peer} to be silent for {person.name}")


def test_the_sound_of_a_screen_is_heard_and_whoever_shares_sees_that(visit):
    ann, bea = visit("Ann"), visit("Bea")
    (ann_id,) = bea.wait_for_peers(1)
    words, switch = ann.page.locator(".sharing-words"), ann.page.locator("[data-command=screen-sound]")
    share(ann)
    expect(words).to_have_text("You are sharing your screen with its sound")
    expect(switch).to_have_attribute("aria-pressed", "true")
    wait_for_sound(bea, ann_id)
    bea.wait_for(f"({IS_HEARD})('{ann_id}/screen')")
    wishes = ann.page.evaluate("window.wishes[0]")
    assert [wishes["audio"][name] for name in ("echoCancellation", "noiseSuppression", "autoGainControl")] == [False] * 3
    assert (wishes["audio"]["restrictOwnAudio"], wishes["selfBrowserSurface"]) == (True, "exclude")

    switch.click()
    expect(words).to_have_text("You are sharing your screen without sound")
    wait_for_silence(bea, ann_id)
    # The voice goes on by its own line, and so does the picture.
    wait_for_both(bea, ann_id)
    assert ann.page.locator("#mute").get_attribute("aria-pressed") == "false"
    switch.click()
    expect(words).to_have_text("You are sharing your screen with its sound")
    wait_for_sound(bea, ann_id)
    # Muted is the voice, not the screen.
    ann.page.locator("#mute").click()
    bea.expect_tile(ann_id, audio="off")
    wait_for_sound(bea, ann_id)
    # Where the screen is out of view it is heard all the same.
    bea.page.locator(f'.tile[data-peer="{ann_id}"] .tile-pin').click()
    bea.page.keyboard.press("w")
    bea.page.keyboard.press("w")
    expect(screen_of(bea, ann_id)).to_be_hidden()
    wait_for_sound(bea, ann_id)
    bea.wait_for(f"({IS_HEARD})('{ann_id}/screen')")
    # It ends with the picture.
    ann.page.locator("[data-command=unshare]").click()
    expect(screen_of(bea, ann_id)).to_have_count(0)
    wait_for_silence(bea, ann_id)


def test_a_screen_without_sound_is_shared_and_said_to_be(visit):
    ann, bea = visit("Ann"), visit("Bea")
    (ann_id,) = bea.wait_for_peers(1)
    words, switch = ann.page.locator(".sharing-words"), ann.page.locator("[data-command=screen-sound]")
    ann.page.evaluate("window.isSilent = true")
    share(ann)
    expect(words).to_have_text("You are sharing your screen without sound")
    expect(switch).to_be_hidden()
    wait_for_width(bea, f"{ann_id}/screen", 1000)
    ann.page.locator("[data-command=unshare]").click()

    # Some systems have sound that cannot be had, and browsers then give no picture either.
    ann.page.evaluate("window.refusal = new DOMException('', 'NotReadableError')")
    ann.page.locator("#screen").click()
    expect(ann.page.locator(".note").last).to_contain_text("its sound is left out then")
    ann.page.evaluate("window.refusal = undefined")
    share(ann)
    assert ann.page.evaluate("window.wishes.at(-1).audio") is False
    expect(words).to_have_text("You are sharing your screen without sound")
    wait_for_width(bea, f"{ann_id}/screen", 1000)


def test_the_others_do_not_hear_themselves_in_a_screen(linkup, people):
    """The browser's own screen: its sound is that of the system, with the call in it."""
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    (ann_id,) = bea.wait_for_peers(1)
    share(ann)
    expect(ann.page.locator(".note").last).to_contain_text("hear themselves")
    expect(ann.page.locator(".sharing-words")).to_have_text("You are sharing your screen without sound")
    bea.expect_tile(f"{ann_id}/screen", screen="on")
    wait_for_both(bea, ann_id)
    wait_for_silence(bea, ann_id)


def test_two_share_at_the_same_moment(visit):
    ann, bea = visit("Ann"), visit("Bea")
    (bea_id,), (ann_id,) = ann.wait_for_peers(1), bea.wait_for_peers(1)
    for _ in range(3):
        for person in (ann, bea):
            person.page.evaluate("document.querySelector('#screen').click()")
        wait_for_width(ann, f"{bea_id}/screen", 1000)
        wait_for_width(bea, f"{ann_id}/screen", 1000)
        wait_for_both(ann, bea_id)
        wait_for_both(bea, ann_id)
        for person in (bea, ann):
            person.page.evaluate("document.querySelector('#screen').click()")
        expect(screen_of(ann, bea_id)).to_have_count(0)
        expect(screen_of(bea, ann_id)).to_have_count(0)
    for person, peer in ((ann, bea_id), (bea, ann_id)):
        assert len(person.page.evaluate(LINES, peer)) == 4


def test_whoever_comes_later_sees_it_and_a_page_that_is_loaded_again_too(visit):
    ann = visit("Ann")
    share(ann)
    for name in ("Bea", "Cid"):
        late = visit(name)
        ann.wait_for_peers(["Bea", "Cid"].index(name) + 1)
        ann_id = late.page.locator(".tile.is-screen").get_attribute("data-peer").removesuffix("/screen")
        wait_for_width(late, f"{ann_id}/screen", 1000)
        wait_for_both(late, ann_id)
    late.page.reload()
    late.page.locator("#join").click()
    wait_for_width(late, f"{ann_id}/screen", 1000)
    wait_for_both(late, ann_id)


# Notes for how long a tile was missing, the longest time of all, in milliseconds.
WATCH = """tile => {
    window.missing = 0;
    let since;
    setInterval(() => {
        const isThere = document.querySelector(`.tile[data-peer="${tile}"]`) !== null;
        since = isThere ? undefined : since ?? performance.now();
        if (since !== undefined) window.missing = Math.max(window.missing, performance.now() - since);
    }, 20);
}"""


def test_it_outlives_the_server_and_can_begin_meanwhile(start_linkup, visit_at):
    server = start_linkup()
    ann, bea = visit_at(server, "Ann"), visit_at(server, "Bea")
    for person in (ann, bea):
        person.expect_complaints("WebSocket", "net::ERR_", "Failed to load")
    (ann_id,), (bea_id,) = bea.wait_for_peers(1), ann.wait_for_peers(1)
    share(ann)
    wait_for_width(bea, f"{ann_id}/screen", 1000)
    bea.page.evaluate(WATCH, f"{ann_id}/screen")
    server.kill()
    for person in (ann, bea):
        expect(person.page.locator("#banner")).to_be_visible()
    wait_for_both(bea, ann_id)
    share(bea)
    server = start_linkup(port=server.port)
    wait_for_width(ann, f"{bea_id}/screen", 1000)
    for person, peer in ((ann, bea_id), (bea, ann_id)):
        expect(person.page.locator("#banner")).to_be_hidden(timeout=30_000)
        wait_for_both(person, peer)
    assert bea.page.evaluate("window.missing") == 0


@pytest.mark.parametrize("sharer", ["first", "last"])
def test_firefox_sees_camera_and_screen(tmp_path, visit, linkup, sharer):
    with Firefox(tmp_path) as firefox:
        fox = FirefoxMember(firefox, f"http://localhost:{linkup.port}", name="Fox")
        if sharer == "first":
            ann = visit("Ann")
            fox.enter()
        else:
            fox.enter()
            ann = visit("Ann")
        ann_id = fox.wait_for_peer()
        (fox_id,) = ann.wait_for_peers(1)
        share(ann)
        for tile, width in ((f"{ann_id}/screen", ">= 900"), (ann_id, "> 0")):
            fox.wait_for(f"(document.querySelector('.tile[data-peer=\"{tile}\"] video')?.videoWidth ?? 0) {width}")
        assert fox.evaluate("() => document.querySelector('.tile.is-main').dataset.peer") == f"{ann_id}/screen"
        before = fox.evaluate(LINES, ann_id)
        wait_until(
            lambda: all(
                now["frames"] >= then["frames"] + 5
                for now, then in zip(fox.evaluate(LINES, ann_id), before, strict=True)
                if now["kind"] == "video"
            ),
            timeout=40,
            interval=0.3,
            what="frames of both in Firefox",
        )
        ann.wait_for_frames()
        ann.page.locator("#screen").click()
        fox.wait_for(f"document.querySelector('.tile[data-peer=\"{ann_id}/screen\"]') === null")
        fox.wait_to_receive()
