"""Looking into a screen that somebody else shares."""

import pytest
from playwright.sync_api import expect

from harness.screen import enter, screen_of, share, wait_for_width, width_of
from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(300)

# Two cores run two browsers and their video.
expect.set_options(timeout=20_000)

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

# How many times larger than it fits the picture is, its edges from the middle of the tile, and half the tile, in pixels.
LOOK = """() => {
    const tile = document.querySelector('.tile.is-screen.is-main, .tile.is-screen:fullscreen');
    const video = tile.querySelector('video');
    const [outer, inner] = [tile, video].map((element) => element.getBoundingClientRect());
    const [x, y] = [outer.left + outer.width / 2, outer.top + outer.height / 2];
    return {
        scale: inner.width / video.offsetWidth,
        left: inner.left - x, right: inner.right - x, top: inner.top - y, bottom: inner.bottom - y,
        halfWidth: outer.width / 2, halfHeight: outer.height / 2, x, y,
    };
}"""


@pytest.fixture
def show(chromium, people, linkup):
    """Somebody who shares, and somebody who looks at it, with the tile."""

    def make(size, **options):
        bea = enter(chromium, people, linkup, "Bea", viewport=size, **options)
        ann = enter(chromium, people, linkup, "Ann")
        (ann_id,) = bea.wait_for_peers(1)
        share(ann)
        # In a small window it comes smaller.
        wait_until(lambda: width_of(bea, f"{ann_id}/screen") > 0, timeout=60, interval=0.1, what="the screen")
        expect(screen_of(bea, ann_id)).to_contain_class("is-main can-zoom")
        return ann, bea, screen_of(bea, ann_id)

    return make


def look(person):
    """How the screen is looked at; no part of it is lost that could be seen."""
    now = person.page.evaluate(LOOK)
    for first, last, half in (("left", "right", now["halfWidth"]), ("top", "bottom", now["halfHeight"])):
        covers = now[first] <= 1 - half and now[last] >= half - 1
        lies_within = now[first] >= -half - 1 and abs(now[first] + now[last]) < 2
        assert covers or lies_within, now
    return now


def wait_for_scale(person, scale):
    wait_until(lambda: abs(look(person)["scale"] - scale) < 0.02, timeout=10, interval=0.05, what=f"{scale} times, not {look(person)}")
    return look(person)


def seen_at(now, dx, dy):
    """Which part of the picture is so far from the middle of the tile."""
    return (dx - now["left"]) / (now["right"] - now["left"]), (dy - now["top"]) / (now["bottom"] - now["top"])


def test_wheel_pointer_double_click_keys_and_buttons(show):
    ann, bea, tile = show(WIDE)
    page = bea.page
    first = wait_for_scale(bea, 1)
    page.mouse.move(first["x"] + 150, first["y"] - 100)
    page.mouse.wheel(0, -277.3)
    now = wait_for_scale(bea, 2)
    assert seen_at(now, 150, -100) == pytest.approx(seen_at(first, 150, -100), abs=0.005)
    # Whoever looks closer is sent more of it.
    (bea_id,) = ann.peers()
    ann.wait_for(f"window.debug.peers.get('{bea_id}').sees.screen.width > {1.5 * (now['halfWidth'] * 2)}")

    page.mouse.down()
    page.mouse.move(first["x"] + 110, first["y"] - 70, steps=4)
    page.mouse.up()
    after = look(bea)
    assert (after["left"] - now["left"], after["top"] - now["top"]) == pytest.approx((-40, 30), abs=1.5)
    # Without the button the pointer moves nothing.
    page.mouse.move(first["x"], first["y"], steps=3)
    assert look(bea)["left"] == pytest.approx(after["left"], abs=0.5)
    for way in (-1, 1):
        page.mouse.down()
        page.mouse.move(first["x"] + way * 3000, first["y"] + way * 3000, steps=3)
        page.mouse.up()
        page.mouse.move(first["x"], first["y"])
        look(bea)
    assert look(bea)["top"] == pytest.approx(-look(bea)["halfHeight"], abs=1.5)

    page.mouse.wheel(0, 5000)
    wait_for_scale(bea, 1)
    page.mouse.dblclick(first["x"] + 60, first["y"] + 60)
    now = wait_for_scale(bea, 2)
    assert seen_at(now, 60, 60) == pytest.approx(seen_at(first, 60, 60), abs=0.005)
    page.mouse.dblclick(first["x"], first["y"])
    wait_for_scale(bea, 1)
    assert page.evaluate("document.fullscreenElement") is None

    # Keys of the page, and those of the tile where keys of the page are switched off.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("+")
    page.keyboard.press("+")
    before = wait_for_scale(bea, 2.25)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert look(bea)["left"] < before["left"] - 20 and look(bea)["top"] < before["top"] - 20
    page.keyboard.press("-")
    wait_for_scale(bea, 1.5)
    page.keyboard.press("0")
    wait_for_scale(bea, 1)
    tile.focus()
    page.keyboard.press("=")
    before = wait_for_scale(bea, 1.5)
    page.keyboard.press("ArrowLeft")
    assert look(bea)["left"] > before["left"] + 20
    page.keyboard.press("0")
    wait_for_scale(bea, 1)

    expect(tile.locator("[data-command=zoom-out]")).to_be_hidden()
    tile.locator("[data-command=zoom-in]").click()
    tile.locator("[data-command=zoom-in]").click()
    wait_for_scale(bea, 2.25)
    tile.locator("[data-command=zoom-out]").click()
    wait_for_scale(bea, 1.5)
    tile.locator("[data-command=zoom-reset]").focus()
    page.keyboard.press("Enter")
    wait_for_scale(bea, 1)
    expect(tile).to_be_focused()
    # Whoever has moved the picture still talks by Space.
    page.locator("#mute").click()
    tile.focus()
    page.keyboard.down("Space")
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "false")
    page.keyboard.up("Space")
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")


def test_it_ends_with_the_layout_and_the_sharing_and_fits_every_window(show):
    ann, bea, tile = show(WIDE)
    page = bea.page

    def zoom():
        now = look(bea)
        page.mouse.dblclick(now["x"] + now["halfWidth"] * 0.6, now["y"] - now["halfHeight"] * 0.6)
        wait_for_scale(bea, 2)

    zoom()
    # It stays what it is, and in view, whatever becomes of the window.
    for size in (PHONE, {"width": 844, "height": 390}, WIDE):
        page.set_viewport_size(size)
        wait_until(lambda size=size: page.evaluate("innerWidth") == size["width"], what="the window")
        wait_for_scale(bea, 2)
    page.locator("#chat-toggle").click()
    wait_for_scale(bea, 2)
    tile.locator(".tile-full").click()
    bea.wait_for("document.fullscreenElement !== null")
    wait_for_scale(bea, 2)
    page.evaluate("document.exitFullscreen()")
    bea.wait_for("document.fullscreenElement === null")

    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("w")
    wait_for_scale(bea, 1)
    zoom()
    tile.locator(".tile-pin").click()
    wait_for_scale(bea, 1)
    zoom()
    ann.page.locator("#screen").click()
    expect(tile).to_have_count(0)
    share(ann)
    expect(tile).to_contain_class("is-main can-zoom")
    wait_for_scale(bea, 1)
    # A tile that is small is not looked into: the wheel and two clicks there are for something else.
    zoom()
    bea.page.locator('.tile[data-peer="self"] .tile-pin').click()
    expect(tile).not_to_contain_class("is-main")
    assert tile.locator("video").evaluate("video => video.style.transform") == ""
    expect(tile.locator("[data-command=zoom-in]")).to_be_hidden()
    assert tile.get_attribute("tabindex") is None


def touch(client, kind, *points):
    client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]})


@pytest.mark.parametrize("language", ["en", "ar"])
def test_two_fingers_and_one_on_a_phone(show, language):
    _, bea, tile = show(PHONE, context={"has_touch": True, "is_mobile": True, "locale": language})
    page = bea.page
    assert page.evaluate("document.dir || 'ltr'") == ("rtl" if language == "ar" else "ltr")
    client = bea.context.new_cdp_session(page)
    first = look(bea)
    x, y = first["x"] + 40, first["y"] - 20
    touch(client, "touchStart", (x - 30, y), (x + 30, y))
    for spread in (40, 60, 90):
        touch(client, "touchMove", (x - spread, y), (x + spread, y))
    touch(client, "touchEnd")
    now = wait_for_scale(bea, 3)
    assert seen_at(now, 40, -20)[0] == pytest.approx(seen_at(first, 40, -20)[0], abs=0.01)
    # Now that it is looked into, all of it comes.
    wait_for_width(bea, tile.get_attribute("data-peer"), 1000)
    # The page stays as it is.
    assert page.evaluate("visualViewport.scale") == 1

    # To the right is to the right, whatever the direction of reading.
    touch(client, "touchStart", (x, y))
    for step in (10, 30, 50):
        touch(client, "touchMove", (x + step, y))
    touch(client, "touchEnd")
    assert look(bea)["left"] - now["left"] == pytest.approx(50, abs=2)
    touch(client, "touchStart", (x, y))
    touch(client, "touchMove", (x - 2000, y - 2000))
    touch(client, "touchEnd")
    look(bea)
    tile.focus()
    before = look(bea)
    page.keyboard.press("ArrowLeft")
    assert look(bea)["left"] > before["left"] + 20

    touch(client, "touchStart", (x - 90, y), (x + 90, y))
    for spread in (60, 30, 8):
        touch(client, "touchMove", (x - spread, y), (x + spread, y))
    touch(client, "touchEnd")
    wait_for_scale(bea, 1)
    for part in tile.get_by_role("button").all():
        if part.is_visible():
            expect(part).to_be_in_viewport(ratio=1)
