"""Files between real browsers: many, to everyone, out of folders, and on pages without HTTPS."""

import hashlib
import os
import random

import pytest
from playwright.sync_api import expect

from harness.browser import ARGUMENTS, Participant

pytestmark = pytest.mark.timeout(180)

# Two cores run three browsers and their video.
expect.set_options(timeout=20_000)

# Hashes what a file of 48 MiB has, and says how fast, and for how long nothing else could run.
HASH = """async () => {
    const { hash, pieceSize } = await import(new URL('files/digest.js', document.querySelector('script[src$="main.js"]').src));
    const piece = new Uint8Array(pieceSize).map((_, index) => index);
    const digest = await hash(piece);
    let last = performance.now(), longest = 0;
    const timer = setInterval(() => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
    }, 1);
    const start = performance.now();
    const pieces = 48;
    await Promise.all(Array.from({ length: pieces }, () => hash(piece)));
    const time = performance.now() - start;
    clearInterval(timer);
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { rate: (pieces * pieceSize) / 1000 / time, time, longest, hex, native: crypto.subtle !== undefined };
}"""
# The SHA-256 of the bytes 0 to 255, 4096 times.
DIGEST = "fbbab289f7f94b25736c58be46a994c441fd02552cc6022352e3d86d2fab7c83"


@pytest.fixture
def plain_chromium(playwright):
    """A Chromium that finds the server under a name that is not this machine's, which makes plain HTTP insecure."""
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        args=[*ARGUMENTS, "--host-resolver-rules=MAP plain.test 127.0.0.1"],
    )
    yield browser
    browser.close()


def digest_of(data):
    """The digest of a file, as docs/file-transfer.md has it."""
    pieces = [data[start : start + 2**20] for start in range(0, len(data), 2**20)]
    return hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces)).hexdigest()


def receive(person, name="Receive"):
    person.page.locator("#transfers").get_by_role("button", name=name, exact=name == "Receive").click()


def test_forty_five_files_at_once(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea")
    ann.wait_for_peers(1)
    bea.wait_for_peers(1)
    files = [
        {"name": f"photo {number}.jpg", "mimeType": "image/jpeg", "buffer": bytes([number]) * (1000 * number)}
        for number in range(45)
    ]
    ann.page.locator("#file").set_input_files(files)
    # One question for all of them.
    expect(bea.page.locator("#transfers")).to_contain_text("wants to send you 45 files")
    receive(bea)
    for person in (ann, bea):
        rows = person.page.locator("#transfers .transfer")
        expect(rows).to_have_count(45, timeout=60_000)
        expect(person.page.locator('#transfers .transfer[data-state="done"]')).to_have_count(45, timeout=60_000)
    names = bea.page.locator("#transfers .file-name").all_inner_texts()
    assert sorted(names) == sorted(file["name"] for file in files)


def test_everyone_gets_it_and_it_is_said_who_has_not(linkup, chromium, people):
    """A file that is sent while one of two has no connection yet waits for that one."""
    ann, bea = people(linkup, "Ann", "Bea")
    ann.wait_for_peers(1)
    cid = Participant(chromium, f"http://localhost:{linkup.port}", name="Cid")
    people.all.append(cid)
    cid.page.add_init_script(
        """const released = new Promise((resolve) => { window.release = resolve; });
        const { setRemoteDescription } = RTCPeerConnection.prototype;
        RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
            await released;
            return setRemoteDescription.call(this, description);
        };"""
    )
    cid.enter()
    expect(ann.page.locator(".tile")).to_have_count(3)
    ann.send_file("for-all.bin", bytes(2_500_000))
    receive(bea)
    row = ann.transfer("for-all.bin")
    expect(row).to_contain_text("1 of 2, not yet: \u2068Cid\u2069")
    expect(row).to_have_attribute("data-state", "waiting")
    expect(cid.page.locator("#transfers .transfer")).to_have_count(0)

    cid.page.evaluate("window.release()")
    receive(cid)
    expect(cid.transfer("for-all.bin")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(row).to_have_attribute("data-state", "done")
    expect(row).to_contain_text("Sent")


def test_who_ended_it_and_why(linkup, people):
    ann, bea, cid = people(linkup, "Ann", "Bea", "Cid")
    ann.wait_for_peers(2)
    ann.send_file("plan.txt", b"first")
    receive(bea, name="No, receive nothing")
    receive(cid, name="Always receive files")
    expect(ann.transfer("plan.txt")).to_have_attribute("data-state", "partly")
    expect(ann.transfer("plan.txt")).to_contain_text("Sent to 1 of 2 · not wanted by \u2068Bea\u2069")
    expect(bea.transfer("plan.txt")).to_contain_text("by you")
    # Who said always is not asked again; who said no is, about something else.
    ann.send_file("other.txt", b"second")
    expect(cid.transfer("other.txt")).to_have_attribute("data-state", "done")
    expect(bea.transfer("other.txt")).to_contain_text("wants to send you 1 file")
    ann.page.locator("#leave").click()
    expect(bea.transfer("other.txt")).to_contain_text("\u2068Ann\u2069 left the call")


def test_a_folder_that_is_dropped(linkup, people, tmp_path):
    ann, bea = people(linkup, "Ann", "Bea")
    ann.wait_for_peers(1)
    bea.wait_for_peers(1)
    folder = tmp_path / "holiday"
    (folder / "day 1").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "list.txt").write_text("towels")
    (folder / "day 1" / "beach.jpg").write_bytes(b"sand")
    session = ann.context.new_cdp_session(ann.page)
    drag = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": drag})
    expect(bea.page.locator("#transfers")).to_contain_text("wants to send you 2 files")
    receive(bea)
    expect(bea.page.locator('#transfers .transfer[data-state="done"]')).to_have_count(2)
    assert sorted(bea.page.locator("#transfers .file-name").all_inner_texts()) == [
        "holiday - day 1 - beach.jpg",
        "holiday - list.txt",
    ]


def test_digests_are_made_beside_the_page(linkup, people):
    (ann,) = people(linkup, "Ann")
    measured = ann.page.evaluate(HASH)
    print(f"crypto.subtle: {measured['rate']:.0f} MB/s, longest stop {measured['longest']:.0f} ms")
    assert measured["native"] and measured["hex"] == DIGEST
    assert measured["longest"] < max(200, measured["time"] / 2)


def test_a_page_without_https(start_linkup, plain_chromium):
    """There is no `crypto.subtle`: files arrive all the same, and the page does not stop for their digests."""
    linkup = start_linkup("--public-host", "plain.test")
    people = [
        Participant(plain_chromium, f"http://plain.test:{linkup.port}", name=name, permissions=False)
        for name in ("Ann", "Bea")
    ]
    ann, bea = people
    for person in people:
        person.expect_complaints("Cross-Origin-Opener-Policy header has been ignored")
        person.page.goto(f"{person.url}/r/room?name={person.name}")
        person.page.locator("#join").click()
        expect(person.page.locator("#call")).to_be_visible()
    ann.wait_for_peers(1)
    assert not ann.page.evaluate("isSecureContext || crypto.subtle !== undefined")
    measured = ann.page.evaluate(HASH)
    print(f"in a Worker: {measured['rate']:.0f} MB/s, longest stop {measured['longest']:.0f} ms")
    assert not measured["native"] and measured["hex"] == DIGEST
    assert measured["longest"] < max(200, measured["time"] / 2)
    data = random.Random(5).randbytes(3_000_000)
    ann.send_file("plain.bin", data)
    receive(bea)
    expect(bea.transfer("plain.bin")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(bea.transfer("plain.bin")).to_have_attribute("data-digest", digest_of(data))
    for person in people:
        assert not person.unexpected_complaints
        person.close()
