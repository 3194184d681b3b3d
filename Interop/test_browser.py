"""The application in real browsers, end to end."""

import contextlib
import hashlib
import random
import re
import time

import pytest
from playwright.sync_api import Error, expect

from harness.browser import Participant
from harness.member import Member, call
from harness.rtcpeer import RTCPeer
from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(180)

# Two cores run three browsers and their video: what takes milliseconds alone may take seconds.
expect.set_options(timeout=20_000)

# What a browser prints when the server that it talks to is not there.
SERVER_IS_GONE = [r"WebSocket connection to .* failed", r"net::ERR_", r"Failed to load resource"]


def random_file(size, seed):
    return random.Random(seed).randbytes(size)


def test_from_the_first_page_to_the_call_and_out(linkup, chromium, people):
    ann = Participant(chromium, f"http://localhost:{linkup.port}", name="Ann")
    people.all.append(ann)
    page = ann.page
    page.goto(ann.url)
    expect(page.locator("#room")).not_to_have_value("")
    page.locator("#name").fill("Ann")
    page.locator("#room").fill("bad room/name")
    page.locator("#room").fill("daily")
    page.locator("#enter").click()
    page.wait_for_url("**/r/daily")
    expect(page.locator("#lobby")).to_be_visible()
    ann.wait_for("document.querySelector('#preview').videoWidth > 0")
    page.locator("#join").click()
    expect(ann.tile().locator(".name")).to_contain_text("Ann")
    expect(page.locator("#people li")).to_have_count(1)
    page.locator("#leave").click()
    expect(page.locator("#call")).to_have_count(0)


def test_see_hear_mute_and_share(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    (bea_id,), (ann_id,) = ann.wait_for_peers(1), bea.wait_for_peers(1)
    expect(ann.tile(bea_id).locator(".name")).to_contain_text("Bea")
    ann.wait_for_frames()
    bea.wait_for_frames()
    bea.expect_tile(ann_id, audio="on", video="on", screen="off")
    assert hears(bea)
    # Nothing is between the two.
    ann.expect_tile(bea_id, route="direct")
    bea.expect_tile(ann_id, route="direct")
    expect(ann.tile(bea_id).get_by_role("img", name="Direct connection")).to_have_text("direct")

    ann.page.locator("#mute").click()
    bea.expect_tile(ann_id, audio="off")
    ann.page.keyboard.press("m")
    bea.expect_tile(ann_id, audio="on")

    ann.page.locator("#camera").click()
    bea.expect_tile(ann_id, video="off")
    ann.page.locator("#camera").click()
    bea.expect_tile(ann_id, video="on")
    bea.wait_for_frames()

    size = bea.page.evaluate(WIDTH, ann_id)
    screen = f"{ann_id}/screen"
    ann.page.locator("#screen").click()
    bea.expect_tile(screen, screen="on")
    # The screen has another shape than the fake camera, which goes on.
    wait_until(lambda: bea.page.evaluate(WIDTH, screen) not in (None, size), timeout=20, interval=0.2, what="the screen's picture")
    assert bea.page.evaluate(WIDTH, ann_id) == size
    bea.wait_for_frames()
    ann.page.locator("#screen").click()
    expect(bea.tile(screen)).to_have_count(0)
    bea.wait_for_frames()

    ann.page.locator("#leave").click()
    expect(bea.tile(ann_id)).to_have_count(0)


WIDTH = """id => {
    const video = document.querySelector(`.tile[data-peer="${id}"] video`);
    return video.videoWidth / video.videoHeight;
}"""


def hears(participant):
    """Whether sound of a peer arrives; the fake microphone beeps."""
    return wait_until(
        lambda: participant.page.evaluate(
            """async () => {
                for (const peer of window.debug.peers.values()) {
                    for (const report of (await peer.pc.getStats()).values()) {
                        if (report.type === 'inbound-rtp' && report.kind === 'audio') return report.totalAudioEnergy > 0;
                    }
                }
                return false;
            }"""
        ),
        interval=0.2,
        what="sound",
    )


def test_chat_and_a_late_joiner(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea")
    ann.say("Hello, Bea!")
    bea.expect_texts("Hello, Bea!")
    bea.say("<b>Hi</b> & welcome 😀")
    ann.expect_texts("Hello, Bea!", "<b>Hi</b> & welcome 😀")
    expect(bea.page.locator("#messages .message .author").first).to_contain_text("Ann")

    ann.page.locator("#message").press_sequentially("Let me think")
    expect(bea.page.locator("#typing")).to_contain_text("Ann")
    ann.page.locator("#message").fill("")
    expect(bea.page.locator("#typing")).not_to_contain_text("Ann")

    for person in (ann, bea):
        expect(person.page.locator("#people li")).to_have_count(2)
    (cid,) = people(linkup, "Cid")
    cid.expect_texts("Hello, Bea!", "<b>Hi</b> & welcome 😀")
    expect(ann.page.locator("#people li")).to_have_count(3)
    cid.say("Late as ever")
    ann.expect_texts("Hello, Bea!", "<b>Hi</b> & welcome 😀", "Late as ever")


def test_a_full_call_leaves_the_chat(linkup, people):
    """Whoever finds no place in the call takes part in the chat, and is in the call when somebody leaves it."""
    with contextlib.ExitStack() as stack:
        members = [stack.enter_context(Member(linkup.url)) for _ in range(16)]
        for number, member in enumerate(members):
            member.join("room", f"Member {number}", call=call())
        (late,) = people(linkup, "Late")
        expect(late.page.get_by_text("The chat works without the call")).to_have_count(1)
        late.say("No place for me?")
        assert members[0].wait_for("message")["text"] == "No place for me?"
        late.expect_texts("No place for me?")
        assert members[1].request("exit", {}) == {}
        wait_until(lambda: len(late.peers()) == 15, timeout=30, what="the place to be taken")


@pytest.mark.parametrize("query", ["", "&transports=polling"], ids=["any transport", "polling"])
def test_three_people_with_a_file(linkup, people, tmp_path, query):
    everybody = people(linkup, "Ann", "Bea", "Cid", query=query)
    for person in everybody:
        person.wait_for_peers(2)
    if query:
        for person in everybody:
            transport = person.page.evaluate(
                "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('transport=')).map("
                "(entry) => new URL(entry.name).searchParams.get('transport'))"
            )
            assert set(transport) == {"polling"}
    for person in everybody:
        person.wait_for_frames(more=5)
    ann, bea, cid = everybody
    ann.say("one")
    bea.expect_texts("one")
    cid.say("two")
    for person in everybody:
        person.expect_texts("one", "two")

    data = random_file(2_500_000, seed=len(query))
    ann.send_file("holiday.bin", data)
    for person in (bea, cid):
        received = person.receive_file("holiday.bin", tmp_path / person.name)
        assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest()
        expect(person.transfer("holiday.bin")).to_have_attribute("data-digest", digest_of(data))
    expect(ann.transfer("holiday.bin").first).to_have_attribute("data-state", "done")
    for person in everybody:
        person.wait_for_frames(more=5)


def digest_of(data):
    """The digest of a file, as docs/file-transfer.md has it."""
    pieces = [data[start : start + 2**20] for start in range(0, len(data), 2**20)]
    return hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces)).hexdigest()


def test_file_of_no_bytes_and_a_strange_name(linkup, people, tmp_path):
    ann, bea = people(linkup, "Ann", "Bea")
    ann.wait_for_peers(1)
    bea.wait_for_peers(1)
    ann.send_file("empty.txt", b"")
    assert bea.receive_file("empty.txt", tmp_path / "empty") == b""
    # What file systems can't take is replaced.
    bea.send_file('Grüße & "mehr".txt', b"x")
    assert ann.receive_file("Grüße & _mehr_.txt", tmp_path / "named") == b"x"


def test_a_file_is_never_a_document(linkup, people):
    """What a peer sends runs nothing, not even opened by the address that it has here."""
    ann, bea = people(linkup, "Ann", "Bea")
    ann.wait_for_peers(1)
    bea.wait_for_peers(1)
    page = b"<script>document.title = `it runs in ${origin}`</script>"
    ann.page.locator("#file").set_input_files({"name": "page.html", "mimeType": "text/html", "buffer": page})
    row = bea.transfer("page.html")
    expect(row).to_have_attribute("data-state", "waiting")
    expect(ann.transfer("page.html")).to_contain_text("waiting to be accepted")
    row.get_by_role("button", name="Always receive files").click()
    expect(row).to_have_attribute("data-state", "done")
    with bea.context.new_page() as other:
        with other.expect_download():
            with pytest.raises(Error, match="Download is starting"):
                other.goto(row.locator("a.save").get_attribute("href"))
        assert "it runs" not in other.title()
    # Nobody is asked twice about one sender; what is refused is told to be.
    ann.send_file("second.bin", b"x")
    expect(bea.transfer("second.bin")).to_have_attribute("data-state", "done")
    bea.send_file("third.bin", b"x")
    ann.transfer("third.bin").get_by_role("button", name="Cancel").click()
    expect(bea.transfer("third.bin")).to_contain_text("not wanted by \u2068Ann\u2069")


def test_signals_make_one_connection_a_second(linkup, chromium, people):
    ann = Participant(chromium, f"http://localhost:{linkup.port}", name="Ann")
    people.all.append(ann)
    ann.page.add_init_script(
        """window.connections = 0;
        window.RTCPeerConnection = class extends RTCPeerConnection {
            constructor(...options) { super(...options); window.connections += 1; }
        };"""
    )
    ann.enter()
    with Member(linkup.url) as robot:
        joined = robot.join("room", "Robot", call=call())
        (peer,) = (member["id"] for member in joined["members"] if member["id"] != robot.id)
        start = time.monotonic()
        for epoch in range(1, 401):
            signal = {"epoch": epoch, "description": {"type": "offer", "sdp": "v=0"}}
            robot.client.emit("signal", (peer, signal), namespace="/room")
        # The answer says that all of them were passed on.
        assert robot.request("status", audio=False, video=False, screen=False) == {}
        ann.wait_for("window.connections > 2")
        made = ann.page.evaluate("window.connections")
    # The first, the second at once, and then one a second.
    assert made <= 3 + (time.monotonic() - start)


def test_a_long_chat_has_few_rows(linkup, people):
    (ann,) = people(linkup, "Ann")
    count = 0
    for _ in range(35):
        with Member(linkup.url) as other:
            other.join("room", "Bea")
            for _ in range(20):
                other.say(f"message {count}")
                count += 1
    rows = ann.page.locator("#messages .message")
    expect(rows).to_have_count(500)
    expect(rows.last).to_contain_text(f"message {count - 1}")
    expect(rows.first).to_contain_text(f"message {count - 500}")

    # Further up are the older ones, and the newest wait until they are asked for.
    for number in (100, 0):
        ann.page.evaluate("document.querySelector('#messages').scrollTop = 0")
        expect(rows.first).to_have_text(re.compile(rf"message {number}$"))
    expect(rows).to_have_count(500)
    with Member(linkup.url) as other:
        other.join("room", "Bea")
        other.say("the last one")
    ann.page.get_by_role("button", name="New messages").click()
    expect(rows.last).to_contain_text("the last one")
    expect(rows).to_have_count(500)


def test_names_are_only_names(linkup, chromium, people):
    ann = Participant(chromium, f"http://localhost:{linkup.port}", name="Ann")
    people.all.append(ann)
    ann.page.goto(f"{ann.url}/r/room")
    for name, problem in ("\u202eAnn", "direction"), ("A\u200bnn", "invisible"), ("\u0301", "can be seen"):
        ann.page.locator("#lobby-name").fill(name)
        ann.page.locator("#join").click()
        expect(ann.page.locator(".problem")).to_contain_text(problem)
    ann.page.locator("#lobby-name").fill("מיכל")
    ann.page.locator("#join").click()
    with Member(linkup.url) as other:
        other.join("room", "מיכל (you)")
        other.say("Who is who?")
        ann.say("I am")
        messages = ann.page.locator("#messages .message")
        for shown in ann.page.locator("#people li"), messages:
            expect(shown).to_have_count(2)
            expect(shown.filter(has=ann.page.locator(".you"))).to_have_count(1)
        expect(messages.last.locator(".you")).to_have_count(1)


def test_call_outlives_the_server(start_linkup, people):
    """The server is killed and started again in the middle of a call."""
    server = start_linkup()
    ann, bea = people(server, "Ann", "Bea")
    for person in (ann, bea):
        person.expect_complaints(*SERVER_IS_GONE)
        person.wait_for_peers(1)
    peers = ann.peers(), bea.peers()
    ann.say("before")
    bea.expect_texts("before")
    ann.wait_for_frames()

    server.kill()
    for person in (ann, bea):
        expect(person.page.locator("#banner")).to_be_visible()
    ann.say("said while nobody was listening")
    ann.say("and this")
    # Media does not need the server.
    ann.wait_for_frames(more=20)
    bea.wait_for_frames(more=20)

    server = start_linkup(port=server.port)
    for person in (ann, bea):
        expect(person.page.locator("#banner")).to_be_hidden(timeout=30_000)
    texts = ["before", "said while nobody was listening", "and this"]
    ann.expect_texts(*texts)
    bea.expect_texts(*texts)
    bea.say("after")
    for person in (ann, bea):
        person.expect_texts(*texts, "after")
    # Neither side has made a new connection, or lost one.
    assert (ann.peers(), bea.peers()) == peers
    ann.wait_for_frames(more=20)
    bea.wait_for_frames(more=20)
    bea.expect_tile(peers[1][0], connection="connected")
    # What a third sees is what was stored: nothing twice.
    (cid,) = people(server, "Cid")
    cid.expect_texts(*texts, "after")
    cid.wait_for_peers(2)


def test_ice_restart(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    ann.wait_for_peers(1)
    bea.wait_for_peers(1)
    ann.wait_for_frames()
    fragments = """() => [...window.debug.peers.values()].map(
        (peer) => /a=ice-ufrag:(\\S+)/.exec(peer.pc.localDescription.sdp)[1])"""
    for _ in range(3):
        before = bea.page.evaluate(fragments)
        # Both sides at once. Where an offer is taken back, no picture comes any more, though all of them are decoded.
        for person in (ann, bea):
            person.page.evaluate("for (const peer of window.debug.peers.values()) peer.pc.restartIce()")
        wait_until(lambda: bea.page.evaluate(fragments) != before, interval=0.1, what="new ICE credentials")
        ann.wait_for_peers(1)
        ann.wait_for_frames(more=10)
        bea.wait_for_frames(more=10)


def test_through_the_server_alone(linkup, people, tmp_path):
    """What `?relay=only` and "Hide my address" are for: no address of the two but the server's gets to the other."""
    ann, bea = people(linkup, "Ann", "Bea", query="&relay=only", debug=True)
    (bea_id,), (ann_id,) = ann.wait_for_peers(1), bea.wait_for_peers(1)
    for person, peer in ((ann, bea_id), (bea, ann_id)):
        person.expect_tile(peer, route="relay-udp")
        expect(person.tile(peer).get_by_role("img", name="Connected through the server over UDP")).to_be_visible()
        kinds = person.page.evaluate(REMOTE_CANDIDATES)
        assert kinds and set(kinds) <= {"relay"}, kinds
    ann.wait_for_frames()
    bea.wait_for_frames()
    data = random_file(300_000, seed=3)
    ann.send_file("relayed.bin", data)
    assert bea.receive_file("relayed.bin", tmp_path / "relayed") == data


def test_relayed_call_moves_to_new_credentials(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", query="&relay=only", debug=True)
    (bea_id,) = ann.wait_for_peers(1)
    ann.expect_tile(bea_id, route="relay-udp")
    ann.wait_for_frames()
    relayed = ann.page.evaluate(RELAYED_ADDRESS)
    names = ann.page.evaluate(NAMES)
    # Whoever joins again gets credentials anew, as somebody does who has been in the call for hours. They differ by
    # the second in which they end.
    ann.wait_for(f"Date.now() > {ann.page.evaluate('Date.now()') + 1000}")
    ann.page.evaluate("window.debug.dropSignalling()")
    wait_until(lambda: ann.page.evaluate(NAMES) != names, interval=0.1, what="other credentials")
    wait_until(lambda: ann.page.evaluate(RELAYED_ADDRESS) not in (relayed, None), interval=0.2, what="another relay")
    assert ann.wait_for_peers(1) == [bea_id]
    ann.expect_tile(bea_id, route="relay-udp")
    ann.wait_for_frames(more=20)
    bea.wait_for_frames(more=20)


NAMES = """() => [...window.debug.peers.values()].flatMap(
    (peer) => peer.pc.getConfiguration().iceServers.map(({ username }) => username))"""

RELAYED_ADDRESS = """async () => {
    for (const peer of window.debug.peers.values()) {
        const stats = await peer.pc.getStats();
        const transport = [...stats.values()].find(({ type }) => type === 'transport');
        const local = stats.get(stats.get(transport?.selectedCandidatePairId)?.localCandidateId);
        return local?.candidateType === 'relay' ? `${local.address} ${local.port}` : null;
    }
}"""

REMOTE_CANDIDATES = """async () => {
    const kinds = [];
    for (const peer of window.debug.peers.values()) {
        for (const report of (await peer.pc.getStats()).values()) {
            if (report.type === 'remote-candidate') kinds.push(report.candidateType);
        }
    }
    return kinds;
}"""


def test_without_camera_and_microphone(linkup, chromium, people):
    ann = Participant(chromium, f"http://localhost:{linkup.port}", name="Ann")
    people.all.append(ann)
    ann.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('none', 'NotFoundError'); };"
    )
    ann.page.goto(f"{ann.url}/r/room?name=Ann")
    ann.page.locator("#join").click()
    expect(ann.page.locator("#call")).to_be_visible()
    (bea,) = people(linkup, "Bea")
    (bea_id,) = ann.wait_for_peers(1)
    ann.wait_for_frames()
    bea.expect_tile(bea.peers()[0], audio="off", video="off")
    ann.say("I can only write")
    bea.expect_texts("I can only write")


def test_call_with_another_webrtc_stack(linkup, people):
    with RTCPeer(linkup.url, "room", "Robot") as robot:
        (ann,) = people(linkup, "Ann")
        assert ann.wait_for_peers(1) == [robot.id]
        expect(ann.tile(robot.id).locator(".name")).to_contain_text("Robot")
        ann.expect_tile(robot.id, audio="off", video="on")
        ann.wait_for_frames()
        wait_until(lambda: robot.frames > 20, timeout=30, interval=0.1, what="aiortc to decode frames")
        assert robot.error is None


@pytest.mark.long
def test_large_file(linkup, people, tmp_path):
    ann, bea = people(linkup, "Ann", "Bea")
    ann.wait_for_peers(1)
    bea.wait_for_peers(1)
    # What Playwright itself can hand to a page ends at 50 MB.
    data = random_file(45_000_000, seed=9)
    ann.send_file("large.bin", data)
    received = bea.receive_file("large.bin", tmp_path / "large", timeout=170)
    assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest()


# How `sessionStorage` knows a member after a reload.
SAVED_KEY = "linkup.key.room"


def test_a_reload_is_the_same_member(linkup, people):
    """In the chat and in the call: who reloads keeps id and messages, and leaves no ghost."""
    ann, bea = people(linkup, "Ann", "Bea")
    (bea_id,), (ann_id,) = ann.wait_for_peers(1), bea.wait_for_peers(1)
    ann.say("mine")
    bea.say("not mine")
    ann.expect_texts("mine", "not mine")
    ann.page.reload()
    ann.enter()
    assert ann.wait_for_peers(1) == [bea_id]
    assert bea.wait_for_peers(1) == [ann_id]
    expect(ann.page.locator("#messages .message.is-own .text")).to_have_text(["mine"])
    ann.wait_for_frames()
    bea.wait_for_frames()
    # More than the server leaves for a page to come back.
    time.sleep(3.2)
    for person in (ann, bea):
        expect(person.page.locator("#people li")).to_have_count(2)
        expect(person.page.locator("#people .is-away")).to_have_count(0)
        expect(person.page.locator(".tile")).to_have_count(2)
    bea.wait_for_frames(more=5)
    # Who closes the page is gone soon, and not only away.
    ann.page.close()
    expect(bea.page.locator("#people li")).to_have_count(1, timeout=8_000)
    expect(bea.page.locator(".tile")).to_have_count(1)


def test_two_tabs_of_a_member_are_one_person(linkup, people):
    """The call is in the tab that entered last, and the other can take it back."""
    ann, bea = people(linkup, "Ann", "Bea")
    (ann_id,) = bea.wait_for_peers(1)
    ann.wait_for_peers(1)
    # A tab that goes leaves its key to the next one; here it stays.
    ann.page.evaluate("navigator.sendBeacon = () => true; dispatchEvent(new PageTransitionEvent('pagehide'))")
    key = ann.page.evaluate(f"sessionStorage.getItem('{SAVED_KEY}')")
    second = ann.context.new_page()
    second.add_init_script(f"sessionStorage.setItem('{SAVED_KEY}', {key!r})")
    second.goto(f"{ann.url}/r/room?name=Ann")
    second.locator("#join").click()
    expect(second.locator('.tile[data-connection="connected"]:not([data-peer="self"])')).to_have_count(1)
    expect(ann.page.locator("#elsewhere")).to_be_visible()
    expect(ann.page.locator(".tile")).to_have_count(1)
    assert bea.wait_for_peers(1) == [ann_id]
    bea.wait_for_frames()
    expect(bea.page.locator("#people li")).to_have_count(2)
    bea.say("to both")
    ann.expect_texts("to both")
    expect(second.locator("#messages .text")).to_have_text(["to both"])

    ann.page.get_by_role("button", name="Take it here").click()
    expect(ann.page.locator("#elsewhere")).to_be_hidden()
    expect(second.locator("#elsewhere")).to_be_visible()
    ann.wait_for_peers(1)
    assert bea.wait_for_peers(1) == [ann_id]
    bea.wait_for_frames()


def test_a_host_lets_in_and_mutes(linkup, chromium, people):
    with Member(linkup.url) as host:
        host.join("room", "Hana")
        assert host.request("settings", waiting=True) == {}
        ann = Participant(chromium, f"http://localhost:{linkup.port}", name="Ann")
        people.all.append(ann)
        ann.page.goto(f"{ann.url}/r/room?name=Ann")
        ann.page.locator("#join").click()
        expect(ann.page.locator("#waiting")).to_be_visible()
        (waiting,) = host.wait_for("waiting", where=lambda value: value["members"])["members"]
        assert host.request("admit", id=waiting["id"]) == {}
        expect(ann.page.locator("#call")).to_be_visible()
        ann.expect_tile("self", audio="on")
        (id,) = (member["id"] for member in [host.wait_for("member", where=lambda member: member["name"] == "Ann")])
        assert host.request("mute", id=id) == {}
        ann.expect_tile("self", audio="off")
        expect(ann.page.locator(".note", has_text="Hana")).to_be_visible()
        assert host.request("remove", id=id) == {}
        expect(ann.page.locator("#left")).to_contain_text("put you out")


def test_who_opened_a_room_admits_and_locks(linkup, people):
    (ann,) = people(linkup, "Ann", debug=True)
    page = ann.page
    page.locator("#tab-people").click()
    expect(page.locator("#people .role")).to_have_text("Host")
    page.evaluate("window.debug.socket.emit('settings', { waiting: true }, () => undefined)")
    with Member(linkup.url) as guest, Member(linkup.url) as other:
        wait_until(lambda: guest.try_join("room", "Gil").get("waiting"), what="the list of who waits")
        page.get_by_role("button", name="Let \u2068Gil\u2069 in", exact=True).click()
        guest.wait_for("admitted")
        expect(page.locator("#waiting-list li")).to_have_count(0)
        page.locator("#lock").check()
        wait_until(lambda: other.try_join("room", "Late").get("error", {}).get("code") == "locked", what="the lock")
