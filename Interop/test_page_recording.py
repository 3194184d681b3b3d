"""The recording of a call, as a file: what is seen and heard in it, and how it ends."""

import base64
import json
import re
import subprocess
import time

import pytest
from playwright.sync_api import expect

from harness.browser import Participant
from harness.firefox import Firefox, FirefoxMember
from harness.member import Member, call
from harness.sound import SoundServer

pytestmark = pytest.mark.timeout(240)

# Two cores run several browsers and their video.
expect.set_options(timeout=20_000)


def tone(frequency):
    """A microphone that hears a tone of its own, so that one can tell in a mix who was heard."""
    return f"""
    const {{ getUserMedia }} = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (constraints) {{
        const stream = await getUserMedia.call(this, constraints);
        for (const track of stream.getAudioTracks()) {{
            const context = new AudioContext();
            const voice = new OscillatorNode(context, {{ frequency: {frequency} }});
            const volume = new GainNode(context, {{ gain: 0.1 }});
            const place = context.createMediaStreamDestination();
            voice.connect(volume).connect(place);
            voice.start();
            stream.removeTrack(track);
            stream.addTrack(place.stream.getAudioTracks()[0]);
        }}
        return stream;
    }};
    """


# A light screen, in the place of what a person would choose.
SCREEN = """
MediaDevices.prototype.getDisplayMedia = async function () {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1000, height: 600 });
    const context = canvas.getContext('2d');
    let isOdd = false;
    setInterval(() => {
        isOdd = !isOdd;
        context.fillStyle = isOdd ? '#fff' : '#eee';
        context.fillRect(0, 0, 1000, 600);
    }, 100);
    return canvas.captureStream(10);
};
"""


# What the browser keeps of recordings, by name; and the content of the one.
SHELF = """async () => {
    const root = await navigator.storage.getDirectory();
    const names = [];
    for await (const name of (await root.getDirectoryHandle('recordings')).keys()) names.push(name);
    return names;
}"""
CONTENT = """async () => {
    const root = await navigator.storage.getDirectory();
    for await (const file of (await root.getDirectoryHandle('recordings')).values()) {
        const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer());
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    }
}"""


@pytest.fixture
def visit_at(chromium, people):
    """Somebody in the call of that server, who hums a tone; `script` runs before the page does."""

    def make(server, name, frequency, *, script=""):
        person = Participant(chromium, f"http://localhost:{server.port}", name=name)
        people.all.append(person)
        person.context.add_init_script(tone(frequency) + script)
        return person.enter()

    return make


@pytest.fixture
def visit(linkup, visit_at):
    """The same where the server stays."""
    return lambda name, frequency, **options: visit_at(linkup, name, frequency, **options)


def record(person):
    # Once the room is entered: before, nobody can be told.
    expect(person.page.locator("#tab-people")).not_to_have_text("People · 0")
    person.page.keyboard.press("Shift+R")
    expect(person.page.locator(".recording button")).to_be_visible()
    return time.monotonic()


def stop(person):
    person.page.locator(".recording button").click()
    expect(person.page.locator(".recording button")).to_be_hidden()


def row_of(person):
    return person.transfer("Recording of the call")


def save(person, path):
    with person.page.expect_download() as download:
        person.page.locator("a.save").click()
    assert re.fullmatch(r"room \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.webm", download.value.suggested_filename)
    download.value.save_as(path)
    return path


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done


def probe(path):
    """The kinds of streams, the length that the header tells, and when the last packet is due."""
    answer = run("ffprobe", "-v", "error", "-print_format", "json", "-show_entries", "stream=codec_type:packet=pts_time:format=duration", path)
    found = json.loads(answer.stdout)
    kinds = sorted(stream["codec_type"] for stream in found["streams"])
    return kinds, float(found["format"]["duration"]), max(float(packet["pts_time"]) for packet in found["packets"])


def check_playable(path, least):
    """A picture and a sound of at least so many seconds; the header says how many."""
    kinds, length, last = probe(path)
    assert kinds == ["audio", "video"]
    assert last >= least and abs(length - last) < 1.5, (length, last)


def loudness(path, frequency, start=0.0, length=60.0):
    """How loud a tone is on average, in decibels below the loudest that there is."""
    band = f"bandpass=f={frequency}:width_type=h:w=40"
    answer = run("ffmpeg", "-nostats", "-ss", start, "-t", length, "-i", path, "-vn", "-af", f"{band},{band},volumedetect", "-f", "null", "-")
    return float(re.search(r"mean_volume: (-?[\d.]+) dB", answer.stderr.decode())[1])


def brightness(path, at, x, y, width, height):
    """How bright a part of the picture is on average, 0 to 255."""
    crop = f"crop={width}:{height}:{x}:{y},format=gray"
    grey = run("ffmpeg", "-v", "error", "-ss", at, "-i", path, "-frames:v", "1", "-vf", crop, "-f", "rawvideo", "-").stdout
    assert len(grey) == width * height
    return sum(grey) / len(grey)


def test_picture_and_sound_of_all_are_in_the_file(visit, tmp_path):
    ann, bea = visit("Ann", 600), visit("Bea", 1500, script=SCREEN)
    (ann_id,) = bea.wait_for_peers(1)
    ann.wait_for_frames(5)
    began = record(ann)
    expect(ann.page.locator(".note", has_text="The others see that you do")).to_be_visible()
    expect(bea.tile(ann_id).locator(".record-mark")).to_be_visible()
    bea.page.wait_for_timeout(1500)
    faces = time.monotonic() - began
    bea.page.locator("#screen").click()
    expect(ann.page.locator(".tile.is-screen")).to_be_visible()
    ann.page.wait_for_timeout(2500)
    stop(ann)
    expect(ann.page.locator(".recording [role=status]")).to_have_text("The recording has ended, and can be saved.")
    expect(bea.tile(ann_id).locator(".record-mark")).to_be_hidden()
    path = save(ann, tmp_path / "call.webm")
    check_playable(path, faces + 2)
    assert min(loudness(path, 600), loudness(path, 1500)) > -40
    assert loudness(path, 3000) < -60, "nobody hums that"
    # Two side by side, with nothing above them; then the screen large, and the faces at its side.
    for middle in (320, 960):
        assert brightness(path, faces, middle - 100, 300, 200, 200) > 60
    assert brightness(path, faces, 200, 20, 800, 80) < 30
    assert brightness(path, faces + 2, 200, 200, 600, 300) > 200
    assert 40 < brightness(path, faces + 2, 1100, 320, 100, 80) < 200


def test_who_comes_and_goes_is_in_it_for_as_long(visit, tmp_path):
    ann = visit("Ann", 600)
    began = record(ann)
    ann.page.wait_for_timeout(1500)
    bea = visit("Bea", 1500)
    ann.wait_for_peers(1)
    ann.wait_for_frames(5)
    came = time.monotonic() - began
    ann.page.wait_for_timeout(1500)
    bea.page.locator("#leave").click()
    expect(ann.page.locator(".tile")).to_have_count(1)
    gone = time.monotonic() - began
    ann.page.wait_for_timeout(2500)
    stop(ann)
    path = save(ann, tmp_path / "call.webm")
    check_playable(path, gone + 1.5)
    assert loudness(path, 600) > -40
    assert loudness(path, 1500, came + 0.3, 1) > -40
    assert max(loudness(path, 1500, 0, 1), loudness(path, 1500, gone + 1, 1)) < -60
    # The upper edge is free while there are two.
    heights = [brightness(path, at, 400, 20, 400, 80) for at in (0.8, came + 0.8, gone + 1.2)]
    assert heights[0] > 60 and heights[1] < 30 and heights[2] > 60, heights


def test_a_full_disk_ends_it_in_words_and_leaves_what_there_is(visit, linkup, tmp_path):
    ann = visit("Ann", 600)
    with Member(linkup.url) as bea:
        bea.join("room", "Bea", call=call())
        limits = ann.context.new_cdp_session(ann.page)
        limits.send("Storage.overrideQuotaForOrigin", {"origin": ann.url, "quotaSize": 150_000})
        record(ann)
        id = bea.wait_for("member", where=lambda member: member["name"] == "Ann" and member["call"]["recording"])["id"]
        expect(ann.page.locator(".note", has_text="There is no more room on the disk")).to_be_visible(timeout=30_000)
        assert bea.wait_for_member(id, lambda member: not member["call"]["recording"])
        expect(ann.page.locator(".recording button")).to_be_hidden()
        check_playable(save(ann, tmp_path / "call.webm"), 0.5)


def test_leaving_ends_it_and_what_was_saved_is_not_kept(visit, linkup, tmp_path):
    ann = visit("Ann", 600)
    record(ann)
    ann.page.wait_for_timeout(1500)
    ann.page.locator("#leave").click()
    expect(ann.page.locator("#left")).to_contain_text("1 file is not saved yet")
    check_playable(save(ann, tmp_path / "call.webm"), 1)
    ann.page.reload()
    ann.page.locator("#join").click()
    expect(ann.page.locator("#call")).to_be_visible()
    ann.wait_for(f"({SHELF})().then((names) => names.length === 0)")
    expect(row_of(ann)).to_have_count(0)


def test_a_tab_that_is_closed_leaves_what_there_is(visit, tmp_path):
    ann = visit("Ann", 600)
    record(ann)
    ann.page.wait_for_timeout(3500)
    ann.page.close()
    ann.page = ann.context.new_page()
    ann.page.set_default_timeout(20_000)
    ann.enter()
    expect(ann.page.locator(".note", has_text="A recording from before is still here")).to_be_visible()
    check_playable(save(ann, tmp_path / "call.webm"), 1.5)
    row_of(ann).get_by_role("button", name="Dismiss").click()
    expect(row_of(ann)).to_have_count(0)
    ann.wait_for(f"({SHELF})().then((names) => names.length === 0)")


def test_it_goes_on_without_the_server_and_does_not_begin(start_linkup, visit_at, tmp_path):
    server = start_linkup()
    ann = visit_at(server, "Ann", 600)
    ann.expect_complaints("WebSocket", "net::ERR_", "Failed to load")
    began = record(ann)
    server.kill()
    expect(ann.page.locator("#banner")).to_be_visible()
    ann.page.wait_for_timeout(1000)
    server = start_linkup(port=server.port)
    expect(ann.page.locator("#banner")).to_be_hidden(timeout=30_000)
    with Member(server.url) as bea:
        joined = bea.join("room", "Bea", call=call())
        assert [member["name"] for member in joined["members"] if member.get("call", {}).get("recording")] == ["Ann"]
    lasted = time.monotonic() - began
    stop(ann)
    check_playable(save(ann, tmp_path / "call.webm"), lasted - 1)
    server.kill()
    expect(ann.page.locator("#banner")).to_be_visible()
    ann.page.keyboard.press("Shift+R")
    expect(ann.page.locator(".note", has_text="The others cannot be told")).to_be_visible()
    expect(ann.page.locator(".recording button")).to_be_hidden()


def test_what_browsers_lack(visit, tmp_path):
    ann = visit("Ann", 600, script="StorageManager.prototype.getDirectory = undefined;")
    record(ann)
    ann.page.wait_for_timeout(1500)
    stop(ann)
    check_playable(save(ann, tmp_path / "call.webm"), 1)
    ann.page.locator("#more").click()
    expect(ann.page.locator("#menu [data-command=record]")).to_be_visible()
    bea = visit("Bea", 600, script="delete window.MediaRecorder;")
    bea.page.locator("#more").click()
    expect(bea.page.locator("#menu [data-command=layout]")).to_be_visible()
    expect(bea.page.locator("#menu [data-command=record]")).to_be_hidden()
    bea.page.keyboard.press("Escape")
    bea.page.keyboard.press("Shift+R")
    expect(bea.page.locator(".recording button")).to_be_hidden()


def test_firefox_records_too(tmp_path, linkup, visit, monkeypatch):
    bea = visit("Bea", 1500)
    with SoundServer(tmp_path / "sound") as sound:
        # Without a speaker it mixes nothing.
        sound.plug_speaker("speaker")
        monkeypatch.setenv("PULSE_SERVER", sound.environment["PULSE_SERVER"])
        with Firefox(tmp_path) as firefox:
            path = record_in(firefox, linkup, bea, tmp_path)
    check_playable(path, 2)
    assert loudness(path, 1500) > -50
    for middle in (320, 960):
        assert brightness(path, 1.5, middle - 100, 300, 200, 200) > 40


def record_in(firefox, linkup, bea, folder):
    ann = FirefoxMember(firefox, linkup.url, name="Ann").enter()
    ann.wait_for_peer()
    (ann_id,) = bea.wait_for_peers(1)
    ann.wait_to_receive()
    ann.evaluate("() => document.querySelector('#menu [data-command=record]').click()")
    ann.wait_for("document.querySelector('.recording button') !== null")
    expect(bea.tile(ann_id).locator(".record-mark")).to_be_visible()
    bea.page.wait_for_timeout(3000)
    ann.evaluate("() => document.querySelector('.recording button').click()")
    ann.wait_for("document.querySelector('a.save') !== null")
    path = folder / "call.webm"
    path.write_bytes(base64.b64decode(ann.evaluate(CONTENT)))
    ann.close()
    return path
