"""The chat's events, as docs/signalling.md has them."""

import itertools
import threading

import pytest

from harness.member import Member, error_code
from harness.waiting import wait_until

rooms = (f"room-{number}" for number in itertools.count())


@pytest.fixture
def room():
    return next(rooms)


@pytest.fixture
def make_member(shared_linkup):
    members = []

    def make(room=None, name="Ann", **options):
        member = Member(shared_linkup.url, **options)
        members.append(member)
        if room is not None:
            member.joined = member.chat("join", room=room, name=name)
            assert "error" not in member.joined, member.joined
        return member

    yield make
    for member in members:
        member.close()


def test_two_people_talk(make_member, room):
    ann = make_member(room, "Ann")
    assert ann.joined["messages"] == [] and ann.joined["more"] is False
    assert ann.joined["people"] == [{"id": ann.joined["self"], "name": "Ann"}]
    bea = make_member(room, "Bea", transports=["polling"])
    assert ann.wait_for("person-joined") == {"id": bea.joined["self"], "name": "Bea"}
    assert {person["name"] for person in bea.joined["people"]} == {"Ann", "Bea"}
    said = ann.chat("say", text="hello 😀", key="k1")["message"]
    assert bea.wait_for("message") == said
    assert (said["text"], said["name"], said["author"]) == ("hello 😀", "Ann", ann.joined["self"])
    assert said["room"] == room
    answer = bea.chat("say", text="hi")["message"]
    assert ann.wait_for("message") == answer
    assert answer["id"] > said["id"] and answer["time"] >= said["time"]
    assert bea.chat("typing", active=True) == {}
    assert ann.wait_for("typing") == {"id": bea.joined["self"], "name": "Bea", "active": True}
    assert bea.chat("leave", {}) == {}
    assert ann.wait_for("person-left") == {"id": bea.joined["self"]}
    assert error_code(bea.chat("say", text="into the void")) == "not-joined"


def test_lost_connection_is_a_leave(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    bea.drop()
    assert ann.wait_for("person-left") == {"id": bea.joined["self"]}


def test_nobody_hears_other_rooms(make_member, room):
    ann, eve = make_member(room), make_member(room + "x")
    ann.chat("say", text="secret")
    eve.chat("say", text="marker")
    third = make_member(room + "x")
    third.chat("say", text="last")
    assert eve.wait_for("message")["text"] == "last"


def test_history_in_pages(make_member, room):
    writers = [make_member(room, f"Writer {number}") for number in range(12)]
    # Each may say 20 at once, so that twelve fill two pages and a bit.
    said = [writers[number % 12].chat("say", text=str(number))["message"] for number in range(230)]
    late = make_member(room, "Late")
    assert late.joined["messages"] == said[-100:] and late.joined["more"] is True
    page = late.chat("history", before=said[130]["id"])
    assert page == {"messages": said[30:130], "more": True}
    page = late.chat("history", before=said[30]["id"])
    assert page == {"messages": said[:30], "more": False}
    assert late.chat("history", before=said[10]["id"], limit=3) == {"messages": said[7:10], "more": True}
    assert late.chat("history", before=said[0]["id"]) == {"messages": [], "more": False}


def test_repeated_key_is_one_message(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    first = ann.chat("say", text="once", key="same")["message"]
    assert ann.chat("say", text="once", key="same")["message"] == first
    assert bea.wait_for("message") == first
    ann.chat("say", text="marker")
    assert bea.wait_for("message")["text"] == "marker"
    elsewhere = make_member(room + "x", "Ann")
    assert elsewhere.chat("say", text="once", key="same")["message"] != first


@pytest.mark.parametrize("length, fits", [(1, True), (4000, True), (4001, False), (0, False)])
def test_text_limit(make_member, room, length, fits):
    answer = make_member(room).chat("say", text="x" * length)
    if fits:
        assert len(answer["message"]["text"]) == length
    else:
        assert error_code(answer) == "bad-request"


def test_rate_limit(make_member, room):
    member, other = make_member(room), make_member(room)
    answers = [member.chat("say", text=str(number)) for number in range(60)]
    refused = [answer for answer in answers if "error" in answer]
    assert all(error_code(answer) == "too-many-requests" for answer in refused)
    # 20 at once and 10 a second: sixty back to back take far less than four seconds.
    assert refused and "message" in answers[19]
    assert "message" in other.chat("say", text="others are not limited by it")
    wait_until(lambda: "message" in member.chat("say", text="later"), interval=0.1, what="the limit to recover")


BAD = [None, 1, True, "text", [], {}, b"\x00\x01", {"room": {}}, [1, [2, [3]]]]
TEXTS = ["", " ", "x" * 65, "a b", "a/b", "ä", "a\x00b", 5, None, [], {}, True, b"x"]


@pytest.mark.parametrize(
    "event, arguments",
    [
        ("join", BAD),
        ("join", [{"room": text, "name": "Ann"} for text in TEXTS]),
        ("join", [{"room": "room", "name": name} for name in ["", "  ", "x" * 65, "a\nb", "a\x00b", 5, None, [], {}]]),
        ("say", BAD),
        ("say", [{"text": text} for text in ["", 5, None, [], {}, True, b"x"]]),
        ("say", [{"text": "x", "key": key} for key in ["", "x" * 65, 5, [], {}, True, b"x"]]),
        ("history", BAD),
        ("history", [{"before": value} for value in ["", "x", None, [], {}, True, 1.5, 1e300, b"x"]]),
        ("history", [{"before": 1, "limit": value} for value in [0, 101, -1, "x", [], True, 1.5, 2**70]]),
        ("typing", BAD),
        ("typing", [{"active": value} for value in ["", 1, None, [], {}]]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_arguments(make_member, shared_linkup, room, event, arguments):
    observer = make_member(room, "Observer")
    for argument in arguments:
        # One connection each, so that no rate limit answers in place of the check.
        member = make_member(room if event != "join" else None)
        answer = member.client.call(event, argument, namespace="/chat", timeout=15)
        assert error_code(answer) == "bad-request", argument
        member.close()
    assert "message" in observer.chat("say", text="still here")
    assert shared_linkup.is_running


def test_requests_before_join(make_member):
    member = make_member()
    for event, argument in (("say", {"text": "x"}), ("history", {"before": 1}), ("typing", {"active": True})):
        assert error_code(member.chat(event, argument)) == "not-joined"
    assert member.chat("leave", {}) == {}


def test_no_acknowledged_message_is_lost_when_the_server_is_killed(start_linkup):
    """Several people talk as fast as they may; the server dies in the middle of it, and comes back."""
    server = start_linkup()
    acknowledged, resume_keys, lock, killed = {}, {}, threading.Lock(), threading.Event()

    def talk(number):
        try:
            with Member(server.url) as member:
                joined = member.chat("join", room="room", name=f"Writer {number}")
                resume_keys[joined["self"]] = joined["resumeKey"]
                for turn in range(10_000):
                    answer = member.chat("say", text=f"{number}/{turn}", key=f"{number}/{turn}")
                    if "message" in answer:
                        with lock:
                            acknowledged[answer["message"]["id"]] = answer["message"]
                    elif killed.wait(0.05):
                        return
        except Exception:
            # The connection is gone: what was acknowledged until then is what counts.
            return

    # The first twenty messages of each writer are not limited, so that many are on their way at the kill.
    threads = [threading.Thread(target=talk, args=(number,), daemon=True) for number in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) > 100, what="a hundred acknowledged messages")
    server.kill()
    killed.set()
    with lock:
        expected = dict(acknowledged)
    server = start_linkup()
    with Member(server.url) as member:
        page = member.chat("join", room="room", name="Reader")
        stored = page["messages"]
        while page["more"]:
            page = member.chat("history", before=page["messages"][0]["id"])
            stored = page["messages"] + stored
        by_id = {message["id"]: message for message in stored}
        assert len(by_id) == len(stored)
        missing = [message for id, message in expected.items() if by_id.get(id) != message]
        assert not missing
        keys = [message["key"] for message in stored]
        assert len(set(keys)) == len(keys)
        # What was said but not acknowledged may be there or not; saying it again does not double it.
        last = stored[-1]
        member.chat("join", room="room", name=last["name"], resume=resume_keys[last["author"]])
        assert member.chat("say", text=last["text"], key=last["key"])["message"]["id"] == last["id"]
        assert member.chat("say", text="new")["message"]["id"] > max(by_id)
    for thread in threads:
        thread.join(20)
