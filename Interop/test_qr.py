"""QR codes: of the address of a room over HTTP, and of the page's in the terminal; read by zbar."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time

import pytest
from playwright.sync_api import expect

from harness import http
from harness.process import BINARIES
from harness.qr import read_picture, read_svg, read_terminal


def ask(server, room="tea", origin=None, method="GET", base=""):
    origin = server.url if origin is None else origin
    return http.request(server.address, method, f"{base}/api/qr.svg?room={room}&origin={origin}")


@pytest.mark.parametrize("room", ["tea", "a", "A.b-c_9", "x" * 64])
def test_a_reader_finds_the_address(shared_linkup, room):
    answer = ask(shared_linkup, room)
    assert answer.status == 200
    assert read_svg(answer.body.decode()) == f"{shared_linkup.url}/r/{room}"


def test_a_proxy_and_a_path(start_linkup):
    server = start_linkup("--base-path", "/talk", "--public-host", "meet.example")
    # The proxy may not say under which name and port it was asked.
    answer = ask(server, origin="https%3A%2F%2Fmeet.example%3A8443", base="/talk")
    assert read_svg(answer.body.decode()) == "https://meet.example:8443/talk/r/tea"
    answer = ask(server, origin="https://meet.example", base="/talk")
    assert read_svg(answer.body.decode()) == "https://meet.example/talk/r/tea"
    assert ask(server, origin="https://meet.example").status == 404


def test_what_browsers_are_told(shared_linkup):
    answer = ask(shared_linkup)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, max-age=86400"
    head = ask(shared_linkup, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]
    assert ask(shared_linkup, method="POST").status in (404, 405)


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "http://192.0.2.1", "javascript:alert(1)", "", "x" * 10_000, "http://localhost:1"),
        *("%00", "http%3A//127.0.0.1%0d%0aX:1"),
    ],
    ids=lambda text: text[:20],
)
def test_nothing_else_is_drawn(shared_linkup, origin):
    answer = ask(shared_linkup, origin=origin)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert b"evil" not in answer.body


@pytest.mark.parametrize(
    "query",
    [
        *("", "?", "?room=tea", "?origin=x", "?room=..%2Fx&origin=SELF", f"?room={'x' * 65}&origin=SELF"),
        "?room=%22%3E%3Cscript&origin=SELF",
    ],
)
def test_rooms_that_are_none(shared_linkup, query):
    target = "/api/qr.svg" + query.replace("SELF", shared_linkup.url)
    answer = http.request(shared_linkup.address, "GET", target)
    assert answer.status == 404 and b"<" not in answer.body


def test_many_addresses_cost_little(shared_linkup):
    before = shared_linkup.resident_bytes
    began = time.monotonic()
    for number in range(1000):
        assert ask(shared_linkup, f"room-{number}-" + "x" * 50).status == 200
    assert time.monotonic() - began < 20
    assert shared_linkup.resident_bytes - before < 20 * 1024 * 1024


def test_the_invitation_has_it(linkup, people):
    (ann,) = people(linkup, "Ann")
    page = ann.page
    address = f"{ann.url}/r/room"
    panel, code = page.locator("#invite-panel"), page.locator(".invite-code")
    page.get_by_role("button", name="QR code").click()
    expect(panel.locator(".invite-link")).to_have_text(address)
    expect(code).to_have_attribute("alt", f"QR code of {address}")
    ann.wait_for("document.querySelector('.invite-code').naturalWidth > 0")
    # What a camera sees that looks at this screen.
    assert read_picture(code.screenshot()) == address
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.locator("#call h1").click()
    page.evaluate("navigator.clipboard.writeText = async (text) => (window.copied = text)")
    page.keyboard.press("i")
    expect(panel.get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel).to_be_hidden()
    expect(page.locator(".note", has_text="The invite link is copied.")).to_be_visible()
    assert page.evaluate("window.copied") == address


def test_a_server_without_codes(linkup, people):
    (ann,) = people(linkup, "Ann")
    ann.expect_complaints("404")
    ann.page.route("**/api/qr.svg*", lambda route: route.fulfill(status=404))
    ann.page.locator("#invite").click()
    expect(ann.page.locator("#invite-panel .invite-link")).to_be_visible()
    expect(ann.page.locator(".invite-code")).to_be_hidden()


def in_terminal(tmp_path, *arguments, columns=120, variables=None):
    """What the program prints in a terminal of so many columns until all its ports are open."""
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(variables or {})}
    command = [BINARIES / "linkup", "--port", "0", "--turn-port", "0", "--data-directory", tmp_path / "data", *arguments]
    process = subprocess.Popen(command, stdout=inside, stderr=subprocess.DEVNULL, env=environment)
    os.close(inside)
    printed = b""
    try:
        while b"listens on port" not in printed:
            printed += os.read(outside, 65536)
        process.terminate()
        # A terminal hands it over in pieces; when the last program with it has ended, it fails.
        with contextlib.suppress(OSError):
            while True:
                printed += os.read(outside, 65536)
    finally:
        process.terminate()
        process.wait(10)
        os.close(outside)
    return printed.decode()


def test_the_terminal_shows_the_address_for_phones(tmp_path):
    """An address of this machine that is none of the loopback's; there is one, or else one is named."""
    printed = in_terminal(tmp_path)
    others = re.search(r"From other machines: (\S+?),?\s", printed)
    if others is None:
        assert read_terminal(printed) is None
        pytest.fail("this machine has no address that others reach")
    text, columns = read_terminal(printed)
    assert text == others[1] + "/"
    # As wide as it has to be, and no code where it does not fit.
    assert read_terminal(in_terminal(tmp_path, columns=columns))[0].startswith("http://")
    assert read_terminal(in_terminal(tmp_path, columns=columns - 1)) is None


@pytest.mark.parametrize(
    "arguments, variables",
    [
        (("--no-qr",), {}),
        ((), {"LINKUP_NO_QR": "1"}),
        (("--hostname", "127.0.0.1"), {}),
        ((), {"TERM": "dumb"}),
        ((), {"LC_ALL": "C"}),
    ],
    ids=str,
)
def test_no_code_where_it_is_of_no_use(tmp_path, arguments, variables):
    printed = in_terminal(tmp_path, *arguments, variables=variables)
    assert "LinkUp is running" in printed and "\x1b" not in printed


def test_no_code_in_a_log(start_linkup):
    assert "\x1b" not in start_linkup().log
