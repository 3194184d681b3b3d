"""Camera and microphone of a real browser: what is given back, what takes the place of what is gone."""

import os
import time

import pytest
from playwright.sync_api import expect

from harness.browser import ARGUMENTS, Participant

pytestmark = pytest.mark.timeout(240)

# Two cores run three browsers and their video.
expect.set_options(timeout=20_000)

# Keeps every track that the page was given, and lets the test hold the devices back or take them away.
DEVICES = """
window.tracks = [];
window.asked = [];
window.delay = 0;
window.gone = new Set();
const { getUserMedia } = MediaDevices.prototype;
MediaDevices.prototype.getUserMedia = async function (constraints) {
    for (const wanted of [constraints.audio, constraints.video]) {
        if (window.gone.has(wanted?.deviceId?.exact)) throw new OverconstrainedError('deviceId', 'gone');
    }
    window.asked.push(constraints);
    const stream = await getUserMedia.call(this, constraints);
    window.tracks.push(...stream.getTracks());
    await new Promise((resolve) => setTimeout(resolve, window.delay));
    return stream;
};
"""
LIVE = "window.tracks.filter(({ readyState }) => readyState === 'live').map(({ kind }) => kind).sort()"
UNPLUG = """kind => {
    const track = window.tracks.findLast((track) => track.kind === kind && track.readyState === 'live');
    track.stop();
    track.dispatchEvent(new Event('ended'));
}"""


@pytest.fixture(scope="module")
def chromium(playwright):
    """A Chromium with three microphones and cameras, of which the second one makes pictures that are not sent."""
    devices = "--use-fake-device-for-media-stream=fps=10,device-count=3"
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        args=[devices if "fake-device" in argument else argument for argument in ARGUMENTS],
    )
    yield browser
    browser.close()


@pytest.fixture
def ann(chromium, linkup, people):
    """A participant, not yet in the room, whose devices the test has in its hands."""
    person = Participant(chromium, f"http://localhost:{linkup.port}", name="Ann")
    people.all.append(person)
    person.page.add_init_script(DEVICES)
    return person


@pytest.fixture(scope="module")
def asking_chromium(playwright):
    """A Chromium that asks the person."""
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        args=[argument for argument in ARGUMENTS if "fake-ui" not in argument],
    )
    yield browser
    browser.close()


@pytest.fixture
def stranger(asking_chromium, linkup, people):
    """Somebody whom the browser has not asked yet."""
    person = Participant(asking_chromium, f"http://localhost:{linkup.port}", name="Ann", permissions=False)
    people.all.append(person)
    person.page.add_init_script(DEVICES)
    person.page.goto(f"{person.url}/r/room?name=Ann")
    expect(person.page.locator(".permit")).to_contain_text("Your browser will ask")
    return person


def test_what_the_browser_asks_is_explained_before(stranger):
    page = stranger.page
    for width, height in ((1280, 800), (390, 844), (320, 568)):
        page.set_viewport_size({"width": width, "height": height})
        box, button = page.locator(".mirror").bounding_box(), page.locator('[data-command="permit"]').bounding_box()
        assert box["y"] < button["y"] and button["y"] + button["height"] < box["y"] + box["height"], (width, box, button)
    assert page.evaluate("window.asked") == []
    stranger.context.grant_permissions(["camera", "microphone"], origin=stranger.url)
    page.get_by_role("button", name="Use camera and microphone").click()
    expect(page.locator("#preview")).to_be_visible()
    expect(page.locator(".permit")).to_be_hidden()
    page.reload()
    expect(page.locator("#preview")).to_be_visible()


def test_one_may_join_without_being_asked_and_be_asked_in_the_call(stranger):
    page = stranger.page
    page.locator("#join").click()
    stranger.expect_tile("self", audio="off", video="off")
    assert page.evaluate("window.asked") == []
    stranger.context.grant_permissions(["microphone"], origin=stranger.url)
    page.locator("#mute").click()
    stranger.expect_tile("self", audio="on", video="off")
    assert page.evaluate("window.asked.map(({ audio, video }) => [Boolean(audio), Boolean(video)])") == [[True, False]]


@pytest.mark.parametrize("when", ["lobby", "call"])
def test_what_starts_after_leaving_is_given_back(ann, when):
    if when == "lobby":
        ann.page.add_init_script("window.delay = 1500;")
        ann.page.goto(f"{ann.url}/r/room?name=Ann")
        ann.page.locator("#join").click()
    else:
        ann.enter()
        ann.page.locator("#camera").click()
        ann.wait_for(f"{LIVE}.join() === 'audio'")
        ann.page.evaluate("window.delay = 1500")
        ann.page.locator("#camera").click()
    ann.wait_for("window.tracks.some(({ kind, readyState }) => kind === 'video' && readyState === 'live')")
    ann.page.locator("#leave").click()
    expect(ann.page.locator("#left")).to_be_visible()
    ann.wait_for(f"{LIVE}.length === 0")
    time.sleep(0.5)
    assert ann.page.evaluate(LIVE) == []


def test_a_second_click_takes_the_first_one_back(ann):
    ann.enter()
    ann.page.locator("#camera").click()
    ann.expect_tile("self", video="off")
    ann.page.evaluate("window.delay = 300")
    ann.page.locator("#camera").dblclick()
    time.sleep(1)
    ann.expect_tile("self", video="off")
    assert ann.page.evaluate(LIVE) == ["audio"]


@pytest.mark.parametrize(("kind", "name", "state"), [("video", "camera", "video"), ("audio", "microphone", "audio")])
def test_the_next_device_takes_the_place_of_one_that_is_unplugged(ann, linkup, people, kind, name, state):
    ann.enter()
    (bea,) = people(linkup, "Bea")
    (ann_id,) = bea.wait_for_peers(1)
    bea.wait_for_frames()
    before = ann.page.evaluate("window.tracks.length")
    ann.page.evaluate(UNPLUG, kind)
    expect(ann.page.locator(".notes")).to_contain_text(f"The {name} that was used is gone.")
    assert ann.page.evaluate("window.tracks.length") == before + 1
    bea.expect_tile(ann_id, **{state: "on"})
    assert ann.page.evaluate(LIVE) == ["audio", "video"]
    bea.wait_for_frames()


def test_where_there_is_no_other_device_others_are_told(ann, linkup, people):
    ann.enter()
    (bea,) = people(linkup, "Bea")
    (ann_id,) = bea.wait_for_peers(1)
    ann.page.evaluate(
        "() => { MediaDevices.prototype.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); }; }"
    )
    ann.page.evaluate(UNPLUG, "video")
    expect(ann.page.locator(".notes")).to_contain_text("The camera is gone.")
    bea.expect_tile(ann_id, video="off", audio="on")


def test_a_chosen_device_that_is_gone_is_forgotten(ann):
    ann.page.goto(f"{ann.url}/r/room?name=Ann")
    cameras = ann.page.locator("#choose-videoinput")
    expect(cameras.locator("option")).to_have_count(3)
    chosen = cameras.locator("option").nth(1).get_attribute("value")
    ann.page.evaluate("id => { window.gone.add(id); }", chosen)
    cameras.select_option(value=chosen)
    expect(ann.page.locator(".problems")).to_contain_text("The camera that was used is gone.")
    ann.wait_for("document.querySelector('#preview').videoWidth > 0")
    assert cameras.input_value() != chosen
    ann.page.locator("#join").click()
    ann.expect_tile("self", video="on")


def test_devices_are_chosen_in_the_call_and_remembered(ann, linkup, people):
    ann.enter()
    (bea,) = people(linkup, "Bea")
    (ann_id,) = bea.wait_for_peers(1)
    (bea_id,) = ann.wait_for_peers(1)
    ann.page.keyboard.press("d")
    chosen = {}
    for kind in ("videoinput", "audiooutput"):
        choice = ann.page.locator(f"#devices-{kind}")
        last = choice.locator("option").last
        chosen[kind] = last.inner_text()
        choice.select_option(label=chosen[kind])
    ann.wait_for(f"window.tracks.findLast(({{ kind }}) => kind === 'video').label === {chosen['videoinput']!r}")
    ann.wait_for(f"document.querySelector('.tile[data-peer=\"{bea_id}\"] video').sinkId !== ''")
    ann.page.locator("#devices-noiseSuppression").uncheck()
    voice = "window.asked.findLast(({ audio }) => audio).audio"
    ann.wait_for(f"{voice}.noiseSuppression === false && {voice}.echoCancellation === true")
    ann.wait_for(f"{LIVE}.join() === 'audio,video'")
    ann.page.keyboard.press("Escape")
    expect(ann.page.locator("#devices")).not_to_be_visible()
    # Others notice nothing of it.
    bea.expect_tile(ann_id, audio="on", video="on", connection="connected")
    bea.wait_for_frames()

    ann.page.locator("#leave").click()
    ann.page.goto(f"{ann.url}/r/room?name=Ann")
    camera = ann.page.locator("#choose-videoinput option:checked")
    expect(camera).to_have_text(chosen["videoinput"])
    ann.wait_for(f"{voice}.noiseSuppression === false")
    ann.page.locator(".lobby [data-command=devices]").click()
    expect(ann.page.locator("#devices-audiooutput option:checked")).to_have_text(chosen["audiooutput"])
    expect(ann.page.locator("#devices-noiseSuppression")).not_to_be_checked()


def test_leaving_and_joining_leaves_no_listeners(ann):
    """What the call and its devices listen to on the window and on the devices ends with the call."""
    ann.enter()
    session = ann.context.new_cdp_session(ann.page)

    def count():
        found = 0
        for target in ("window", "navigator.mediaDevices"):
            answer = session.send("Runtime.evaluate", {"expression": target})
            listeners = session.send("DOMDebugger.getEventListeners", {"objectId": answer["result"]["objectId"]})
            found += sum(each["type"] in ("online", "offline", "pagehide", "devicechange") for each in listeners["listeners"])
        return found

    before = count()
    assert before > 0
    for _ in range(4):
        ann.page.locator("#leave").click()
        ann.page.get_by_role("button", name="Join again").click()
        ann.page.locator("#join").click()
        ann.expect_tile("self", video="on")
    assert count() == before
