"""How people make themselves noticed in the page: raised hands, a voice that nobody hears, and news."""

import pytest
from playwright.sync_api import expect

from harness.browser import Participant
from harness.member import SILENT, Member, call, error_code

pytestmark = pytest.mark.timeout(240)

# Two cores run several browsers and their video.
expect.set_options(timeout=20_000)

# A microphone that hears a voice all the time, and every copy of its track.
VOICE = """
const { getUserMedia } = MediaDevices.prototype;
MediaDevices.prototype.getUserMedia = async function (constraints) {
    const stream = await getUserMedia.call(this, constraints);
    const context = new AudioContext();
    const voice = context.createOscillator();
    const place = context.createMediaStreamDestination();
    voice.connect(place);
    voice.start();
    for (const track of stream.getAudioTracks()) {
        track.stop();
        stream.removeTrack(track);
        stream.addTrack(place.stream.getAudioTracks()[0]);
    }
    return stream;
};
window.copies = [];
const { clone } = MediaStreamTrack.prototype;
MediaStreamTrack.prototype.clone = function () {
    const copy = clone.call(this);
    window.copies.push(copy);
    return copy;
};
"""
# Every note that there is from now on: they pass.
NOTES = """() => {
    window.told = [];
    const keep = () => window.told.push(...[...document.querySelectorAll('.note')].map((note) => note.textContent));
    new MutationObserver(keep).observe(document.querySelector('.notes'), { childList: true });
}"""
# Whether a copy is among what a peer is sent, for each peer.
SENT = """[...window.debug.peers.values()].map(({ pc }) => {
    return pc.getSenders().some(({ track }) => window.copies.includes(track));
})"""
LISTENS = "window.copies.filter(({ readyState }) => readyState === 'live').length"

# A page that can be hidden, and what it shows and plays meanwhile.
SYSTEM = """
window.isHidden = false;
Object.defineProperty(document, 'visibilityState', { get: () => (window.isHidden ? 'hidden' : 'visible') });
window.hide = (isHidden) => {
    window.isHidden = isHidden;
    document.dispatchEvent(new Event('visibilitychange'));
};
window.shown = [];
window.Notification = class {
    static permission = 'default';
    static asked = 0;
    static async requestPermission() {
        this.asked += 1;
        return (this.permission = 'granted');
    }
    constructor(title, { body }) {
        window.shown.push(`${title}: ${body}`);
    }
    close() {}
};
window.notes = 0;
const { createOscillator } = AudioContext.prototype;
AudioContext.prototype.createOscillator = function () {
    window.notes += 1;
    return createOscillator.call(this);
};
"""


def test_hands_are_raised_in_an_order(linkup, people):
    with Member(linkup.url) as bea:
        bea.join("room", "Bea", call=call(audio=True))
        assert bea.request("hand", raised=True) == {}
        (ann,) = people(linkup, "Ann")
        page = ann.page
        page.evaluate(NOTES)
        hand, mark = page.locator("#hand"), ann.tile(bea.id).locator(".hand-mark")
        # Who comes finds it as the server says, and is told nothing.
        expect(mark).to_have_attribute("aria-label", "Hand raised, number 1")
        hand.click()
        expect(hand).to_have_attribute("aria-pressed", "true")
        expect(ann.tile().locator(".hand-mark")).to_have_text("2")
        bea.wait_for("member", where=lambda member: member["name"] == "Ann" and member["hand"] > 0)
        assert bea.request("hand", raised=False) == {}
        expect(mark).to_be_hidden()
        assert page.evaluate("window.told.filter((note) => note.includes('raises a hand'))") == []
        assert bea.request("hand", raised=True) == {}
        ann.wait_for("window.told.includes('\u2068Bea\u2069 raises a hand')")
        page.locator("#tab-people").click()
        expect(page.locator("#people .hand-mark:visible")).to_have_text(["2", "1"])
        page.locator("#call h1").click()
        page.keyboard.press("h")
        expect(hand).to_have_attribute("aria-pressed", "false")
        bea.wait_for("member", where=lambda member: member["name"] == "Ann" and member["hand"] == 0)


def test_reactions_are_chosen_shown_and_over(linkup, people):
    with Member(linkup.url) as bea, Member(linkup.url) as cid:
        bea.join("room", "Bea", call=call())
        cid.join("room", "Cid")
        (ann,) = people(linkup, "Ann")
        page = ann.page
        menu = page.locator("dialog#reactions")
        mark, own = (ann.tile(id).locator(".reaction-mark") for id in (bea.id, "self"))
        expect(ann.tile(bea.id)).to_be_visible()
        assert bea.request("react", reaction="applause") == {}
        assert bea.request("react", reaction="applause") == {}
        expect(mark).to_have_text("👏×2")
        expect(page.locator("[role=status]", has_text="Bea\u2069: Applause")).to_have_count(1)
        expect(mark).to_be_hidden()
        # Whoever is not in the call has no tile.
        assert cid.request("react", reaction="heart") == {}
        expect(page.locator(".reaction-strip li")).to_have_text("❤️Cid")
        page.locator("#call h1").click()
        page.keyboard.press("e")
        expect(menu.locator("button")).to_have_count(8)
        expect(menu.locator("button").first).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert bea.wait_for("reaction")["reaction"] == "heart", "of Cid"
        assert bea.wait_for("reaction")["reaction"] == "applause"
        expect(own).to_have_text("👏")
        # One may want another: the choice stays until it is closed.
        menu.get_by_role("button", name="Party").click()
        assert bea.wait_for("reaction")["reaction"] == "party"
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        # What no server sends shows nothing.
        expect(own).to_be_hidden()
        expect(page.locator(".reaction-strip li")).to_have_count(0)


def test_a_host_lowers_hands(linkup, people):
    (ann,) = people(linkup, "Ann")
    page = ann.page
    page.locator("#tab-people").click()
    with Member(linkup.url) as bea, Member(linkup.url) as cid:
        for member, name in ((bea, "Bea"), (cid, "Cid")):
            member.join("room", name, call=call())
            assert member.request("hand", raised=True) == {}
        every = page.locator(".lower-all")
        expect(page.locator("#people .lower:visible")).to_have_count(2)
        expect(every).to_be_visible()
        page.get_by_role("button", name="Lower the hand of \u2068Bea\u2069").click()
        assert bea.wait_for_member(bea.id, lambda member: not member["hand"])
        expect(page.locator("#people .lower:visible")).to_have_count(1)
        expect(every).to_be_hidden()
        assert bea.request("hand", raised=True) == {}
        every.click()
        for member in (bea, cid):
            assert member.wait_for_member(cid.id, lambda member: not member["hand"])
        expect(page.locator("#people .hand-mark:visible")).to_have_count(0)


def test_whose_hand_was_lowered_is_told(linkup, people):
    with Member(linkup.url) as bea:
        bea.join("room", "Bea", call=call())
        assert bea.request("hand", raised=True) == {}
        (ann,) = people(linkup, "Ann")
        page = ann.page
        hand, note = page.locator("#hand"), page.locator(".note", has_text="Your hand was lowered")
        hand.click()
        id = bea.wait_for("member", where=lambda member: member["name"] == "Ann" and member["hand"])["id"]
        assert bea.request("lower", id=id) == {}
        expect(note).to_be_visible()
        expect(hand).to_have_attribute("aria-pressed", "false")
        expect(note).to_be_hidden()
        # One's own doing is no news, and who is no host lowers nobody's.
        for state in ("true", "false"):
            hand.click()
            expect(hand).to_have_attribute("aria-pressed", state)
        expect(note).to_be_hidden()
        page.locator("#tab-people").click()
        expect(page.locator("#people .hand-mark:visible")).to_have_count(1)
        expect(page.locator("#people .lower:visible, .lower-all:visible")).to_have_count(0)


def test_who_records_is_shown(linkup, people):
    with Member(linkup.url) as bea, Member(linkup.url) as cid:
        bea.join("room", "Bea", call=call(recording=True))
        cid.join("room", "Cid", call=call())
        (ann,) = people(linkup, "Ann")
        page = ann.page
        top, mark = page.locator(".recorders"), ann.tile(bea.id).locator(".record-mark")
        # Who comes is told of who does already.
        expect(page.locator(".note", has_text="Bea\u2069 records the call")).to_be_visible()
        expect(mark).to_be_visible()
        expect(top).to_have_attribute("aria-label", "\u2068Bea\u2069 records the call")
        expect(ann.tile(cid.id).locator(".record-mark")).to_be_hidden()
        assert cid.request("status", {**SILENT, "recording": True}) == {}
        expect(top).to_have_attribute("aria-label", "\u2068Bea\u2069 and \u2068Cid\u2069 record the call")
        page.locator("#tab-people").click()
        expect(page.locator("#people .record-mark:visible")).to_have_count(2)
        assert bea.request("status", SILENT) == {}
        expect(page.locator(".note", has_text="Bea\u2069 no longer records the call")).to_be_visible()
        expect(mark).to_be_hidden()
        assert cid.request("leave") == {}
        expect(top).to_be_hidden()


def test_who_talks_while_muted_is_told_and_heard_while_space_is_held(linkup, chromium, people):
    ann = Participant(chromium, f"http://localhost:{linkup.port}", name="Ann", debug=True)
    people.all.append(ann)
    ann.page.add_init_script(VOICE)
    page = ann.enter().page
    with Member(linkup.url) as bea:
        bea.join("room", "Bea", call=call())
        expect(ann.tile(bea.id)).to_be_visible()
        page.evaluate(NOTES)
        page.keyboard.press("m")
        ann.expect_tile("self", audio="off")
        ann.wait_for(f"{LISTENS} === 1")
        ann.wait_for("window.told.includes('You are muted. Press M to unmute, or hold Space to talk.')")
        assert page.evaluate(SENT) == [False]
        page.keyboard.down("Space")
        ann.expect_tile("self", audio="on")
        ann.wait_for(f"{LISTENS} === 0")
        page.keyboard.up("Space")
        ann.expect_tile("self", audio="off")
        page.keyboard.down("Space")
        ann.expect_tile("self", audio="on")
        page.evaluate("window.dispatchEvent(new Event('blur'))")
        ann.expect_tile("self", audio="off")
        page.keyboard.up("Space")
        # Space presses a button that has the focus.
        page.locator("#hand").focus()
        page.keyboard.press("Space")
        expect(page.locator("#hand")).to_have_attribute("aria-pressed", "true")
        ann.expect_tile("self", audio="off")
        ann.wait_for(f"{LISTENS} === 1")
        page.locator("#leave").click()
        expect(page.locator("#left")).to_be_visible()
        ann.wait_for(f"{LISTENS} === 0")


def test_news_while_the_page_is_hidden(linkup, chromium, people):
    ann = Participant(chromium, f"http://localhost:{linkup.port}", name="Ann")
    people.all.append(ann)
    ann.page.add_init_script(SYSTEM)
    page = ann.enter().page
    page.locator("#tab-people").click()
    notify = page.locator("#notify")
    expect(notify).not_to_be_checked()
    assert page.evaluate("Notification.asked") == 0
    notify.click()
    expect(page.locator("#notify-whole")).to_be_visible()
    expect(notify).to_be_checked()
    with Member(linkup.url) as bea:
        page.evaluate("window.hide(true)")
        bea.join("room", "Bea", call=call())
        expect(page).to_have_title("(1) room · LinkUp")
        bea.say("a secret")
        expect(page).to_have_title("(2) room · LinkUp")
        assert bea.request("hand", raised=True) == {}
        expect(page).to_have_title("(3) room · LinkUp")
        assert page.evaluate("window.shown") == ["LinkUp: Bea"] * 3
        assert page.evaluate("window.notes") > 0
        page.evaluate("window.hide(false)")
        expect(page).to_have_title("room · LinkUp")
        bea.say("in sight")
        expect(page.locator("#messages .text")).to_have_text(["a secret", "in sight"])
        assert len(page.evaluate("window.shown")) == 3
        expect(page).to_have_title("room · LinkUp")
