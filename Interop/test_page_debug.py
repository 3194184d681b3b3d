"""The page for debugging: what it says of itself, and that each fault is one."""

import time

import pytest
from playwright.sync_api import expect

from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

SENT = """async () => {
    let sent = 0;
    for (const { pc } of window.debug.peers.values()) {
        for (const report of (await pc.getStats()).values()) if (report.type === 'outbound-rtp') sent += report.bytesSent;
    }
    return sent;
}"""
KINDS = """[...window.debug.peers.values()].map(({ pc }) => [
    /a=ice-ufrag:(\\S+)/.exec(pc.localDescription.sdp)[1],
    / typ relay/.test(pc.localDescription.sdp) && !/ typ (host|srflx)/.test(pc.localDescription.sdp),
])"""


def fault(person, name):
    return person.page.locator(f'#debug [data-fault="{name}"]')


def test_only_an_address_that_asks_for_it_has_it_and_says_so(linkup, people):
    ann, bea = people(linkup, "Ann")[0], people(linkup, "Bea", debug=True)[0]
    loaded = "performance.getEntriesByType('resource').some(({ name }) => name.includes('debug'))"
    assert ann.page.evaluate(loaded) is False
    assert ann.page.evaluate("'debug' in window || 'linkup' in window") is False
    expect(ann.page.locator("#debug")).to_have_count(0)
    banner = bea.page.locator("#debug [role=alert]")
    expect(banner).to_contain_text("If somebody sent you this link")
    expect(banner).to_be_in_viewport(ratio=1)
    expect(bea.page.locator('[data-command="leave"]')).to_be_in_viewport(ratio=1)
    bea.page.get_by_role("link", name="Open the page without it").click()
    expect(bea.page.locator("#lobby")).to_be_visible()
    assert "debug" not in bea.page.url and "name=Bea" in bea.page.url
    expect(bea.page.locator("#debug")).to_have_count(0)


@pytest.mark.parametrize("query", ["", "&transports=polling"], ids=["any transport", "polling"])
def test_the_server_is_dropped_and_the_call_goes_on(linkup, people, query):
    ann, bea = people(linkup, "Ann", "Bea", query=query, debug=True)
    (bea_id,), (ann_id,) = ann.wait_for_peers(1), bea.wait_for_peers(1)
    ann.expect_complaints("WebSocket", "409", "400")
    ann.page.locator("#debug summary").click()
    ann.page.locator("#debug-seconds").fill("4")
    start = time.monotonic()
    fault(ann, "signalling").click()
    expect(ann.page.locator("#banner")).to_be_visible()
    ann.say("said meanwhile")
    for person in (ann, bea):
        person.wait_for_frames()
    expect(ann.page.locator("#banner")).to_be_hidden(timeout=20_000)
    assert time.monotonic() - start > 4
    bea.expect_texts("said meanwhile")
    assert (ann.peers(), bea.peers()) == ([bea_id], [ann_id])


def test_connections_fail_and_are_restarted(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    (bea_id,) = ann.wait_for_peers(1)
    ((before, _),) = ann.page.evaluate(KINDS)
    ann.page.evaluate("window.debug.killIce()")
    ann.expect_tile(bea_id, connection="failed")
    ann.wait_for_peers(1)
    ((after, _),) = ann.page.evaluate(KINDS)
    assert after != before
    for person in (ann, bea):
        person.wait_for_frames()


def test_without_udp_and_with_the_relay_alone(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    (bea_id,) = ann.wait_for_peers(1)
    ann.expect_tile(bea_id, route="direct")
    ann.page.evaluate("window.debug.forbidUdp(true)")
    expect(ann.tile(bea_id)).to_have_attribute("data-route", "relay-tcp", timeout=20_000)
    ann.page.evaluate("window.debug.forbidUdp(false)")
    ann.expect_tile(bea_id, route="direct")
    ann.page.evaluate("window.debug.forceRelay(true)")
    expect(ann.tile(bea_id)).to_have_attribute("data-route", "relay-udp", timeout=20_000)
    ((_, is_relayed),) = ann.page.evaluate(KINDS)
    assert is_relayed
    ann.wait_for_frames()


def test_little_is_sent_or_nothing(linkup, people):
    ann, bea = people(linkup, "Ann", "Bea", debug=True)
    for person in (ann, bea):
        person.wait_for_peers(1)
        person.wait_for_frames()
    ann.page.evaluate("window.debug.throttle(30_000)")
    rates = "[...window.debug.peers.values()].flatMap(({ pc }) => pc.getSenders().map((it) => it.getParameters().encodings[0]))"
    assert {each["maxBitrate"] for each in ann.page.evaluate(rates)} == {30_000}
    ann.page.evaluate("window.debug.throttle()")
    assert max(each.get("maxBitrate", 0) for each in ann.page.evaluate(rates)) > 100_000
    ann.page.evaluate("window.debug.freezeMedia(3)")
    assert not any(each["active"] for each in ann.page.evaluate(rates))

    def is_still():
        before = ann.page.evaluate(SENT)
        time.sleep(0.3)
        return ann.page.evaluate(SENT) == before

    wait_until(is_still, timeout=3, what="nothing to be sent")
    bea.wait_for_frames()
    # A page that stands still does not answer.
    start = time.monotonic()
    ann.page.evaluate("window.debug.freezePage(1.5)")
    assert time.monotonic() - start > 1.5
    ann.wait_for_frames()
