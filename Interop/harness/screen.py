"""A screen that a test draws, in the place of what a person would choose."""

from playwright.sync_api import expect

from .browser import Participant
from .waiting import wait_until

# Of another shape than the fake camera, with a tone. The tracks are kept, so that the test can end them as the browser's
# own bar does.
SCREEN = """
window.screens = [];
window.wishes = [];
MediaDevices.prototype.getDisplayMedia = async function (wishes) {
    window.wishes.push(wishes);
    if (window.refusal) throw window.refusal;
    const canvas = Object.assign(document.createElement('canvas'), { width: 1000, height: 800 });
    const context = canvas.getContext('2d');
    let count = 0;
    const draw = () => {
        context.fillStyle = '#eee';
        context.fillRect(0, 0, 1000, 800);
        context.fillStyle = '#123';
        context.font = '60px sans-serif';
        context.fillText(`Screen ${count += 1}`, 60, 120);
    };
    draw();
    setInterval(draw, 100);
    const stream = canvas.captureStream(10);
    if (wishes.audio && !window.isSilent) {
        const audio = new AudioContext();
        const tone = audio.createOscillator();
        const end = audio.createMediaStreamDestination();
        tone.connect(end);
        tone.start();
        stream.addTrack(end.stream.getAudioTracks()[0]);
    }
    window.screens.push(stream);
    return stream;
};
"""


def enter(chromium, people, server, name, **options):
    """A participant whose screen is that one, in the call of a room."""
    # With room for the screen beside all else: one that is shown in less than half its size is sent smaller.
    options = {"viewport": {"width": 1280, "height": 1000}, **options}
    person = Participant(chromium, f"http://localhost:{server.port}", name=name, debug=True, **options)
    people.all.append(person)
    person.page.add_init_script(SCREEN)
    return person.enter()


def share(person):
    person.page.locator("#screen").click()
    expect(person.page.locator("#screen")).to_have_attribute("aria-pressed", "true")


def screen_of(person, peer):
    return person.tile(f"{peer}/screen")


def width_of(person, tile):
    return person.page.evaluate("id => document.querySelector(`.tile[data-peer=\"${id}\"] video`)?.videoWidth ?? 0", tile)


def wait_for_width(person, tile, width):
    wait_until(lambda: width_of(person, tile) == width, timeout=60, interval=0.1, what=f"{tile} to be {width} wide at {person.name}")
