"""What is seen of the page at every size: nothing that one needs is cut off, covered or in the way."""

import contextlib

import pytest
from playwright.sync_api import expect

from harness.browser import Participant
from harness.member import Member, call
from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

expect.set_options(timeout=20_000)

# The last is a laptop at 200 %.
SIZES = {"laptop": (1280, 800), "phone": (390, 844), "turned": (844, 390), "small": (320, 568), "zoomed": (640, 400)}
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff von der Au"
ARABIC_NAME = "محمد عبد الله"

# Of the elements found by a selector, those that are not wholly in the window, or under something else.
OUT_OF_SIGHT = """selector => [...document.querySelectorAll(selector)].filter((element) => {
    const box = element.getBoundingClientRect();
    const isIn = box.width > 0 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
    return !isIn || !element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}).map((element) => element.id || element.outerHTML)"""

# Pairs of what lies over each other.
OVERLAPS = """([some, others]) => [...document.querySelectorAll(some)].flatMap((one) => {
    const a = one.getBoundingClientRect();
    return [...document.querySelectorAll(others)].filter((other) => {
        const b = other.getBoundingClientRect();
        if (a.width === 0 || b.width === 0) return false;
        return a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    }).map((other) => `${one.textContent} / ${other.textContent}`);
})"""


@pytest.fixture
def visit(chromium, people, linkup):
    """Somebody with the page of the room before them."""

    def make(name="Ann", size="laptop", **options):
        person = Participant(chromium, f"http://localhost:{linkup.port}", name=name, **options)
        people.all.append(person)
        show(person, size)
        return person

    return make


@pytest.fixture
def join(linkup):
    """Somebody without a browser in the room."""
    with contextlib.ExitStack() as stack:

        def make(name, **members):
            member = stack.enter_context(Member(linkup.url))
            member.join("room", name, **members)
            return member

        yield make


def show(person, size):
    width, height = SIZES[size]
    person.page.set_viewport_size({"width": width, "height": height})
    wait_until(lambda: person.page.evaluate("innerWidth") == width, what="the window to have its size")


def in_view(person, selector):
    assert person.page.locator(selector).count() > 0, selector
    wait_until(
        lambda: not (person.page.evaluate(OUT_OF_SIGHT, selector)),
        timeout=20,
        interval=0.1,
        what=f"{selector} in view; out of sight: {person.page.evaluate(OUT_OF_SIGHT, selector)}",
    )
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_what_one_needs_is_in_view(visit, join, size):
    join("Bea", call=call(audio=True))
    join(LONG_NAME)
    ann = visit(size=size)
    page = ann.page
    page.goto(f"{ann.url}/r/room?name=Ann")
    expect(page.locator("#preview")).to_be_visible()
    in_view(ann, "#join, .mirror-bar button")
    page.locator("#join").click()
    expect(page.locator(".tile")).to_have_count(2)
    # A phone has the reactions in the menu.
    tools = ".toolbar button" if page.viewport_size["width"] >= 450 else ".toolbar button:not(#reactions-toggle)"
    in_view(ann, f"{tools}, .top button" if page.locator(".top button").first.is_visible() else tools)
    if page.locator(".side").is_hidden():
        page.locator("#people-toggle").click()
    page.locator("#tab-people").click()
    in_view(ann, f"{tools}, .side header button")
    assert page.locator("#people .name").evaluate_all("all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length") == 0
    page.locator("#tab-chat").click()
    in_view(ann, f"{tools}, .side header button, #composer button:not([type=file])")
    # What the panel covers takes no focus.
    covered = page.evaluate("document.elementFromPoint(40, 20).closest('.side') !== null")
    assert page.evaluate("document.querySelector('.top').inert") is covered
    page.locator("#chat-toggle").click()
    expect(page.locator(".side")).to_be_hidden()
    page.locator("#help-toggle").click()
    in_view(ann, "#help .primary, #use-shortcuts")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "help-toggle"


def test_ones_own_screen_is_small_and_says_so(visit):
    ann, bea = visit("Ann").enter(), visit("Bea").enter()
    (bea_id,) = ann.wait_for_peers(1)
    ann.page.locator("#screen").click()
    expect(ann.page.get_by_text("You are sharing your screen")).to_be_visible()
    own, other = ann.tile("self").bounding_box(), ann.tile(bea_id).bounding_box()
    assert own["width"] * own["height"] < 0.2 * other["width"] * other["height"]
    (ann_id,) = bea.peers()
    expect(bea.tile(f"{ann_id}/screen")).to_contain_class("is-screen is-main")
    ann.page.locator("#screen").click()
    expect(ann.page.get_by_text("You are sharing your screen")).to_be_hidden()


def test_a_host_hears_of_who_waits(visit, linkup):
    ann = visit(size="phone").enter()
    page = ann.page
    page.locator("#people-toggle").click()
    page.get_by_label("Newcomers wait until somebody lets them in").check()
    page.locator(".side header button").last.click()
    with Member(linkup.url) as first, Member(linkup.url) as second:
        wait_until(lambda: first.try_join("room", LONG_NAME).get("waiting"), what="the list of who waits")
        expect(page.locator(".note")).to_contain_text(f"{LONG_NAME}\u2069 waits to be let in")
        second.try_join("room", ARABIC_NAME)
        people = page.locator("#people-toggle")
        expect(people).to_have_attribute("aria-label", "People, 2 wait to be let in")
        expect(page.locator(".top .badge")).to_have_text("2")
        people.click()
        names = page.locator("#waiting-list .name")
        expect(names).to_have_count(2)
        left = [name.bounding_box()["x"] for name in names.all()]
        assert abs(left[0] - left[1]) < 2, "names begin at one edge, whatever their direction"
        in_view(ann, "#waiting-list button")
        page.get_by_role("button", name=f"Let \u2068{LONG_NAME}\u2069 in", exact=True).click()
        first.wait_for("admitted")
        expect(people).to_have_attribute("aria-label", "People, 1 waits to be let in")


def test_a_file_asks_in_view(visit):
    ann, bea = visit("Ann").enter(), visit("Bea", "small").enter()
    ann.wait_for_peers(1)
    ann.say("Here they are")
    for number in range(4):
        ann.send_file(f"a name that is rather long for a picture {number}.jpeg", b"x")
    bea.send_file("own.txt", b"y")
    receive = bea.page.get_by_role("button", name="Receive", exact=True)
    expect(receive).to_have_count(1)
    for size in ("phone", "turned", "small"):
        show(bea, size)
        in_view(bea, ".transfer .primary, .fold")
    expect(bea.page.locator(".transfer:visible")).to_have_count(1)
    bea.page.locator(".fold").click()
    expect(bea.transfer("own.txt")).to_be_visible()
    # Who writes meanwhile is asked all the same, and goes on writing.
    bea.page.locator("#chat-toggle").click()
    for size in ("phone", "turned", "small"):
        show(bea, size)
        in_view(bea, ".transfer .primary, #message, #composer button:not([type=file]), .side header button")
        assert bea.page.evaluate(OVERLAPS, [".transfer", ".message .text"]) == []
    expect(bea.page.locator(".transfer:visible")).to_have_count(1)
    receive.click()
    expect(bea.page.locator(".transfer:visible")).to_have_count(1)
    expect(bea.page.locator(".transfer:visible")).not_to_contain_text("0.jpeg")


def test_six_people_are_seen_on_a_phone(visit, join):
    for name in ("Bea", LONG_NAME, "Chidi", ARABIC_NAME, "Dana"):
        join(name, call=call(video=True))
    ann = visit(size="phone").enter()
    expect(ann.page.locator(".tile")).to_have_count(6)
    for size in ("phone", "small"):
        show(ann, size)
        in_view(ann, ".tile")
        columns = "new Set([...document.querySelectorAll('.tile')].map((tile) => tile.getBoundingClientRect().left)).size"
        wait_until(lambda: ann.page.evaluate(columns) == 2, what="two columns")
        assert ann.page.evaluate(OVERLAPS, [".tile .avatar", ".tile-note"]) == []


def test_what_a_panel_covered_is_free_in_a_window_that_grew(visit):
    ann = visit(size="phone").enter()
    ann.page.locator("#people-toggle").click()
    wait_until(lambda: ann.page.evaluate("document.querySelector('.top').inert"), what="the panel to cover the call")
    show(ann, "laptop")
    in_view(ann, ".side header button, .top button")
    ann.page.locator("#help-toggle").click()
    expect(ann.page.locator("#help")).to_be_visible()


def test_nothing_lies_over_a_name(visit, join):
    join("Bea", call=call(screen=True))
    ann = visit().enter()
    for name in (LONG_NAME, ARABIC_NAME):
        join(name, call=call(video=True))
    page = ann.page
    expect(page.locator(".tile")).to_have_count(4)
    expect(page.locator(".tile-note:visible")).to_have_count(3)
    # Whoever is not connected has no picture yet.
    expect(page.locator(".tile:not([data-peer=self]) .avatar:visible")).to_have_count(3)
    for size in SIZES:
        show(ann, size)
        wait_until(
            lambda: not page.evaluate(OVERLAPS, [".tile-bar", ".tile-note, .tile-tool"]),
            timeout=20,
            what=f"the names to be free at {size}: {page.evaluate(OVERLAPS, ['.tile-bar', '.tile-note, .tile-tool'])}",
        )


@pytest.mark.parametrize("size", ["laptop", "small"])
def test_who_is_alone_sees_the_link_for_the_others(visit, join, size):
    ann = visit(size=size).enter()
    address = ann.page.locator(".invite-address")
    expect(address).to_have_text(f"{ann.url}/r/room")
    in_view(ann, ".invite-address, .invite-ways button")
    ann.page.evaluate("navigator.clipboard.writeText = async (text) => (window.copied = text)")
    ann.page.get_by_role("button", name="Copy", exact=True).click()
    ann.wait_for(f"window.copied === '{ann.url}/r/room'")
    assert ann.page.evaluate(OVERLAPS, [".tile-bar, .tile-note", ".alone"]) == []
    join("Bea", call=call())
    expect(address).to_be_hidden()


def test_a_note_does_not_lie_over_the_name_of_the_other(visit, join):
    ann = visit().enter()
    join(LONG_NAME, call=call())
    expect(ann.page.locator(".note")).to_be_visible()
    expect(ann.page.locator(".tile.is-main .name")).to_be_visible()
    assert ann.page.evaluate(OVERLAPS, [".tile.is-main .tile-bar", ".note"]) == []


def test_layouts_follow_each_other(visit, join):
    for name in ("Bea", "Cid"):
        join(name, call=call(video=True))
    ann = visit("Ann", "phone").enter()
    page = ann.page
    stage, tiles = page.locator(".stage"), page.locator(".tile:visible")
    expect(tiles).to_have_count(3)
    expect(stage).to_have_attribute("data-layout", "even")
    page.locator("#more").click()
    in_view(ann, "#menu button:not([hidden])")
    layout = page.locator('#menu [data-command="layout"]')
    expect(layout).to_have_attribute("aria-label", "Layout: Grid")
    layout.click()
    expect(layout).to_have_attribute("aria-label", "Layout: Speaker")
    expect(stage).to_have_attribute("data-layout", "large")
    expect(page.locator(".tile.is-main .name")).to_have_text("Bea")
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    page.locator(".tile", has_text="Cid").get_by_role("button", name="Show large").click()
    page.keyboard.press("w")
    expect(stage).to_have_attribute("data-layout", "pair")
    expect(tiles).to_have_count(2)
    expect(page.locator(".tile.is-main .name")).to_have_text("Cid")
    expect(page.locator(".note").last).to_have_text("Layout: who speaks, alone")
    page.keyboard.press("k")
    expect(page.locator(".tile.is-main .name")).to_have_text("Bea")
    page.keyboard.press("w")
    expect(tiles).to_have_count(3)


def test_a_call_of_many_has_pages(visit, join):
    for number in range(9):
        join(f"Guest {number}", call=call(video=True))
    ann = visit("Ann", "turned").enter()
    page, names = ann.page, ann.page.locator(".tile:visible .name")
    expect(names).to_have_text([f"Guest {number}" for number in range(8)] + ["Ann"])
    in_view(ann, ".tile:not([hidden]), .pager button, .toolbar button")
    page.locator(".pager").get_by_role("button", name="Next").click()
    expect(page.locator(".pager").get_by_role("status")).to_have_text("Page 2 of 2")
    expect(names).to_have_text(["Guest 8", "Ann"])
    page.locator(".pager").get_by_role("button", name="Previous").click()
    expect(names).to_have_count(9)


def test_oneself_moves_to_a_corner_and_away(visit, join):
    join("Bea", call=call(video=True))
    ann = visit("Ann", "turned").enter()
    page, own = ann.page, ann.tile()
    expect(page.locator(".tile.is-main .name")).to_have_text("Bea")
    ann.expect_tile("self", corner="top-end")
    own.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    ann.expect_tile("self", corner="bottom-start")
    assert page.evaluate(OVERLAPS, [".tile.is-main .tile-bar", ".tile[data-peer=self]"]) == []
    box = own.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(700, 80, steps=3)
    page.mouse.up()
    ann.expect_tile("self", corner="top-end")
    own.hover()
    own.get_by_role("button", name="Hide my picture").click()
    expect(own).to_be_hidden()
    expect(page.locator(".note").last).to_contain_text("others do")
    page.locator("#more").click()
    page.locator('#menu [data-command="own"]').click()
    expect(own).to_be_visible()
    expect(page.locator("#menu")).to_be_hidden()


def test_a_small_window_shows_whom_one_looks_at(visit, join):
    join("Bea", call=call(video=True))
    ann = visit("Ann", "turned").enter()
    page, small = ann.page, "documentPictureInPicture.window"
    expect(page.locator(".tile.is-main .name")).to_have_text("Bea")
    page.locator("#more").click()
    page.locator('#menu [data-command="pip"]').click()
    ann.wait_for(f"{small}?.document.querySelector('.pip-name')?.textContent === 'Bea'")
    page.evaluate(f"{small}.document.querySelector('[data-command=mute]').click()")
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
    page.evaluate(f"{small}.document.querySelector('[data-command=leave]').click()")
    expect(page.locator("#left")).to_be_visible()
    ann.wait_for(f"{small} === null")


def test_the_call_or_one_tile_fills_the_screen(visit, join):
    join("Bea", call=call(video=True))
    ann = visit("Ann", "turned").enter()
    page, filling = ann.page, "document.fullscreenElement?.dataset.peer ?? document.fullscreenElement?.id"
    other = page.locator(".tile.is-main")
    expect(other.locator(".name")).to_have_text("Bea")
    page.keyboard.press("f")
    ann.wait_for(f"({filling}) === 'call'")
    in_view(ann, ".toolbar button:not([hidden])")
    expect(page.locator(".top")).to_be_hidden()
    page.locator(".leave-full").click()
    ann.wait_for("document.fullscreenElement === null")
    button = other.get_by_role("button", name="Full screen")
    button.click()
    ann.wait_for(f"({filling}) === document.querySelector('.is-main').dataset.peer")
    expect(button).to_have_attribute("aria-pressed", "true")
    wait_until(lambda: other.bounding_box()["height"] == page.evaluate("innerHeight"), what="the tile as high as the window")
    # Leaving needs no click of a person, which a test of a double click could not make in time.
    other.locator(".avatar").dispatch_event("dblclick")
    ann.wait_for("document.fullscreenElement === null")
    expect(button).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(
    ("locale", "language", "direction", "words"),
    [("de-AT", "de", "ltr", "Am Gespräch teilnehmen"), ("ar-EG", "ar", "rtl", "الانضمام إلى المكالمة"), ("eo", "en", "ltr", "Join the call")],
)
def test_the_page_speaks_the_language_of_the_browser(chromium, linkup, locale, language, direction, words):
    context = chromium.new_context(locale=locale)
    try:
        page = context.new_page()
        page.goto(f"http://localhost:{linkup.port}/r/room?name=Ann")
        expect(page.locator("#join")).to_have_text(words)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("html")).to_have_attribute("dir", direction)
        name, label = page.locator("#lobby-name").bounding_box(), page.locator("label[for=relay-only]").bounding_box()
        # A box to check stands before its label, where the reading begins.
        box = page.locator("#relay-only").bounding_box()
        assert (box["x"] < label["x"]) == (direction == "ltr")
        assert name["x"] >= 0
        page.locator("#join").click()
        logo, room = page.locator(".top img").bounding_box(), page.locator(".top h1 bdi").bounding_box()
        # The name of the room stands beside the logo, whatever its own direction.
        left, right = (logo, room) if direction == "ltr" else (room, logo)
        assert 0 <= right["x"] - (left["x"] + left["width"]) < 20
    finally:
        context.close()
