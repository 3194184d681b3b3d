"""How the page comes to a browser: what it asks for, where it may lie, and what it says when it does not come whole."""

import re

import pytest
from playwright.sync_api import expect

from harness.browser import IS_CONNECTED
from harness.proxy import CuttingProxy
from harness.waiting import wait_until

# What comes last in the lobby.
ALL_IS_THERE = """[...document.styleSheets].some(({ href }) => href?.endsWith('/ui/transfers/transfers.css'))"""


@pytest.fixture
def context(chromium):
    """A profile in which nothing was visited before."""
    context = chromium.new_context()
    yield context
    context.close()


def visit(context, address, *, ready):
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(address)
    wait_until(lambda: page.evaluate(ready), timeout=20, interval=0.05, what=f"all of {address}")
    return page


@pytest.mark.parametrize("base", ["/", "/talk/"])
@pytest.mark.parametrize(
    "path, ready",
    [("", "document.querySelector('#enter') !== null"), ("r/tea", f"document.querySelector('#join') && {ALL_IS_THERE}")],
    ids=["home", "room"],
)
def test_a_second_visit_asks_for_the_page_alone(start_linkup, context, base, path, ready):
    server = start_linkup("--base-path", base)
    with CuttingProxy(server.address) as proxy:
        address = f"http://localhost:{proxy.port}{base}{path}"
        visit(context, address, ready=ready).close()
        first = [*proxy.requests]
        assert first[0] == base + path and len(first) > 20
        # Nothing is asked for twice, and nothing but the page has an address without a version.
        assert len(set(first)) == len(first)
        assert all(re.match(rf"{base}a/[\w-]+/", asked) for asked in first[1:])
        wait_until(lambda: len(proxy.statuses) == len(first), timeout=20, what="all answers")
        assert set(proxy.statuses) == {200}
        page = visit(context, address, ready=ready)
        assert (proxy.requests[len(first) :], proxy.statuses[len(first) :]) == ([base + path], [304])
        if path:
            page.locator("#lobby-name").fill("Ann")
            page.locator("#join").click()
            expect(page.locator("#call")).to_be_visible()
            wait_until(lambda: page.evaluate(IS_CONNECTED), timeout=20, what="the connection")
            assert all(asked.startswith(f"{base}socket.io/?") for asked in proxy.requests[len(first) + 1 :])


@pytest.mark.parametrize("path", ["", "r/tea", "nothing"])
def test_the_first_paint_needs_no_more_than_the_page(linkup, context, path):
    """Whatever else the page asks for stays without an answer."""
    asked = []
    context.route("**/a/**", lambda route: asked.append(route.request.url))
    page = context.new_page()
    page.goto(f"http://localhost:{linkup.port}/{path}", wait_until="commit")
    painted = "performance.getEntriesByName('first-contentful-paint').length > 0"
    wait_until(lambda: page.evaluate(painted), timeout=20, interval=0.05, what="the first paint")
    assert asked
    expect(page.locator("h1")).to_have_text("LinkUp")
    # It looks as it will: the styles of its head apply.
    assert page.locator("h1").evaluate("title => getComputedStyle(title).fontSize") == "34px"
    assert page.locator("body").evaluate("body => getComputedStyle(body).margin") == "0px"


def test_a_room_below_a_path(start_linkup, people):
    server = start_linkup("--base-path", "/talk")
    ann, bea = people(server, "Ann", "Bea", base="/talk")
    assert ann.page.evaluate("location.pathname") == "/talk/r/room"
    ann.wait_for_peers(1)
    ann.say("hello")
    bea.expect_texts("hello")
    # The code is there once somebody looks at it.
    bea.page.keyboard.press("i")
    expect(bea.page.locator("#invite-panel")).to_be_visible()
    bea.wait_for("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    bea.page.keyboard.press("Escape")
    bea.page.locator('[data-command="leave"]').click()
    expect(bea.page.locator("#left")).to_be_visible()
    expect(ann.page.locator('.tile:not([data-peer="self"])')).to_have_count(0)
    bea.page.locator("#left a.button").click()
    expect(bea.page.locator("#enter")).to_be_visible()
    assert bea.page.evaluate("location.pathname") == "/talk/"


def test_addresses_that_lead_nowhere_say_so(start_linkup, context):
    server = start_linkup("--base-path", "/talk")
    page = context.new_page()
    page.set_default_timeout(20_000)
    for path in ("/talk/nothing", "/talk/r/a%20b"):
        assert page.goto(f"http://localhost:{server.port}{path}").status == 404
        expect(page.locator("#enter")).to_be_visible()
        expect(page.locator(".problem")).not_to_be_empty()
    assert page.goto(f"http://localhost:{server.port}/talk").status == 200
    assert page.evaluate("location.pathname") == "/talk/"
    expect(page.locator("#enter")).to_be_visible()


def test_a_page_of_another_version_asks_to_be_loaded_again(linkup, context):
    """The server was replaced while somebody was in the lobby: it has nothing at the addresses of the old page."""
    context.route("**/a/*/ui/room/inside.js", lambda route: route.fulfill(status=404, body=""))
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"http://localhost:{linkup.port}/r/tea?name=Ann")
    expect(page.locator(".problems")).to_contain_text("Reload the page")
    page.locator("#join").click()
    expect(page.locator("#join")).to_have_text("Join the call")
    expect(page.locator("#lobby")).to_be_visible()


def test_who_joins_from_afar_sees_that_it_is_under_way(linkup, context):
    held = []
    context.route("**/a/*/ui/room/inside.js", lambda route: held.append(route))
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"http://localhost:{linkup.port}/r/tea?name=Ann")
    page.locator("#join").click()
    expect(page.locator("#join")).to_have_text("Joining…")
    for route in held:
        route.continue_()
    expect(page.locator("#call")).to_be_visible(timeout=20_000)
