"""Who is in a room, as whom and with which rights, as docs/protocol.md has it."""

import itertools
import json
import queue
import time

import pytest

from harness import http
from harness.attack import NETWORKS, Intruder, exchange
from harness.member import SILENT, Member, call, error_code
from harness.rooms import BAD, TEXTS, make_caller, make_member, room, settled  # noqa: F401, fixtures
from harness.waiting import wait_until


def ids(answer):
    return [member["id"] for member in answer["members"]]


def leave_by_beacon(server, **goodbye):
    """What a page says that is being closed."""
    # Browsers send it as text, so that no preflight is needed.
    headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": server.url}
    return http.request(server.address, "POST", "/api/leave", body=json.dumps(goodbye), headers=headers)


# MARK: Entering


def test_the_answer_to_a_join(make_member, room):
    ann = make_member(room, "Ann")
    answer = ann.joined
    assert set(answer) == {
        *("version", "capabilities", "self", "key", "room", "members", "memberCount", "messages", "more"),
        *("lastNumber", "epoch"),
    }
    assert answer["version"] == 1 and isinstance(answer["capabilities"], list)
    assert answer["room"] == {"name": room, "locked": False, "waiting": False, "newcomers": "member"}
    assert answer["members"] == [{"id": ann.id, "name": "Ann", "role": "host", "away": False, "hand": 0}]
    assert answer["memberCount"] == 1
    bea = make_member(room, "Bea")
    newcomer = {"id": bea.id, "name": "Bea", "role": "member", "away": False, "hand": 0}
    assert ann.wait_for_member(bea.id) == newcomer
    assert bea.joined["members"] == [*answer["members"], newcomer] and bea.joined["memberCount"] == 2
    assert bea.joined["epoch"] > answer["epoch"]
    assert bea.request("leave") == {}
    assert ann.wait_for("member-left") == {"id": bea.id, "reason": "left"}


def test_moving_to_another_room_leaves_the_former(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    bea.join(room + "x", "Bea")
    assert ann.wait_for("member-left")["reason"] == "left"
    assert ids(bea.joined) == [bea.id]
    # A join that is refused leaves where one was.
    for answer in (bea.try_join("no room"), bea.try_join(room, ""), bea.try_join(room, version=2)):
        assert "error" in answer
    said = bea.say("still here")
    assert make_member(room + "x").joined["messages"] == [said]


def test_versions(make_member, room):
    member = make_member()
    for version in (0, 2, 10**9):
        answer = member.try_join(room, version=version)
        assert error_code(answer) == "version" and answer["error"]["limit"] == 1
    assert error_code(member.request("join", room=room, name="Ann")) == "bad-request"
    # What a later version adds is ignored.
    member.join(room, colour="red", more={"x": [1]})


JOIN = {"room": "r", "name": "Ann", "version": 1}


@pytest.mark.parametrize(
    "event, arguments",
    [
        ("join", BAD),
        ("join", [{**JOIN, "room": text} for text in TEXTS]),
        ("join", [{**JOIN, "name": name} for name in ["", "  ", "x" * 65, "a\nb", "a\x00b", 5, None, [], {}]]),
        ("join", [{**JOIN, "version": version} for version in ["1", None, [], {}, True, 1.5, b"x"]]),
        ("join", [{**JOIN, "key": key} for key in [5, [], {}, True, "x" * 257, b"x"]]),
        ("name", [*BAD, *({"name": name} for name in ["", "  ", "x" * 65, "a\nb", "\u202e", "\u0301", 5, None, []])]),
        ("hand", [*BAD, *({"raised": value} for value in ["", 1, None, [], {}])]),
        ("react", [*BAD, *({"reaction": value} for value in ["", "Yes", "👍", "x" * 65, 1, None, [], {}, True, b"x"])]),
        ("lower", [*BAD, *({"id": value} for value in [5, None, [], {}, True, "x" * 65, b"x"])]),
        ("lower", [{"all": value} for value in [False, None, 1, "true", [], {}]]),
        ("lock", [*BAD, *({"locked": value} for value in ["", 1, None, [], {}])]),
        ("settings", [1, True, "x", [], b"x", *({"waiting": value} for value in ["", 1, [], {}])]),
        ("settings", [{"newcomers": value} for value in ["host", "moderator", "", "x", 1, True, [], {}]]),
        ("admit", [*BAD, *({"id": value} for value in [5, None, [], {}, True, "x" * 65, b"x"])]),
        ("deny", [*BAD, *({"id": value} for value in [5, None, [], {}, True, "x" * 65, b"x"])]),
        ("remove", [*BAD, *({"id": value} for value in [5, None, [], {}, True, "x" * 65, b"x"])]),
        ("mute", [*BAD, *({"id": value} for value in [5, None, [], {}, True, "x" * 65, b"x"])]),
        ("role", [*BAD, *({"id": value, "role": "member"} for value in [5, None, [], {}, True, "x" * 65])]),
        ("role", [{"id": "x", "role": value} for value in ["", "owner", 5, None, [], {}, True]]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_arguments(make_member, room, event, arguments):
    for number, argument in enumerate(arguments):
        # The host of a room of its own, who may ask for anything, and whom no rate limits.
        member = make_member(f"{room}-{number}" if event != "join" else None)
        assert error_code(member.request(event, argument)) == "bad-request", argument
        member.join(f"{room}-{number}")
        member.close()


def test_requests_before_join(make_member):
    member = make_member()
    for event, argument in (
        ("name", {"name": "x"}),
        ("hand", {"raised": True}),
        ("enter", call()),
        ("exit", {}),
        ("status", SILENT),
        ("lock", {"locked": True}),
        ("settings", {}),
        ("admit", {"id": "x"}),
        ("deny", {"id": "x"}),
        ("role", {"id": "x", "role": "host"}),
        ("remove", {"id": "x"}),
        ("mute", {"id": "x"}),
        ("lower", {"all": True}),
        ("react", {"reaction": "yes"}),
    ):
        assert error_code(member.request(event, argument)) == "not-joined", event


def test_names_and_hands(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    assert bea.request("name", name=" Beate \u200b (you)") == {}
    for member in (ann, bea):
        assert member.wait_for_member(bea.id, lambda news: news["name"] != "Bea")["name"] == "Beate"
    assert bea.say("x")["name"] == "Beate"
    hands = []
    for member in (bea, ann, bea):
        assert member.request("hand", raised=False) == {}
        assert member.request("hand", raised=True) == {}
        hands.append(ann.wait_for_member(member.id, lambda news: news["hand"] > max([0, *hands]))["hand"])
    assert hands == sorted(hands), "in the order in which they went up"
    # Raised twice is raised once: it keeps its place.
    assert ann.request("hand", raised=True) == {}
    late = make_member(room)
    assert [member["hand"] for member in late.joined["members"]] == [hands[1], hands[2], 0]
    assert ann.request("hand", raised=False) == {}
    assert bea.wait_for_member(ann.id, lambda news: not news["hand"])["hand"] == 0


def test_reactions_are_shown_and_forgotten(make_member, make_caller, room):
    ann, bea, cid = make_caller(room, "Ann"), make_member(room, "Bea"), make_member(room + "x", "Cid")
    tab = make_member(room, "Bea", key=bea.key)
    codes = ["yes", "no", "applause", "heart", "laugh", "wow", "sad", "party"]
    for code in codes:
        assert bea.request("react", reaction=code) == {}
    for member in (ann, tab):
        assert [member.wait_for("reaction") for _ in codes] == [{"id": bea.id, "reaction": code} for code in codes]
    # Whoever shows it knows; other rooms and who comes later don't.
    late = make_member(room, "Dee")
    late.say("marker")
    for member in (bea, cid, late):
        member.request("hand", raised=True)
        assert not member.heard("reaction")


def test_hosts_lower_hands(make_member, room):
    ann, bea, cid, dee = (make_member(room, name) for name in ("Ann", "Bea", "Cid", "Dee"))
    assert ann.request("role", id=bea.id, role="moderator") == {}
    for member in (ann, bea, cid, dee):
        assert member.request("hand", raised=True) == {}

    def hands():
        members = make_member(room).joined["members"]
        return [member["id"] for member in sorted(members, key=lambda member: member["hand"]) if member["hand"]]

    assert error_code(cid.request("lower", id=dee.id)) == "not-allowed"
    assert error_code(bea.request("lower", id=ann.id)) == "not-allowed", "it is a host"
    assert bea.request("lower", id=cid.id) == {} and bea.request("lower", id=cid.id) == {}
    assert cid.wait_for_member(cid.id, lambda news: not news["hand"]) and hands() == [ann.id, bea.id, dee.id]
    # All but those of hosts, and all.
    assert bea.request("lower", all=True) == {} and hands() == [ann.id]
    assert dee.request("hand", raised=True) == {} and hands() == [ann.id, dee.id]
    assert ann.request("lower", all=True) == {} and hands() == []
    assert error_code(ann.request("lower", id="nobody")) == "unknown-member"


# MARK: One person, several connections


def test_two_tabs_are_one_person(make_member, room):
    ann = make_member(room, "Ann")
    first = make_member(room, "Bea")
    second = make_member(room, "Bea", key=first.key)
    assert second.id == first.id and second.key == first.key
    assert second.joined["memberCount"] == 2 and sorted(ids(second.joined)) == sorted([ann.id, first.id])
    # Both hear what is said, of each other too, and both may speak.
    said = ann.say("to both")
    assert first.wait_for("message") == second.wait_for("message") == said
    said = first.say("from one")
    assert said["author"] == first.id and second.wait_for("message") == said
    # One tab less is nothing to the others.
    assert first.request("leave") == {}
    assert error_code(first.request("say", text="x")) == "not-joined"
    second.say("marker")
    ann.wait_for("message", where=lambda message: message["text"] == "marker")
    assert not ann.heard("member-left")
    assert not [news for _, news in ann.heard("member") if news["away"]]
    assert second.request("leave") == {}
    assert ann.wait_for("member-left") == {"id": first.id, "reason": "left"}


def test_a_lost_tab_is_nothing_to_the_others(settled, make_member):
    room, ann, first = settled("chat")
    second = make_member(room, "Bea", key=first.key)
    first.drop()
    time.sleep(0.5)
    second.say("marker")
    ann.wait_for("message")
    assert not ann.heard("member-left") and not [news for _, news in ann.heard("member") if news["away"]]


def test_who_has_a_tab_left_is_not_away(settled, make_member):
    """The tab with the call is lost: its place in the call is kept, and the person is there all the same."""
    room, ann, first = settled("call")
    second = make_member(room, "Bea", key=first.key)
    first.drop()
    second.say("still here")
    ann.wait_for("message")
    wait_until(lambda: "error" in ann.request("signal", first.id, {}), interval=0.1, what="the call to be lost")
    assert error_code(ann.request("signal", first.id, {})) == "peer-away"
    second.say("still here")
    ann.wait_for("message")
    news = last_known(ann)[first.id]
    assert (news["call"]["stay"], news["call"]["away"], news["away"]) == (first.stay, True, False)
    # A new tab that has the chat alone changes nothing of that.
    third = make_member(room, "Bea", key=first.key)
    (shown,) = (member for member in third.joined["members"] if member["id"] == first.id)
    assert shown["call"]["stay"] == first.stay and shown["away"] is False


def test_the_oldest_of_too_many_tabs_is_put_out(make_member, room):
    ann = make_member(room, "Ann")
    tabs = [make_member(room, "Bea")]
    tabs += [make_member(room, "Bea", key=tabs[0].key) for _ in range(7)]
    assert all("message" in tab.request("say", text="x") for tab in tabs)
    tabs.append(make_member(room, "Bea", key=tabs[0].key))
    assert tabs[0].wait_for("moved") == {}
    assert error_code(tabs[0].request("say", text="x")) == "not-joined"
    assert all("message" in tab.request("say", text="x") for tab in tabs[1:])
    ann.say("marker")
    assert tabs[8].wait_for("message", where=lambda message: message["author"] == ann.id)
    assert not [1 for _, message in tabs[0].heard("message") if message["text"] == "marker"]
    assert not ann.heard("member-left")


def test_forged_keys_make_somebody_new(make_member, room):
    ann = make_member(room, "Ann")
    key = ann.key
    forged = [key[:-1] + ("A" if key[-1] != "A" else "B"), "x", ann.id, f"{ann.id}.", key + "A", "." + key, "", "\x00"]
    others = [make_member(room, "Eve", key=value) for value in forged]
    # A true key in another room is no better.
    others.append(make_member(room + "x", "Eve", key=key))
    assert len({ann.id, *(other.id for other in others)}) == len(others) + 1


def test_a_key_outlives_the_server(start_linkup):
    server = start_linkup()
    with Member(server.url) as ann:
        first = ann.join("room", "Ann")
        said = ann.say("before")
    server.kill()
    server = start_linkup()
    with Member(server.url) as ann:
        again = ann.join("room", "Ann", key=first["key"])
        assert (again["self"], again["key"]) == (first["self"], first["key"])
        assert again["messages"] == [said] and ann.say("after")["author"] == said["author"]


# MARK: Absence


def test_who_was_there_for_a_blink_is_gone_at_once(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    bea.drop()
    assert ann.wait_for("member-left") == {"id": bea.id, "reason": "lost"}


def test_away_and_back(settled, make_member):
    room, ann, bea = settled("chat")
    assert bea.request("hand", raised=True) == {}
    bea.drop()
    away = ann.wait_for_member(bea.id, lambda news: news["away"])
    # It keeps all that it had, and who comes meanwhile sees that it is away.
    assert (away["name"], away["role"], away["hand"]) == ("Bea", "member", 1)
    late = make_member(room, "Cid")
    assert away in late.joined["members"] and late.joined["memberCount"] == 3
    again = make_member(room, "Bea", key=bea.key)
    back = ann.wait_for_member(bea.id, lambda news: not news["away"])
    assert back == {**away, "away": False}
    assert again.id == bea.id and not ann.heard("member-left")


@pytest.mark.parametrize("code", [1000, 1001])
def test_a_browser_says_that_the_page_is_gone(settled, code):
    """Browsers close the WebSocket of a page that goes with code 1001, also when the page itself can say nothing."""
    _, ann, bea = settled("chat")
    bea.client.eio.ws.send_close(code)
    assert ann.wait_for_member(bea.id, lambda news: news["away"])
    if code == 1001:
        assert ann.wait_for("member-left", timeout=20) == {"id": bea.id, "reason": "left"}
    else:
        with pytest.raises(queue.Empty):
            ann.wait_for("member-left", timeout=4)


@pytest.mark.long
def test_who_does_not_come_back_is_gone(make_caller, room):
    ann, bea = make_caller(room, "Ann"), make_caller(room, "Bea")
    time.sleep(3.2)
    bea.drop()
    ann.wait_for_member(bea.id, lambda news: news["away"])
    began = time.monotonic()
    assert ann.wait_for("member-left", timeout=35) == {"id": bea.id, "reason": "lost"}
    assert 28 < time.monotonic() - began < 32
    # The peers were told, so that the same stay needs new connections.
    again = make_caller(room, "Bea", key=bea.key, stay=bea.stay)
    assert again.id == bea.id and again.joined["call"] == {"forgottenBy": [ann.id]}


class Reload:
    """A page that is loaded again: its connection ends, it says goodbye, and the new page joins, in some order."""

    def __init__(self, server, room, make):
        self.server, self.room, self.make = server, room, make
        self.ann, self.page = make(room, "Ann"), make(room, "Bea")
        self.id, self.connection = self.page.id, self.page.connection

    def end(self):
        self.page.drop()

    def goodbye(self):
        goodbye = {"room": self.room, "key": self.page.key, "connection": self.connection}
        assert leave_by_beacon(self.server, **goodbye).status == 204

    def join(self):
        self.again = self.make(self.room, "Bea", key=self.page.key)
        assert self.again.id == self.id

    def assert_that_one_is_there(self, stranger):
        """The member is there once, and the last thing that the others know of it is that."""
        stranger.join(self.room, "Cid")
        (shown,) = (member for member in stranger.joined["members"] if member["name"] == "Bea")
        assert shown["id"] == self.id and shown["away"] is False and stranger.joined["memberCount"] == 3
        assert shown.get("call", {}).get("stay") == getattr(self.again, "stay", None)
        assert last_known(self.ann)[self.id] == shown
        self.again.say("still here")
        assert self.ann.wait_for("message")["author"] == self.id


def last_known(member):
    """What a member has heard last of each other one; `None` of those who left."""
    known = {}
    for name, value in member.heard("member", "member-left"):
        known[value["id"]] = value if name == "member" else None
    return known


def test_a_reload_leaves_no_ghost(make_member, make_caller, shared_linkup, room):
    """In whatever order things happen, of a page that was there for long, and of one that was opened just now.

    With the chat alone and in the call.
    """
    kinds = {"chat": make_member, "call": make_caller}
    cases = list(itertools.product(kinds, itertools.permutations(["end", "goodbye", "join"])))

    def start(age):
        reloads = []
        for kind, order in cases:
            name = "-".join([kind, age, *order])
            reloads.append((name, Reload(shared_linkup, f"{room}-{name}", kinds[kind])))
        return reloads

    settled = start("settled")
    # The place of who was there for three seconds is kept.
    time.sleep(3.2)
    fresh = start("fresh")
    for (_, order), (_, reload) in zip(cases * 2, settled + fresh):
        for step in order:
            getattr(reload, step)()
    # By now every time that ran is over.
    time.sleep(3.5)
    # Of whom none enters more rooms than one may at once.
    strangers = itertools.cycle([make_member(), make_member()])
    for stranger, (name, reload) in zip(strangers, settled + fresh):
        try:
            reload.assert_that_one_is_there(stranger)
        except AssertionError as error:
            raise AssertionError(name) from error
    # And when it is closed, it is gone.
    for _, reload in settled + fresh:
        again = reload.again
        goodbye = {"room": reload.room, "key": again.key, "connection": again.connection}
        assert leave_by_beacon(shared_linkup, **goodbye).status == 204
        again.drop()
    for name, reload in settled + fresh:
        wait_until(lambda reload=reload: last_known(reload.ann)[reload.id] is None, what=f"the end, {name}")


def test_a_goodbye_leaves_time_for_a_reload(settled, shared_linkup):
    room, ann, bea = settled("chat")
    leave_by_beacon(shared_linkup, room=room, key=bea.key, connection=bea.connection)
    began = time.monotonic()
    ann.wait_for_member(bea.id, lambda news: news["away"])
    assert ann.wait_for("member-left", timeout=20) == {"id": bea.id, "reason": "left"}
    # Whoever is lost without a word has half a minute.
    assert 2.5 < time.monotonic() - began < 20
    # The connection that the page has said goodbye for is in no room any more.
    assert error_code(bea.request("say", text="x")) == "not-joined"


def test_goodbyes_that_prove_nothing_do_nothing(make_member, shared_linkup, room):
    ann, bea, eve = make_member(room, "Ann"), make_member(room, "Bea"), make_member(room, "Eve")
    forged = bea.key[:-1] + ("A" if bea.key[-1] != "A" else "B")
    good = {"room": room, "key": bea.key, "connection": bea.connection}
    goodbyes = [{**good, **change} for change in (
        {"key": forged}, {"key": eve.key}, {"key": ""}, {"key": bea.id}, {"room": room + "x"}, {"room": "no room"},
        {"connection": eve.connection}, {"connection": ""}, {"connection": "x" * 400}, {"key": "x" * 2000},
        {"connection": room}, {"connection": f"room:{room}"}, {"connection": 5}, {"room": None},
    )]  # fmt: skip
    bodies = [json.dumps(goodbye) for goodbye in goodbyes] + ["", "x", "[]", "{}", "\x00", "[" * 1000, "x" * 100_000]
    for body in bodies:
        assert http.request(shared_linkup.address, "POST", "/api/leave", body=body).status == 204, body[:200]
    for member in (bea, eve):
        member.say("still here")
    assert not [news for _, news in ann.heard("member") if news["away"]] and not ann.heard("member-left")


def test_other_sites_say_no_goodbye(make_member, shared_linkup, room):
    """The key is the proof; but names under which nobody opens the page are refused here as well."""
    bea = make_member(room)
    goodbye = json.dumps({"room": room, "key": bea.key, "connection": bea.connection})
    head = ["POST /api/leave HTTP/1.1", "Host: evil.example", "Connection: close", f"Content-Length: {len(goodbye)}"]
    answer = exchange(shared_linkup.address, "\r\n".join([*head, "", goodbye]).encode())
    assert answer.startswith(b"HTTP/1.1 421 ")
    bea.say("still here")


# MARK: Roles


REQUESTS = {
    "history": lambda other: {},
    "hand": lambda other: {"raised": True},
    "react": lambda other: {"reaction": "heart"},
    "name": lambda other: {"name": "Renamed"},
    "exit": lambda other: {},
    "say": lambda other: {"text": "x"},
    "typing": lambda other: {"active": True},
    "enter": lambda other: call(),
    "lock": lambda other: {"locked": False},
    "admit": lambda other: {"id": "nobody"},
    "deny": lambda other: {"id": "nobody"},
    "mute": lambda other: {"id": other},
    "lower": lambda other: {"id": other},
    "settings": lambda other: {"newcomers": "member"},
    "role": lambda other: {"id": other, "role": "guest"},
    "remove": lambda other: {"id": other},
}
ALWAYS = ["history", "hand", "react", "name", "exit"]
PART = ["say", "typing", "enter"]
MODERATION = ["lock", "admit", "deny", "mute", "lower", "remove"]
GOVERNMENT = ["settings", "role"]


@pytest.mark.parametrize(
    "role, allowed",
    [
        ("host", [*ALWAYS, *PART, *MODERATION, *GOVERNMENT]),
        ("moderator", [*ALWAYS, *PART, *MODERATION]),
        ("member", [*ALWAYS, *PART]),
        ("guest", ALWAYS),
    ],
)
def test_what_each_role_may(make_member, make_caller, room, role, allowed):
    host, member, other = make_member(room, "Host"), make_member(room, "It"), make_caller(room, "Other")
    assert host.request("role", id=member.id, role=role) == {}
    assert member.wait_for_member(member.id, lambda news: news["role"] == role)
    for event, argument in REQUESTS.items():
        answer = member.request(event, argument(other.id))
        is_refused = "error" in answer and error_code(answer) == "not-allowed"
        assert is_refused == (event not in allowed), (event, answer)
        if event in ("admit", "deny") and not is_refused:
            assert error_code(answer) == "unknown-member"


def test_who_comes_first_is_host_until_somebody_else_is(make_member, room):
    ann, bea, cid = (make_member(room, name) for name in ("Ann", "Bea", "Cid"))
    assert [member["role"] for member in cid.joined["members"]] == ["host", "member", "member"]
    assert ann.request("role", id=cid.id, role="moderator") == {}
    ann.request("leave")
    # A moderator first, or else whoever is there for longest.
    assert bea.wait_for_member(cid.id, lambda news: news["role"] == "host")
    cid.request("leave")
    assert bea.wait_for_member(bea.id, lambda news: news["role"] == "host")
    # Who comes back has the role that it had.
    ann.join(room, "Ann", key=ann.key)
    assert {member["id"]: member["role"] for member in ann.joined["members"]} == {ann.id: "host", bea.id: "host"}
    # Until the room was empty.
    for member in (ann, bea):
        member.request("leave")
    cid.join(room, "Cid", key=cid.key)
    ann.join(room, "Ann", key=ann.key)
    assert {member["id"]: member["role"] for member in ann.joined["members"]} == {cid.id: "host", ann.id: "member"}


def test_a_room_keeps_a_host(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    for role in ("moderator", "member", "guest"):
        assert error_code(ann.request("role", id=ann.id, role=role)) == "not-allowed"
    assert error_code(ann.request("remove", id=ann.id)) == "not-allowed"
    assert error_code(ann.request("role", id="nobody", role="member")) == "unknown-member"
    assert ann.request("role", id=bea.id, role="host") == {}
    assert ann.request("role", id=ann.id, role="guest") == {}
    assert error_code(ann.request("say", text="x")) == "not-allowed"
    assert error_code(ann.request("role", id=ann.id, role="host")) == "not-allowed"


@pytest.mark.parametrize("before, after", [("guest", "member"), ("member", "guest")])
def test_newcomers_have_the_role_that_is_set(make_member, room, before, after):
    ann = make_member(room, "Ann")
    assert ann.request("settings", newcomers=before) == {}
    bea = make_member(room, "Bea")
    (role,) = (member["role"] for member in bea.joined["members"] if member["id"] == bea.id)
    assert role == before
    bea.request("leave")
    assert ann.request("settings", newcomers=after) == {}
    if before != "member":
        assert ann.wait_for("room", where=lambda news: news["newcomers"] == before)
    assert ann.wait_for("room", where=lambda news: news["newcomers"] == after)
    cid = make_member(room, "Cid")
    assert {member["name"]: member["role"] for member in cid.joined["members"]}["Cid"] == after
    # Whoever was here before is not new.
    bea.join(room, "Bea", key=bea.key)
    assert {member["name"]: member["role"] for member in bea.joined["members"]}["Bea"] == before


def test_a_guest_leaves_the_call(make_caller, room):
    ann, bea = make_caller(room, "Ann"), make_caller(room, "Bea")
    assert ann.request("role", id=bea.id, role="guest") == {}
    news = ann.wait_for_member(bea.id, lambda news: news["role"] == "guest")
    assert "call" not in news
    assert error_code(bea.request("signal", ann.id, {})) in ("not-allowed", "not-joined")
    assert error_code(ann.request("signal", bea.id, {})) == "unknown-member"


# MARK: Moderation


def test_mute(make_caller, make_member, room):
    host, moderator, member = (make_caller(room, name) for name in ("Host", "Mod", "Member"))
    host.request("role", id=moderator.id, role="moderator")
    assert moderator.request("mute", id=member.id) == {}
    assert member.wait_for("mute") == {"by": moderator.id}
    assert host.request("mute", id=moderator.id) == {}
    assert moderator.wait_for("mute") == {"by": host.id}
    # Only those below.
    assert error_code(moderator.request("mute", id=host.id)) == "not-allowed"
    # Only who is in the call.
    silent = make_member(room)
    assert error_code(host.request("mute", id=silent.id)) == "unknown-member"
    assert error_code(host.request("mute", id="nobody")) == "unknown-member"
    assert not host.heard("mute") and not silent.heard("mute")


def test_remove(make_member, make_caller, room):
    host, moderator, member = make_member(room, "Host"), make_member(room, "Mod"), make_caller(room, "Member")
    tab = make_member(room, "Member", key=member.key)
    host.request("role", id=moderator.id, role="moderator")
    assert error_code(moderator.request("remove", id=host.id)) == "not-allowed"
    assert error_code(moderator.request("remove", id=moderator.id)) == "not-allowed"
    assert error_code(moderator.request("remove", id="nobody")) == "unknown-member"
    assert moderator.request("remove", id=member.id) == {}
    assert host.wait_for("member-left") == {"id": member.id, "reason": "removed"}
    host.say("secret")
    for connection in (member, tab):
        assert connection.wait_for("denied") == {}
        for event, argument in (("say", {"text": "x"}), ("history", {}), ("exit", {}), ("hand", {"raised": True})):
            assert error_code(connection.request(event, argument)) == "not-joined"
        # Neither it, nor another connection with its key.
        assert error_code(connection.try_join(room, key=member.key)) == "denied"
        assert not connection.heard("message")
    assert error_code(make_member().try_join(room, key=member.key)) == "denied"
    # Until the room was empty.
    for other in (host, moderator):
        other.request("leave")
    member.join(room, key=member.key)


def test_lock(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    assert ann.request("lock", locked=True) == {}
    assert bea.wait_for("room") == {"name": room, "locked": True, "waiting": False, "newcomers": "member"}
    stranger = make_member(room + "x")
    assert error_code(stranger.try_join(room)) == "locked"
    stranger.say("still where it was")
    # Nobody new: who was there comes back, from another connection too.
    bea.request("leave")
    bea.join(room, "Bea", key=bea.key)
    assert bea.joined["room"]["locked"] is True
    assert ann.request("lock", locked=False) == {}
    assert bea.wait_for("room")["locked"] is False
    make_member(room)


def test_who_is_kept_out_hears_nothing(make_member, room):
    """Whoever knocks at a locked door, again and again, hears nothing of what is said behind it."""
    ann = make_member(room, "Ann")
    removed = make_member(room, "Eve")
    ann.request("remove", id=removed.id)
    ann.request("lock", locked=True)
    strangers = [make_member() for _ in range(4)]
    for number in range(15):
        asked = []
        for stranger in (*strangers, removed):
            stranger.client.emit(
                "join", {"room": room, "name": "Eve", "version": 1, "key": removed.key}, namespace="/room"
            )
            asked.append(stranger)
        ann.say(f"secret {number}")
        ann.request("typing", active=True)
        for stranger in asked:
            assert error_code(stranger.try_join(room)) in ("locked", "busy", "too-many-requests")
    for stranger in strangers:
        assert not stranger.heard("message", "typing", "member", "room"), "behind a locked door"
    # It heard of itself while it was in the room.
    assert not removed.heard("message", "typing"), "after it was put out"


# MARK: The waiting list


def test_waiting_list(make_member, room):
    ann = make_member(room, "Ann")
    assert ann.request("settings", waiting=True) == {}
    assert ann.wait_for("room")["waiting"] is True
    bea, cid = make_member(), make_member()
    answer = bea.try_join(room, "Bea")
    assert set(answer) == {"waiting", "key"} and answer["waiting"] is True
    (waiter,) = ann.wait_for("waiting")["members"]
    assert waiter["name"] == "Bea" and set(waiter) == {"id", "name"}
    other = cid.try_join(room, "Cid")
    assert [member["name"] for member in ann.wait_for("waiting")["members"]] == ["Bea", "Cid"]
    for member in (bea, cid):
        assert error_code(member.request("say", text="x")) == "not-joined"
        assert error_code(member.request("history")) == "not-joined"
    ann.say("secret")
    ann.request("typing", active=True)
    assert ann.request("admit", id=waiter["id"]) == {}
    assert bea.wait_for("admitted") == {}
    (left,) = ann.wait_for("waiting")["members"]
    bea.join(room, "Bea", key=answer["key"])
    assert bea.id == waiter["id"]
    assert ann.request("deny", id=left["id"]) == {}
    assert cid.wait_for("denied") == {} and ann.wait_for("waiting") == {"members": []}
    assert error_code(cid.try_join(room, "Cid", key=other["key"])) == "denied"
    assert not cid.heard("message", "typing", "member", "room", "waiting")
    for event in ("admit", "deny"):
        assert error_code(ann.request(event, id=left["id"])) == "unknown-member"
    # Who was let in is not new any more; and nobody waits when there is no list.
    bea.request("leave")
    bea.join(room, "Bea", key=answer["key"])
    dee = make_member()
    assert dee.try_join(room, "Dee")["waiting"] is True
    assert ann.request("settings", waiting=False) == {}
    assert dee.wait_for("admitted") == {}
    dee.join(room, "Dee")


def test_who_waits_and_goes_is_not_waited_for(make_member, room):
    # Each in a room of its own, since the list is told at most once a second.
    waiters = {}
    for go in ("leave", "close", "drop", "elsewhere"):
        ann, bea = make_member(f"{room}-{go}", "Ann"), make_member()
        ann.request("settings", waiting=True)
        assert bea.try_join(f"{room}-{go}", "Bea")["waiting"] is True
        waiters[go] = ann, bea
    for ann, _ in waiters.values():
        assert len(ann.wait_for("waiting")["members"]) == 1
    for go, (_, bea) in waiters.items():
        if go == "leave":
            assert bea.request("leave") == {}
        elif go == "elsewhere":
            bea.join(room + "x")
        else:
            getattr(bea, go)()
    for go, (ann, _) in waiters.items():
        assert ann.wait_for("waiting") == {"members": []}, go


def test_who_may_admit_is_told_who_waits(make_member, room):
    """By becoming a moderator, by coming back, and when the host leaves."""
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    ann.request("settings", waiting=True)
    cid = make_member()
    cid.try_join(room, "Cid")
    assert [member["name"] for member in ann.wait_for("waiting")["members"]] == ["Cid"]
    assert not bea.heard("waiting")
    ann.request("role", id=bea.id, role="moderator")
    assert [member["name"] for member in bea.wait_for("waiting")["members"]] == ["Cid"]
    again = make_member(room, "Ann", key=ann.key)
    assert [member["name"] for member in again.wait_for("waiting")["members"]] == ["Cid"]


def test_two_tabs_wait_as_one_person(make_member, room):
    ann = make_member(room, "Ann")
    ann.request("settings", waiting=True)
    first, second = make_member(), make_member()
    key = first.try_join(room, "Bea")["key"]
    assert second.try_join(room, "Bea", key=key) == {"waiting": True, "key": key}
    (waiter,) = ann.wait_for("waiting", where=lambda news: True)["members"]
    ann.request("admit", id=waiter["id"])
    for tab in (second, first):
        assert tab.wait_for("admitted", timeout=3) == {}
        tab.join(room, "Bea", key=key)


def test_who_waits_may_enter_when_the_room_is_empty(make_member, room):
    ann = make_member(room, "Ann")
    ann.request("settings", waiting=True)
    bea = make_member()
    key = bea.try_join(room, "Bea")["key"]
    ann.request("leave")
    assert bea.wait_for("admitted") == {}
    bea.join(room, "Bea", key=key)
    assert bea.joined["members"][0]["role"] == "host" and bea.joined["room"]["waiting"] is False


def test_how_many_wait(make_member, shared_linkup, room):
    ann = make_member(room, "Ann")
    ann.request("settings", waiting=True)
    waiting = []
    try:
        for number in range(60):
            waiter = Intruder(shared_linkup.address, source=NETWORKS[number // 10])
            waiting.append(waiter)
            answer = waiter.join(room, f"Waiter {number}")
            if number < 50:
                assert answer["waiting"] is True, number
            else:
                assert error_code(answer) == "room-full" and answer["error"]["limit"] == 50
        assert len(ann.wait_for("waiting", where=lambda news: len(news["members"]) >= 50)["members"]) == 50
    finally:
        for waiter in waiting:
            waiter.socket.close()


def test_how_many_of_one_network_wait(make_member, room):
    ann = make_member(room, "Ann")
    ann.request("settings", waiting=True)
    waiting = [make_member() for _ in range(11)]
    answers = [waiter.try_join(room) for waiter in waiting]
    assert all(answer.get("waiting") for answer in answers[:10])
    assert error_code(answers[10]) == "room-full" and answers[10]["error"]["limit"] == 10
    waiting[3].close()
    wait_until(lambda: "waiting" in waiting[10].try_join(room), interval=0.3, what="a place to wait at")


# MARK: How many


def test_how_many_of_one_network(shared_linkup, room):
    members = []
    try:
        for number in range(101):
            member = Intruder(shared_linkup.address, source=NETWORKS[20])
            members.append(member)
            answer = member.join(room)
            if number < 100:
                assert "self" in answer, answer
        assert error_code(answer) == "room-full" and answer["error"]["limit"] == 100
        # Another network is none the poorer.
        other = Intruder(shared_linkup.address, source=NETWORKS[21])
        members.append(other)
        assert other.join(room)["memberCount"] == 101
    finally:
        for member in members:
            member.socket.close()
