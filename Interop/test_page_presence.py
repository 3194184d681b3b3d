"""How people make themselves noticed in the page: raised hands."""

import pytest
from playwright.sync_api import expect

from harness.member import Member, call

pytestmark = pytest.mark.timeout(240)

# Two cores run several browsers and their video.
expect.set_options(timeout=20_000)


def test_hands_are_raised_in_an_order(linkup, people):
    with Member(linkup.url) as bea:
        bea.join("room", "Bea", call=call(audio=True))
        assert bea.request("hand", raised=True) == {}
        (ann,) = people(linkup, "Ann")
        page = ann.page
        hand, mark = page.locator("#hand"), ann.tile(bea.id).locator(".hand-mark")
        # Who comes finds it as the server says, and is told nothing.
        expect(mark).to_have_attribute("aria-label", "Hand raised, number 1")
        expect(page.locator(".note", has_text="raises a hand")).to_have_count(0)
        hand.click()
        expect(hand).to_have_attribute("aria-pressed", "true")
        expect(ann.tile().locator(".hand-mark")).to_have_text("2")
        bea.wait_for("member", where=lambda member: member["name"] == "Ann" and member["hand"] > 0)
        assert bea.request("hand", raised=False) == {}
        expect(mark).to_be_hidden()
        assert bea.request("hand", raised=True) == {}
        expect(page.locator(".note", has_text="Bea\u2069 raises a hand")).to_be_visible()
        page.locator("#tab-people").click()
        expect(page.locator("#people .hand-mark:visible")).to_have_text(["2", "1"])
        page.locator("#call h1").click()
        page.keyboard.press("h")
        expect(hand).to_have_attribute("aria-pressed", "false")
        bea.wait_for("member", where=lambda member: member["name"] == "Ann" and member["hand"] == 0)
