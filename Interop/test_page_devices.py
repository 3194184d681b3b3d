"""Microphones and speakers that are really plugged in and out, at a sound server, while somebody listens."""

import os

import pytest
from playwright.sync_api import expect

from harness.browser import ARGUMENTS, Participant
from harness.sound import SoundServer
from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(240)

expect.set_options(timeout=20_000)

# What tells Chromium that something was plugged in is udev, which a container does not have; it looks itself when it is
# asked for the list.
LOOK = "navigator.mediaDevices.enumerateDevices().then(() => undefined)"

# Keeps the connections, so that what is heard can be counted.
CONNECTIONS = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
        super(...options);
        window.connections.push(this);
    }
};
"""
ENERGY = """async () => {
    let energy = 0;
    for (const connection of window.connections) {
        for (const report of (await connection.getStats()).values()) {
            if (report.type === 'inbound-rtp' && report.kind === 'audio') energy += report.totalAudioEnergy ?? 0;
        }
    }
    return energy;
}"""


@pytest.fixture
def sound(tmp_path):
    with SoundServer(tmp_path / "sound") as server:
        server.plug_speaker("Loud")
        server.plug_microphone("Headset")
        server.plug_microphone("Laptop", frequency=330)
        yield server


@pytest.fixture
def ann(sound, playwright, linkup, people):
    """Somebody in the room who has the sound server's devices, and speaks into the headset."""
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        args=[argument for argument in ARGUMENTS if "fake-device" not in argument],
        ignore_default_args=["--mute-audio"],
        env={**os.environ, **sound.environment},
    )
    person = Participant(browser, f"http://localhost:{linkup.port}", name="Ann")
    people.all.append(person)
    person.page.goto(f"{person.url}/r/room?name=Ann")
    microphones = person.page.locator("#choose-audioinput")
    expect(microphones.locator("option")).to_have_text(["Default", "Headset", "Laptop"])
    microphones.select_option(label="Headset")
    person.page.locator("#join").click()
    expect(person.page.locator("#call")).to_be_visible()
    yield person
    browser.close()


@pytest.fixture
def bea(ann, chromium, linkup, people):
    """Somebody who listens."""
    person = Participant(chromium, f"http://localhost:{linkup.port}", name="Bea")
    people.all.append(person)
    person.page.add_init_script(CONNECTIONS)
    return person.enter()


def hears(person):
    """Waits until more is heard than was before."""
    before = person.page.evaluate(ENERGY)
    wait_until(lambda: person.page.evaluate(ENERGY) > before + 0.01, timeout=20, interval=0.1, what="sound to be heard")


def microphone(person):
    return person.page.locator("#devices").get_by_label("Microphone", exact=True)


def test_a_headset_is_unplugged_and_plugged_in_again(sound, ann, bea):
    (ann_id,) = bea.wait_for_peers(1)
    hears(bea)
    for _ in range(2):
        sound.unplug("Headset")
        ann.page.evaluate(LOOK)
        expect(ann.page.locator(".notes")).to_contain_text("The microphone that was used is gone.")
        hears(bea)
        bea.expect_tile(ann_id, audio="on")
        sound.plug_microphone("Headset")
        ann.page.evaluate(LOOK)
        expect(ann.page.locator(".notes")).to_contain_text("\u2068Headset\u2069 is back, and used again.")
        hears(bea)
    ann.page.keyboard.press("d")
    expect(microphone(ann).locator("option:checked")).to_have_text("Headset")


def test_where_no_microphone_is_left_the_next_that_is_plugged_in_is_used(sound, ann, bea):
    (ann_id,) = bea.wait_for_peers(1)
    hears(bea)
    sound.unplug("Laptop")
    sound.unplug("Headset")
    ann.page.evaluate(LOOK)
    expect(ann.page.locator(".notes")).to_contain_text("The microphone is gone.")
    bea.expect_tile(ann_id, audio="off")
    sound.plug_microphone("Another")
    ann.page.evaluate(LOOK)
    bea.expect_tile(ann_id, audio="on")
    hears(bea)


def test_whoever_is_muted_stays_so_with_another_microphone(sound, ann, bea):
    (ann_id,) = bea.wait_for_peers(1)
    hears(bea)
    ann.page.locator("#mute").click()
    bea.expect_tile(ann_id, audio="off")
    sound.unplug("Headset")
    ann.page.evaluate(LOOK)
    expect(ann.page.locator(".notes")).to_contain_text("The microphone that was used is gone.")
    bea.expect_tile(ann_id, audio="off")
    ann.page.locator("#mute").click()
    bea.expect_tile(ann_id, audio="on")
    hears(bea)


def test_a_speaker_that_was_chosen_is_gone_and_back(sound, ann):
    sound.plug_speaker("Ear")
    ann.page.evaluate(LOOK)
    ann.page.keyboard.press("d")
    speakers = ann.page.locator("#devices").get_by_label("Speaker", exact=True)
    speakers.select_option(label="Ear")
    sound.unplug("Ear")
    ann.page.evaluate(LOOK)
    problem = ann.page.locator("#devices .problems")
    expect(problem).to_contain_text("The speaker that you chose is gone.")
    sound.plug_speaker("Ear")
    ann.page.evaluate(LOOK)
    expect(problem).not_to_contain_text("The speaker that you chose is gone.")
    expect(speakers.locator("option:checked")).to_have_text("Ear")
