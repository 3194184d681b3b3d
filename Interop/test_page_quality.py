"""How good connections are, and whether anybody is in between: two pages that tell the same."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(180)

# Two cores run the browser and its video.
expect.set_options(timeout=40_000)

# From now on the other side's descriptions have another fingerprint, as if the connection led to somebody in between.
# Notes pass, so those that come are kept.
IN_BETWEEN = """() => {
    window.told = [];
    new MutationObserver(() => window.told.push(document.querySelector('.notes').textContent))
        .observe(document.querySelector('.notes'), { childList: true });
    const { get } = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'currentRemoteDescription');
    const other = (line, start, byte) => start + (byte === 'FF' ? '00' : 'FF');
    Object.defineProperty(RTCPeerConnection.prototype, 'currentRemoteDescription', {
        get() {
            const description = get.call(this);
            return description && { sdp: description.sdp.replace(/(a=fingerprint:sha-256 )(..)/g, other) };
        },
    });
}"""


def signs(person):
    """The code that a page shows, in words."""
    expect(person.page.locator("#verify .code li")).to_have_count(7)
    return person.page.locator("#verify .code").inner_text()


def test_two_pages_show_figures_and_the_same_code_and_tell_when_it_changes(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea")
    (bea_id,) = ann.wait_for_peers(1)
    bea.wait_for_peers(1)
    # The bars on the tile lead to the figures.
    ann.tile(bea_id).locator(".quality").click()
    figures = ann.page.locator(f'#stats .stats-peer[data-peer="{bea_id}"]')
    for label, value in {
        "Way": r"^direct$",
        "Round trip": r"^\d+\sms$",
        "Loss": r"^received \d",
        "Sound received": r"^\d+\skb/s · opus · jitter \d+\sms$",
        "Picture received": r"^[\d.]+\s[kM]b/s · \w+ · \d+×\d+ · \d+ fps",
        "Picture sent": r"^[\d.]+\s[kM]b/s · \w+ · \d+×\d+",
    }.items():
        row = figures.locator("tr").filter(has=ann.page.get_by_role("rowheader", name=label, exact=True))
        expect(row.locator("td")).to_have_text(re.compile(value))
    expect(figures.locator('[data-plot="bitrate"] .line-1')).to_have_attribute("d", re.compile("L"))
    expect(figures.locator('[data-plot="round-trip"] svg')).to_have_attribute("aria-label", re.compile(r"now \d+\sms"))

    figures.locator('[data-command="verify"]').click()
    bea.page.locator("#call h1").click()
    bea.page.keyboard.press("q")
    bea.page.locator('#stats [data-command="verify"]').click()
    assert signs(ann) == signs(bea)
    expect(ann.page.locator("#verify")).to_have_attribute("data-verdict", "open")
    ann.page.locator(".verify-same").click()
    expect(ann.page.locator("#verify")).to_have_attribute("data-verdict", "same")

    # Another code than the one that was compared is told in red.
    warning = ann.tile(bea_id).locator(".tile-trust")
    ann.page.keyboard.press("Escape")
    ann.page.keyboard.press("Escape")
    expect(warning).to_be_hidden()
    ann.page.evaluate(IN_BETWEEN)
    expect(warning).to_be_visible()
    expect(warning).to_have_css("background-color", "rgb(179, 38, 30)")
    ann.wait_for("window.told.some((text) => text.includes('is not the one any more that you compared'))")
    warning.click()
    expect(ann.page.locator("#verify")).to_have_attribute("data-verdict", "changed")
    ann.page.locator(".verify-other").click()
    expect(ann.page.locator("#verify")).to_have_attribute("data-verdict", "refused")
    ann.page.keyboard.press("Escape")
    expect(warning).to_be_visible()
