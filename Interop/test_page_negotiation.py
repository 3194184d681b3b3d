"""What crosses on the wire, in each order: real connections of Chromium and Firefox, and a test that carries signals.

The polite side gives way. `first` is who speaks first, or whose words arrive first. W3C WebRTC, "Perfect Negotiation
Example", and docs/protocol.md for epochs.
"""

import contextlib
import os

import pytest

from harness.browser import ARGUMENTS
from harness.firefox import Firefox
from harness.negotiation import Side, blank_pages, check_connected, pump
from harness.waiting import wait_until

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.parametrize("first", ["polite", "impolite"]),
    pytest.mark.parametrize(
        "browsers",
        [
            pytest.param(("chromium", "chromium"), id="chromium"),
            # Both browsers together take minutes.
            pytest.param(("chromium", "firefox"), id="polite chromium", marks=pytest.mark.long),
            pytest.param(("firefox", "chromium"), id="polite firefox", marks=pytest.mark.long),
        ],
        scope="module",
    ),
]


@pytest.fixture(scope="module")
def pages():
    with blank_pages() as url:
        yield url


@pytest.fixture(scope="module")
def chromium(playwright):
    # Without camera and microphone it would hide its addresses, even from the other browser on this machine.
    arguments = [*ARGUMENTS, "--disable-features=WebRtcHideLocalIpsWithMdns"]
    browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=arguments)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    with Firefox(tmp_path_factory.mktemp("negotiation")) as firefox:
        yield firefox


@pytest.fixture
def sides(browsers, first, chromium, pages, request):
    """The side that speaks first, and the other one."""
    with contextlib.ExitStack() as stack:

        def open_page(browser):
            if browser == "chromium":
                page = chromium.new_page()
                stack.callback(page.close)
                page.goto(pages)
                run = lambda function, *values: page.evaluate(f"(values) => ({function})(...values)", list(values))  # noqa: E731
            else:
                marionette = request.getfixturevalue("firefox").marionette
                marionette.navigate(pages)
                # A page that was left keeps its connections for a while.
                stack.callback(marionette.navigate, "about:blank")
                run = lambda function, *values: marionette.execute_script(  # noqa: E731
                    f"return ({function})(...arguments)", values, sandbox=None
                )
            wait_until(lambda: run("() => window.isReady === true"), timeout=30, what="the page")
            return run

        polite, impolite = [Side(open_page(browser), is_polite) for browser, is_polite in zip(browsers, [True, False])]
        yield (polite, impolite) if first == "polite" else (impolite, polite)


def connect(one, other):
    one.start()
    pump(one, other)
    check_connected(one, other)


def test_offers_that_cross(sides):
    one, other = sides
    for side in sides:
        side.start()
    for side in sides:
        side.wait_to_say("offer")
    offer, counter = one.take("offer"), other.take("offer")
    other.give(*offer)
    one.give(*counter)
    pump(one, other)
    # The polite side takes another one for the other's offer.
    polite, impolite = sorted(sides, key=lambda side: not side.polite)
    check_connected(polite, impolite, connections=(2, 1))
    for side in sides:
        side.wait_for("nothing more to agree on", mids=2, signaling="stable", kinds=[])


def test_an_offer_while_the_answer_before_is_applied(sides):
    one, other = sides
    one.start()
    one.wait_to_say("offer")
    other.give(*one.take("offer"))
    other.wait_to_say("answer")
    # It has something to send by the time that its answer is on the way.
    other.do("connection.addTransceiver('video')")
    other.wait_to_say("offer")
    one.give(*other.take("answer", "offer"))
    one.wait_to_say("answer")
    pump(one, other)
    check_connected(one, other)
    assert one.state["mids"] == 3


def test_three_tracks_in_one_turn_make_one_offer(sides):
    one, other = sides
    connect(one, other)
    one.do("for (const kind of ['audio', 'video', 'video']) connection.addTransceiver(kind)")
    one.wait_to_say("offer")
    offers = one.take("offer")
    other.give(*offers)
    other.wait_to_say("answer")
    one.give(*other.take("answer"))
    one.wait_for("the end of the exchange", signaling="stable")
    offers += one.take("offer")
    assert len(offers) == 1
    pump(one, other)
    check_connected(one, other)
    assert other.state["mids"] == 5


def test_both_restart_ice_at_once(sides):
    one, other = sides
    connect(one, other)
    before = [side.state["fragment"] for side in sides]
    for side in sides:
        side.do("restartIce")
    for side in sides:
        # One of the two asks the other for an offer.
        side.wait_to_say("offer", "wish")
    words, answers = one.take(), other.take()
    other.give(*words)
    one.give(*answers)
    pump(one, other)
    check_connected(one, other)
    for side, fragment in zip(sides, before):
        assert side.state["fragment"] != fragment


def test_candidates_before_the_description(sides):
    one, other = sides
    one.start()
    one.wait_to_say("offer")
    one.wait_to_say("candidate")
    offer, candidates = one.take("offer"), one.take("candidate")
    other.give(*candidates)
    other.give(*offer)
    other.wait_to_say("answer")
    other.wait_to_say("candidate")
    answer, candidates = other.take("answer"), other.take("candidate")
    one.give(*candidates, *answer)
    pump(one, other)
    check_connected(one, other)


@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "after the answer"])
def test_candidates_of_an_offer_that_was_ignored(browsers, sides, is_late):
    one, other = sides
    connect(one, other)
    polite, impolite = sorted(sides, key=lambda side: not side.polite)
    # Chromium has new candidates for new credentials only, and offers none of those to a Firefox.
    restart = "" if "firefox" in browsers else "connection.restartIce();"
    for side in sides:
        # More parts than the other side has: their candidates fit nothing there.
        side.do(f"{restart} connection.addTransceiver('video')")
    for side in sides:
        side.wait_to_say("offer")
        if restart:
            side.wait_to_say("candidate")
    ignored, candidates = polite.take("offer"), polite.take("candidate")
    made = {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "gone"}
    candidates.append({"epoch": 1, "candidate": made})
    fitting = [it for it in candidates if it.get("candidate")]
    unfitting = [{**it, "candidate": {**it["candidate"], "sdpMid": "nine", "sdpMLineIndex": 9}} for it in fitting]
    impolite.give(*ignored)
    if not is_late:
        impolite.give(*candidates, *unfitting)
    polite.give(*impolite.take())
    # Chromium makes another connection, instead of taking its offer back.
    polite.wait_to_say("answer", "offer")
    impolite.give(*polite.take("answer", "offer"))
    impolite.wait_for("the answer to be applied", signaling="stable")
    if is_late:
        impolite.give(*candidates, *unfitting)
    pump(one, other)
    check_connected(one, other, connections=(1, 1) if browsers[0] == "firefox" else (2, 2))


@pytest.mark.parametrize("is_before", [True, False], ids=["before the new one", "after the new one"])
def test_an_answer_of_a_connection_that_is_gone(sides, is_before):
    one, other = sides
    connect(one, other)
    one.do("restartIce")
    # Where the other side is to make the offer, that is stale.
    one.wait_to_say("offer", "wish")
    other.give(*one.take())
    other.wait_to_say("answer", "offer")
    stale = other.take()
    one.run("() => void window.side.negotiation.renew()")
    one.wait_to_say("offer")
    if is_before:
        one.give(*stale)
    other.give(*one.take())
    other.wait_to_say("answer")
    one.give(*other.take())
    if not is_before:
        one.give(*stale)
    pump(one, other)
    check_connected(one, other, connections=(2, 2))
    assert [side.state["epoch"] for side in sides] == [2, 2]


@pytest.mark.parametrize("lost", ["offer", "answer"])
@pytest.mark.parametrize("is_new", [True, False], ids=["first connection", "restart"])
def test_the_server_is_lost_between_offer_and_answer(sides, lost, is_new):
    one, other = sides
    if is_new:
        one.start()
    else:
        connect(one, other)
        one.do("restartIce")
    one.wait_to_say("offer", "wish")
    signals = one.take()
    if lost == "answer":
        other.give(*signals)
        # What was asked for is lost, where that was an offer.
        other.wait_to_say("answer", "offer")
        other.take()
    # Who comes back resynchronizes, and whoever hears of it does too.
    for side in sides:
        side.do("resynchronize")
    pump(one, other)
    check_connected(one, other)
