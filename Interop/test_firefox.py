"""Another browser: a member in Firefox reloads, leaves, and calls somebody who has Chromium."""

import hashlib
import random
import time

import pytest
from playwright.sync_api import expect

from harness.firefox import Firefox, FirefoxMember
from harness.member import Member
from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(180)

# Two cores run two browsers and their video.
expect.set_options(timeout=40_000)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    """One Firefox for all tests of this file."""
    with Firefox(tmp_path_factory.mktemp("firefox")) as firefox:
        yield firefox


@pytest.fixture
def enter(firefox, linkup):
    """Makes members of a room in tabs of Firefox."""
    members = []

    def enter(name):
        members.append(FirefoxMember(firefox, f"http://localhost:{linkup.port}", name=name))
        return members[-1].enter()

    yield enter
    for member in members:
        print(member.describe())
        member.close()


@pytest.fixture
def observer(linkup):
    """Somebody in the room who opened it, and hears of the others."""
    with Member(linkup.url) as observer:
        observer.join("room", "Olga")
        yield observer


def roster(linkup):
    """Who is in the room for somebody who comes now, and leaves again."""
    with Member(linkup.url) as stranger:
        joined = stranger.join("room", "Stranger")
        assert stranger.request("leave") == {}
        return {member["id"]: member for member in joined["members"] if member["id"] != stranger.id}


def is_settled(entered):
    """Who was in a room for three seconds keeps the place for half a minute when the connection is lost."""
    return time.monotonic() - entered > 3.5


def test_a_reload_is_the_same_member(linkup, observer, enter):
    ann = enter("Ann")
    id = observer.wait_for("member", timeout=40, where=lambda member: member["name"] == "Ann")["id"]
    entered = time.monotonic()
    ann.say("mine")
    assert observer.wait_for("message", timeout=40)["author"] == id
    observer.say("not mine")
    ann.wait_for_texts("#messages .message .text", ["mine", "not mine"])
    wait_until(lambda: is_settled(entered), what="a place that would be kept")
    for _ in range(2):
        ann.reload()
        ann.wait_for_texts("#messages .message .text", ["mine", "not mine"])
        ann.wait_for_texts("#messages .message.is-own .text", ["mine"])
        assert ann.evaluate("() => document.querySelectorAll('#people li').length") == 2
    ann.say("mine too")
    assert observer.wait_for("message", timeout=40, where=lambda said: said["text"] == "mine too")["author"] == id
    # Once in the room and in its call, and there.
    assert set(roster(linkup)) == {observer.id, id}
    assert roster(linkup)[id]["away"] is False and "call" in roster(linkup)[id]
    assert {member["id"] for _, member in observer.heard("member") if member["name"] == "Ann"} <= {id}


@pytest.mark.parametrize("can_speak", [True, False])
def test_a_closed_tab_leaves_at_once(linkup, observer, enter, can_speak):
    """Nobody waits half a minute: the page says goodbye, or else Firefox does, by how it closes the socket."""
    ann = enter("Ann")
    if not can_speak:
        ann.evaluate("() => { navigator.sendBeacon = undefined; }")
    id = observer.wait_for("member", timeout=40, where=lambda member: member["name"] == "Ann")["id"]
    entered = time.monotonic()
    wait_until(lambda: is_settled(entered), what="a place that would be kept")
    closed = time.monotonic()
    ann.close()
    assert observer.wait_for("member-left", timeout=40)["id"] == id
    assert time.monotonic() - closed < 25, "as long as for a lost connection"
    assert set(roster(linkup)) == {observer.id}


def digest_of(data):
    """The digest of a file, as docs/file-transfer.md has it."""
    pieces = [data[start : start + 2**20] for start in range(0, len(data), 2**20)]
    return hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces)).hexdigest()


def test_a_call_with_chromium(linkup, people, enter, tmp_path):
    """Both see and hear each other, write to each other, and send each other a file."""
    (bea,) = people(linkup, "Bea")
    ann = enter("Ann")
    bea_id = ann.wait_for_peer()
    (ann_id,) = bea.wait_for_peers(1)
    assert ann_id != bea_id
    ann.wait_to_receive()
    bea.wait_for_frames(timeout=60)
    ann.say("from Firefox")
    bea.expect_texts("from Firefox")
    bea.say("from Chromium")
    ann.wait_for_texts("#messages .message .text", ["from Firefox", "from Chromium"])

    noise = random.Random(3)
    there, back = noise.randbytes(1_500_000), noise.randbytes(1_400_000)
    (tmp_path / "there.bin").write_bytes(there)
    ann.send_file(tmp_path / "there.bin")
    assert bea.receive_file("there.bin", tmp_path / "received") == there
    bea.send_file("back.bin", back)
    assert ann.receive_file("back.bin") == digest_of(back)
    # The two are still in the same call.
    assert (ann.wait_for_peer(), bea.wait_for_peers(1)) == (bea_id, [ann_id])
    ann.wait_to_receive()
    bea.wait_for_frames(timeout=60)


FRAGMENT = "() => /a=ice-ufrag:(\\S+)/.exec([...window.debug.peers.values()][0].pc.localDescription.sdp)[1]"


@pytest.mark.parametrize("is_polite", [True, False], ids=["polite Firefox", "impolite Firefox"])
def test_new_credentials_with_chromium(linkup, people, enter, is_polite):
    """A network changes on either side, three times each, and both go on. Chromium can't go on with what Firefox answers to
    new credentials, so that all come from Firefox."""
    ann = enter("Ann")
    (bea,) = people(linkup, "Bea", debug=True)
    ann_id, bea_id = bea.wait_for_peers(1)[0], ann.wait_for_peer()
    while (ann_id < bea_id) != is_polite:
        # Whoever comes again has another id.
        bea.page.locator("#leave").click()
        bea.page.get_by_role("button", name="Join again").click()
        bea.page.locator("#join").click()
        bea.wait_for_peers(1)
        ann.wait_for(f"[...window.debug.peers.keys()].join() !== '{bea_id}' && window.debug.peers.size === 1")
        bea_id = ann.wait_for_peer()
    for count in range(6):
        before = [ann.evaluate(FRAGMENT), bea.page.evaluate(FRAGMENT)]
        change = (ann.evaluate, bea.page.evaluate)[count % 2]
        change("() => void window.dispatchEvent(new Event('online'))")
        began = time.monotonic()
        for evaluate, fragment in zip((ann.evaluate, bea.page.evaluate), before):
            wait_until(lambda: evaluate(FRAGMENT) != fragment, timeout=10, interval=0.1, what="new credentials")
        ann.wait_to_receive(timeout=20)
        bea.wait_for_frames(timeout=20)
        print(f"ten more pictures at both {time.monotonic() - began:.1f} s after change {count}")
