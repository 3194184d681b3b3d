"""Chat in a room: `say`, `edit`, `delete`, `history`, `search` and `typing`, as docs/protocol.md has them."""

import contextlib
import threading

import pytest

from harness.member import Member, error_code
from harness.rooms import BAD, make_member, room  # noqa: F401, fixtures
from harness.waiting import wait_until


def test_two_people_talk(make_member, room):
    ann = make_member(room, "Ann")
    assert (ann.joined["messages"], ann.joined["more"], ann.joined["lastNumber"]) == ([], False, 0)
    bea = make_member(room, "Bea", transports=["polling"])
    said = ann.say("hello 😀", key="k1")
    assert bea.wait_for("message") == said
    assert set(said) == {"number", "author", "name", "text", "time", "key"}
    assert (said["text"], said["name"], said["author"], said["key"]) == ("hello 😀", "Ann", ann.id, "k1")
    answer = bea.say("hi")
    assert ann.wait_for("message", where=lambda message: message["author"] == bea.id) == answer and "key" not in answer
    assert answer["number"] == said["number"] + 1 and answer["time"] >= said["time"]
    late = make_member(room, "Cid")
    assert late.joined["messages"] == [said, answer] and late.joined["lastNumber"] == answer["number"]
    assert bea.request("typing", active=True) == {}
    assert ann.wait_for("typing") == {"id": bea.id, "active": True}
    assert bea.request("typing", active=False) == {}
    assert ann.wait_for("typing") == {"id": bea.id, "active": False}
    assert not bea.heard("typing"), "typing is for the others"
    assert bea.request("leave") == {}
    assert error_code(bea.request("say", text="into the void")) == "not-joined"


def test_whoever_says_something_hears_it_in_each_tab(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    second = make_member(room, "Ann", key=ann.key)
    said = ann.say("once")
    assert second.wait_for("message") == bea.wait_for("message") == said
    assert ann.wait_for("message") == said


def test_nobody_hears_other_rooms(make_member, room):
    ann, eve = make_member(room), make_member(room + "x")
    ann.say("secret")
    eve.say("marker")
    third = make_member(room + "x")
    last = third.say("last")
    assert eve.wait_for("message", where=lambda message: message["text"] != "marker") == last
    assert all(message["text"] != "secret" for _, message in eve.heard("message"))


def test_who_leaves_hears_nothing_more(make_member, room):
    ann, bea = make_member(room), make_member(room)
    assert bea.request("leave") == {}
    ann.say("secret")
    bea.join(room + "x")
    make_member(room + "x").say("marker")
    assert bea.wait_for("message")["text"] == "marker"


def test_numbers_are_dense_in_each_room(make_member, room):
    """Two rooms talk in turn; each has 1, 2, 3 for itself."""
    one, other = make_member(room), make_member(room + "x")
    numbers = [(one.say("a")["number"], other.say("b")["number"]) for _ in range(5)]
    assert numbers == [(number, number) for number in range(1, 6)]
    assert make_member(room).joined["lastNumber"] == 5


@pytest.fixture(scope="module")
def long_history(shared_linkup):
    """A room and the 230 messages that were said there; each writer may say 20 at once."""
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(Member(shared_linkup.url)) for _ in range(12)]
        for number, writer in enumerate(writers):
            writer.join("history", f"Writer {number}")
        return "history", [writers[number % len(writers)].say(str(number)) for number in range(230)]


def test_history_in_pages(make_member, long_history):
    room, said = long_history
    late = make_member(room, "Late")
    assert late.joined["messages"] == said[-100:] and late.joined["more"] is True
    assert late.joined["lastNumber"] == said[-1]["number"]

    def history(**members):
        return late.request("history", **members)

    assert history() == {"messages": said[-100:], "more": True}
    assert history(limit=2) == {"messages": said[-2:], "more": True}
    assert history(before=said[130]["number"]) == {"messages": said[30:130], "more": True}
    assert history(before=said[30]["number"]) == {"messages": said[:30], "more": False}
    assert history(before=said[10]["number"], limit=3) == {"messages": said[7:10], "more": True}
    assert history(before=said[0]["number"]) == {"messages": [], "more": False}


def test_history_after_what_is_known(make_member, long_history):
    """Whoever notices a hole fetches what it missed."""
    room, said = long_history
    late = make_member(room, "Late")
    assert late.request("history", after=said[9]["number"]) == {"messages": said[10:110], "more": True}
    assert late.request("history", after=said[129]["number"]) == {"messages": said[130:], "more": False}
    assert late.request("history", after=said[-1]["number"]) == {"messages": [], "more": False}
    assert late.request("history", after=0, limit=1) == {"messages": said[:1], "more": True}
    answer = late.request("history", after=said[9]["number"], before=said[20]["number"])
    assert error_code(answer) == "bad-request"


def test_history_is_for_members(make_member, room):
    said = make_member(room).say("secret")
    stranger = make_member(room + "x")
    page = stranger.request("history", before=said["number"] + 1)
    assert page == {"messages": [], "more": False}


def test_repeated_key_is_one_message(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    first = ann.say("once", key="same")
    assert ann.say("once", key="same") == first
    # So it is after a reload too.
    ann.request("leave")
    ann.join(room, "Ann", key=ann.key)
    assert ann.say("once", key="same") == first
    assert bea.wait_for("message") == first
    ann.say("marker")
    assert bea.wait_for("message")["text"] == "marker"
    elsewhere = make_member(room + "x", "Ann")
    said = elsewhere.say("once", key="same")
    assert (said["text"], said["author"]) == ("once", elsewhere.id)


def test_a_key_is_for_one_text_of_one_member(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Ann")
    first = ann.say("I do NOT agree", key="same")
    answer = ann.request("say", text="I agree", key="same")
    assert error_code(answer) == "bad-request" and answer["error"]["argument"] == "key"
    assert ann.say("I do NOT agree", key="same") == first
    other = bea.say("I agree", key="same")
    assert make_member(room).joined["messages"] == [first, other], "another member's key is another"


@pytest.mark.parametrize("length, fits", [(1, True), (4000, True), (4001, False), (0, False)])
@pytest.mark.parametrize("letter", ["x", "😀"])
def test_text_limit(make_member, room, length, fits, letter):
    answer = make_member(room).request("say", text=letter * length)
    if fits:
        assert answer["message"]["text"] == letter * length
    else:
        assert error_code(answer) == "bad-request"
        assert (answer["error"]["argument"], answer["error"]["limit"]) == ("text", 4000)


def test_rate_limit(make_member, room):
    member, other = make_member(room), make_member(room)
    answers = [member.request("say", text=str(number)) for number in range(60)]
    refused = [answer for answer in answers if "error" in answer]
    assert all(error_code(answer) == "too-many-requests" for answer in refused)
    assert all(0 < answer["error"]["retryAfter"] <= 100 for answer in refused)
    # 20 at once and 10 a second: sixty back to back take far less than four seconds.
    assert refused and "message" in answers[19]
    other.say("others are not limited by it")
    wait_until(lambda: "message" in member.request("say", text="later"), interval=0.1, what="the limit to recover")


# MARK: Replies, changes, and what is taken back


def test_reply(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    question = ann.say("why?")
    answer = bea.say("because", replyTo=question["number"])
    assert answer["replyTo"] == question["number"]
    assert ann.wait_for("message", where=lambda message: message["author"] == bea.id) == answer
    assert make_member(room).joined["messages"][-1] == answer
    assert error_code(bea.request("say", text="x", replyTo=answer["number"] + 1)) == "unknown-message"
    # A number of another room is none of this one.
    stranger = make_member(room + "x")
    assert error_code(stranger.request("say", text="x", replyTo=question["number"])) == "unknown-message"


def test_edit(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    said = ann.say("teh text", key="k")
    answer = ann.request("edit", number=said["number"], text="the text")
    changed = answer["message"]
    assert changed == {**said, "text": "the text", "edited": changed["edited"]}
    assert changed["edited"] >= said["time"]
    assert bea.wait_for("message") == said
    assert bea.wait_for("message") == changed
    assert make_member(room).joined["messages"] == [changed]
    # Nobody else's, whatever one may besides: Ann, who came first, is the host.
    other = bea.say("mine")
    assert error_code(ann.request("edit", number=other["number"], text="x")) == "not-allowed"
    assert error_code(bea.request("edit", number=said["number"], text="x")) == "not-allowed"
    assert error_code(bea.request("edit", number=other["number"] + 1, text="x")) == "unknown-message"


def test_delete(make_member, room):
    ann, bea, cid = make_member(room, "Ann"), make_member(room, "Bea"), make_member(room, "Cid")
    own, others = bea.say("mine"), cid.say("yours")
    assert error_code(bea.request("delete", number=others["number"])) == "not-allowed"
    for member, message in ((bea, own), (ann, others)):
        deleted = member.request("delete", number=message["number"])["message"]
        assert deleted["deleted"] is True and not deleted.get("text")
        assert (deleted["number"], deleted["author"]) == (message["number"], message["author"])
        assert cid.wait_for("message", where=lambda heard: heard.get("deleted")) == deleted
    assert error_code(bea.request("edit", number=own["number"], text="again")) == "unknown-message"
    assert error_code(bea.request("delete", number=own["number"] + 99)) == "unknown-message"
    late = make_member(room)
    assert [message["number"] for message in late.joined["messages"]] == [own["number"], others["number"]]
    assert not any(message.get("text") for message in late.joined["messages"])
    assert late.request("search", text="yours") == {"messages": [], "more": False}


# MARK: Search


def test_search(make_member, room):
    ann = make_member(room)
    said = [ann.say(text) for text in ("The quick brown fox", "quick quiet", "Straße nach Köln", "a fox, quick!")]

    def search(text, **members):
        page = ann.request("search", text=text, **members)
        assert set(page) == {"messages", "more"}, page
        return [message["number"] for message in page["messages"]], page["more"]

    number = [message["number"] for message in said]
    assert search("quick") == ([number[3], number[1], number[0]], False)
    assert search("QUICK fox") == ([number[3], number[0]], False)
    assert search("qui") == ([number[3], number[1], number[0]], False)
    assert search("qui fox") == ([], False), "only the last word may be a beginning"
    assert search("quick", limit=1) == ([number[3]], True)
    assert search("quick", before=number[3], limit=1) == ([number[1]], True)
    assert search("quick", before=number[0]) == ([], False)
    assert search("köln") == ([number[2]], False)
    for text in ("", " ", "!?", "\u0301"):
        assert search(text) == ([], False), "what has no words finds nothing"
    for text in ('"', "quick OR", "fox*", "NEAR(fox)", "text:fox", "-", "'; DROP TABLE message; --", "(", "^fox"):
        # Each asks once: a member may not search so often.
        assert "messages" in make_member(room).request("search", text=text), text
    assert make_member(room + "x").request("search", text="quick") == {"messages": [], "more": False}
    changed = ann.request("edit", number=number[1], text="slow")
    assert "message" in changed and search("slow") == ([number[1]], False)
    assert search("quiet") == ([], False)


# MARK: What can't be right


@pytest.mark.parametrize(
    "event, arguments",
    [
        ("say", BAD),
        ("say", [{"text": text} for text in ["", 5, None, [], {}, True, b"x", "a\x00b"]]),
        ("say", [{"text": "x", "key": key} for key in ["", "x" * 65, 5, [], {}, True, b"x", "a\nb"]]),
        ("say", [{"text": "x", "replyTo": number} for number in ["", "1", [], {}, True, 1.5, 2**70, b"x"]]),
        ("edit", BAD),
        ("edit", [{"number": number, "text": "x"} for number in ["", "x", None, [], {}, True, 1.5, 1e300, b"x"]]),
        ("edit", [{"number": 1, "text": text} for text in ["", 5, None, [], {}, True, b"x", "x" * 4001]]),
        ("delete", BAD),
        ("delete", [{"number": number} for number in ["", "x", None, [], {}, True, 1.5, 1e300, b"x"]]),
        ("history", [1, True, "text", [], b"\x00\x01", [1, [2, [3]]]]),
        ("history", [{"before": value} for value in ["", "x", [], {}, True, 1.5, 1e300, b"x"]]),
        ("history", [{"after": value} for value in ["", "x", [], {}, True, 1.5, 1e300, b"x"]]),
        ("history", [{"before": 1, "limit": value} for value in [0, 101, -1, "x", [], True, 1.5, 2**70]]),
        ("search", BAD),
        ("search", [{"text": value} for value in [5, None, [], {}, True, b"x", "x" * 201]]),
        ("search", [{"text": "x", "before": value} for value in ["", "x", [], {}, True, 1.5, 1e300]]),
        ("search", [{"text": "x", "limit": value} for value in [0, 101, -1, "x", [], True, 1.5, 2**70]]),
        ("typing", BAD),
        ("typing", [{"active": value} for value in ["", 1, None, [], {}]]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_arguments(make_member, shared_linkup, room, event, arguments):
    observer = make_member(room, "Observer")
    for argument in arguments:
        # One connection each, so that no rate limit answers in place of the check.
        member = make_member(room)
        answer = member.request(event, argument)
        assert error_code(answer) == "bad-request", argument
        # It names what is wrong; that the argument is no object needs no name.
        assert answer["error"]["argument"] in {*(argument if isinstance(argument, dict) else [""]), *NEEDED[event]}
        member.close()
    observer.say("still here")
    assert shared_linkup.is_running


NEEDED = {
    "say": {"text"}, "edit": {"number", "text"}, "delete": {"number"}, "history": set(), "search": {"text"},
    "typing": {"active"},
}  # fmt: skip


@pytest.mark.parametrize("number", [-1, 0, 2**53, 2**63 - 1, -(2**63)])
def test_numbers_of_no_message(make_member, room, number):
    ann = make_member(room)
    ann.say("x")
    assert error_code(ann.request("edit", number=number, text="y")) == "unknown-message"
    assert error_code(ann.request("delete", number=number)) == "unknown-message"
    assert error_code(ann.request("say", text="y", replyTo=number)) == "unknown-message"
    for name in ("before", "after"):
        assert len(ann.request("history", **{name: number})["messages"]) <= 1


def test_requests_before_join(make_member):
    member = make_member()
    for event, argument in (
        ("say", {"text": "x"}),
        ("edit", {"number": 1, "text": "x"}),
        ("delete", {"number": 1}),
        ("history", {"before": 1}),
        ("history", {}),
        ("search", {"text": "x"}),
        ("typing", {"active": True}),
    ):
        assert error_code(member.request(event, argument)) == "not-joined"
    assert member.request("leave") == {}


# MARK: What was acknowledged stays


def test_no_acknowledged_message_is_lost_when_the_server_is_killed(start_linkup):
    """Several people talk as fast as they may; the server dies in the middle of it, and comes back."""
    server = start_linkup()
    acknowledged, keys, lock, killed = {}, {}, threading.Lock(), threading.Event()

    def talk(number):
        try:
            with Member(server.url) as member:
                member.join("room", f"Writer {number}")
                with lock:
                    keys[member.id] = member.key
                for turn in range(10_000):
                    answer = member.request("say", text=f"{number}/{turn}", key=f"{number}/{turn}")
                    if "message" in answer:
                        with lock:
                            acknowledged[answer["message"]["number"]] = answer["message"]
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
        page = member.join("room", "Reader")
        last_number = page["lastNumber"]
        stored = page["messages"]
        while page["more"]:
            page = member.request("history", before=page["messages"][0]["number"])
            stored = page["messages"] + stored
        assert [message["number"] for message in stored] == list(range(1, last_number + 1)), "no hole, nothing twice"
        by_number = {message["number"]: message for message in stored}
        missing = [message for number, message in expected.items() if by_number.get(number) != message]
        assert not missing
        keys_said = [message["key"] for message in stored]
        assert len(set(keys_said)) == len(keys_said)
        # What was said but not acknowledged may be there or not; saying it again does not double it.
        last = stored[-1]
        member.join("room", last["name"], key=keys[last["author"]])
        assert member.id == last["author"]
        assert member.say(last["text"], key=last["key"]) == last
        assert member.say("new")["number"] == last_number + 1
