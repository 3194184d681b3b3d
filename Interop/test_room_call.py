"""The call of a room: `enter`, `exit`, `status`, `signal` and ICE servers, as docs/protocol.md has them."""

import base64
import contextlib
import hmac
import time

import pytest

from harness.attack import NETWORKS, Intruder
from harness.member import SILENT, Member, call, error_code
from harness.rooms import BAD, make_caller, make_member, room, settled  # noqa: F401, fixtures

OFFER = {"epoch": 1, "description": {"type": "offer", "sdp": "v=0\r\n"}}


def in_call(member):
    """Those in the call, by the answer to a `join`: what each says of its stay, by its id."""
    return {other["id"]: other["call"] for other in member.joined["members"] if "call" in other}


def test_join_and_signal(make_caller, room):
    ann = make_caller(room, "Ann")
    assert in_call(ann) == {ann.id: {"stay": ann.stay, "away": False, **SILENT}}
    bea = make_caller(room, "Bea")
    assert in_call(bea) == {member.id: {"stay": member.stay, "away": False, **SILENT} for member in (ann, bea)}
    news = ann.wait_for_member(bea.id)
    assert (news["name"], news["call"]) == ("Bea", {"stay": bea.stay, "away": False, **SILENT})
    assert bea.joined["epoch"] > ann.joined["epoch"]
    # Passed on unread: members that nobody knows, and text that is no SDP, included.
    payload = {"epoch": 7, "description": {"type": "offer", "sdp": "v=0 ä 😀\r\n" + "x" * 1000}, "more": [1, {"x": None}]}
    assert bea.request("signal", ann.id, payload) == {}
    assert ann.wait_for("signal") == (bea.id, payload)
    candidate = {"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": None}
    for payload in ({"epoch": 1, "candidate": candidate}, {"epoch": 1, "endOfCandidates": True}, {}, {"n": 1e300}):
        assert ann.request("signal", bea.id, payload) == {}
        assert bea.wait_for("signal") == (ann.id, payload)
    status = {**SILENT, "audio": True, "screen": True}
    assert ann.request("status", status) == {}
    for member in (ann, bea):
        news = member.wait_for_member(ann.id, lambda member: member.get("call", {}).get("audio"))
        assert news["call"] == {"stay": ann.stay, "away": False, **status}
    assert in_call(make_caller(room, "Cid"))[ann.id] == {"stay": ann.stay, "away": False, **status}
    assert bea.request("leave") == {}
    assert ann.wait_for("member-left") == {"id": bea.id, "reason": "left"}
    assert error_code(bea.request("signal", ann.id, OFFER)) == "not-joined"


def test_enter_and_exit_without_leaving_the_room(make_caller, make_member, room):
    ann, bea = make_caller(room, "Ann"), make_member(room, "Bea")
    assert "iceServers" not in bea.joined and "call" not in bea.joined
    for event, argument in (("signal", (ann.id, OFFER)), ("status", (SILENT,))):
        assert error_code(bea.request(event, *argument)) == "not-joined"
    assert error_code(ann.request("signal", bea.id, OFFER)) == "unknown-member"
    answer = bea.request("enter", call("stay-1", video=True))
    assert set(answer) == {"iceServers", "epoch", "forgottenBy"} and answer["forgottenBy"] == []
    assert answer["epoch"] > bea.joined["epoch"] and answer["iceServers"]
    news = ann.wait_for_member(bea.id, lambda member: "call" in member)
    assert news["call"] == {"stay": "stay-1", "away": False, **SILENT, "video": True}
    assert ann.request("signal", bea.id, OFFER) == {}
    assert bea.request("exit") == {}
    assert ann.wait_for_member(bea.id, lambda member: "call" not in member)["away"] is False
    assert error_code(ann.request("signal", bea.id, OFFER)) == "unknown-member"
    assert bea.request("exit") == {}, "who is not in the call has left it"
    bea.say("still here")
    assert ann.wait_for("message")["text"] == "still here"
    # The peers were told that this stay was over.
    assert bea.request("enter", call("stay-1"))["forgottenBy"] == [ann.id]
    assert bea.request("enter", call("stay-2"))["forgottenBy"] == []


def test_who_records_is_told_to_all_and_to_latecomers(settled, make_caller, make_member):
    room, ann, bea = settled("call")
    chatter = make_member(room, "Dee")
    assert ann.request("status", {**SILENT, "recording": True}) == {}
    for member in (bea, chatter, ann):
        assert member.wait_for_member(ann.id, lambda member: member["call"]["recording"])["call"]["stay"] == ann.stay
    assert in_call(make_caller(room, "Cid"))[ann.id]["recording"] is True
    # It is no less true while the recorder's signalling is away, and the recorder says it again on return.
    ann.drop()
    assert bea.wait_for_member(ann.id, lambda member: member["away"])["call"]["recording"] is True
    again = make_member(room, "Ann", key=ann.key, call=call(ann.stay, recording=True))
    assert bea.wait_for_member(ann.id, lambda member: not member["away"])["call"]["recording"] is True
    # Who does not say so does not.
    assert again.request("status", {"audio": True, "video": True, "screen": False}) == {}
    assert bea.wait_for_member(ann.id, lambda member: not member["call"]["recording"])["call"]["audio"] is True
    # It ends with the place in the call.
    assert again.request("status", {**SILENT, "recording": True}) == {}
    assert bea.wait_for_member(ann.id, lambda member: member["call"]["recording"])
    assert again.request("exit") == {} and "error" not in again.request("enter", call(ann.stay))
    assert bea.wait_for_member(ann.id, lambda member: "call" in member and not member["call"]["recording"])
    for value in ("yes", 1, [], {}, b"x"):
        answer = bea.request("status", {**SILENT, "recording": value})
        assert error_code(answer) == "bad-request" and answer["error"]["argument"] == "recording"
    assert error_code(chatter.request("status", {**SILENT, "recording": True})) == "not-joined"


def test_ice_servers_name_the_host_that_the_client_used(make_caller, room, shared_linkup):
    assert any(url.startswith("stun:127.0.0.1:") for url in urls(make_caller(room).joined))
    for host in ("localhost", "[::1]"):
        with Member(f"http://{host}:{shared_linkup.port}") as member:
            found = urls(member.join(room, "Lo", call=call()))
            assert any(url.startswith(f"stun:{host}:") for url in found), found


def urls(answer):
    return [url for server in answer["iceServers"] for url in as_list(server["urls"])]


def relays(answer):
    """The entries with TURN, and nothing else in them."""
    found = [server for server in answer["iceServers"] if "turn" in str(server["urls"])]
    assert found and all(url.startswith(("turn:", "turns:")) for server in found for url in as_list(server["urls"]))
    return found


def is_issued_under(secret, relay):
    """Whether the password is the one of the name (draft-uberti-behave-turn-rest-00, section 2.2)."""
    digest = hmac.digest(secret.encode(), relay["username"].encode(), "sha1")
    return base64.b64encode(digest).decode() == relay["credential"]


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_ice_servers_have_credentials_that_end(start_linkup):
    server = start_linkup("--secret", "the new one", "--secret", "the old one")
    with Member(server.url) as ann, Member(server.url) as bea:
        before = time.time()
        answers = [ann.join("room", "Ann", call=call()), bea.join("room", "Bea", call=call())]
        answers += [bea.request("exit") or bea.request("enter", call())]
        names = set()
        for answer in answers:
            (relay,) = relays(answer)
            expiry, _, name = relay["username"].partition(":")
            names.add(name)
            # Four hours, and what the joins took.
            assert before + 4 * 3600 - 1 <= int(expiry) <= time.time() + 4 * 3600
            assert is_issued_under("the new one", relay)
            transports = {url.partition("?")[2] for url in as_list(relay["urls"])}
            assert transports == {"transport=udp", "transport=tcp"}
        # Another member or another stay, another name and another password; and the name says nothing of the member.
        assert len(names) == 3 and not names & {ann.id, bea.id}
        assert len({relays(answer)[0]["credential"] for answer in answers}) == 3


def test_the_secret_outlives_a_restart(start_linkup, tmp_path):
    server = start_linkup(data=tmp_path / "data")
    with Member(server.url) as ann:
        (relay,) = relays(ann.join("room", call=call()))
    # HKDF (RFC 5869) of the installation's secret: extract without salt, then one block.
    key = hmac.digest(bytes(32), (tmp_path / "data" / "secret").read_bytes(), "sha256")
    secret = base64.b64encode(hmac.digest(key, b"linkup-turn\x01", "sha256")).decode()
    assert is_issued_under(secret, relay)
    assert server.stop() == 0
    server = start_linkup(data=tmp_path / "data")
    with Member(server.url) as ann:
        (again,) = relays(ann.join("room", call=call()))
    assert is_issued_under(secret, again)


def test_lost_connection_is_away_and_comes_back(settled, make_caller):
    """The place in the call is kept, and with the same stay the peers have nothing to do."""
    room, ann, bea = settled("call")
    bea.drop()
    away = ann.wait_for_member(bea.id, lambda member: member["away"])
    assert (away["call"]["stay"], away["call"]["away"]) == (bea.stay, True)
    assert error_code(ann.request("signal", bea.id, OFFER)) == "peer-away"
    again = make_caller(room, "Bea", stay=bea.stay, key=bea.key)
    assert again.id == bea.id and again.joined["call"] == {"forgottenBy": []}
    assert set(in_call(again)) == {ann.id, bea.id}
    back = ann.wait_for_member(bea.id, lambda member: not member["away"])
    assert (back["name"], back["call"]["stay"]) == ("Bea", bea.stay)
    assert ann.request("signal", bea.id, OFFER) == {} and again.wait_for("signal") == (ann.id, OFFER)


def test_another_stay_of_who_was_away(settled, make_caller):
    """A page that was loaded again has no connections: its stay is another one, and nothing of the old is left."""
    room, ann, bea = settled("call")
    bea.drop()
    ann.wait_for_member(bea.id, lambda member: member["away"])
    again = make_caller(room, "Bea", key=bea.key)
    assert again.id == bea.id
    back = ann.wait_for_member(bea.id, lambda member: not member["away"])
    assert back["call"]["stay"] == again.stay != bea.stay
    assert set(in_call(again)) == {ann.id, bea.id}


def test_the_same_stay_after_a_restart(start_linkup):
    """A call outlives its server: who comes back has the same id and stay, as its peers know it."""
    server = start_linkup()
    with Member(server.url) as ann, Member(server.url) as bea:
        entries = call(), call()
        first = [member.join("room", call=entry) for member, entry in zip((ann, bea), entries)]
        server.kill()
    server = start_linkup()
    with Member(server.url) as ann, Member(server.url) as bea:
        again = [
            member.join("room", key=answer["key"], call=entry)
            for member, answer, entry in zip((ann, bea), first, entries)
        ]
        assert [answer["self"] for answer in again] == [answer["self"] for answer in first]
        assert [answer["key"] for answer in again] == [answer["key"] for answer in first]
        assert in_call(bea) == {
            member.id: {"stay": entry["stay"], "away": False, **SILENT} for member, entry in zip((ann, bea), entries)
        }
        assert again[0]["epoch"] > max(answer["epoch"] for answer in first), "epochs grow over restarts"


def test_the_call_moves_with_the_member(make_caller, room):
    """One connection of a member is in the call; another one that enters takes its place."""
    ann, bea = make_caller(room, "Ann"), make_caller(room, "Bea")
    second = make_caller(room, "Bea", key=bea.key)
    assert second.id == bea.id
    assert bea.wait_for("moved") == {}
    ann.wait_for_member(bea.id, lambda member: member.get("call", {}).get("stay") == second.stay)
    assert ann.request("signal", bea.id, OFFER) == {}
    assert second.wait_for("signal") == (ann.id, OFFER)
    assert not bea.heard("signal")
    # The former is in the room all the same, and does nothing in the call.
    bea.say("still here")
    assert error_code(bea.request("status", SILENT)) == "not-joined"
    assert error_code(bea.request("signal", ann.id, OFFER)) == "not-joined"
    assert bea.request("exit") == {} and ann.request("signal", bea.id, OFFER) == {}
    # Back again, by `enter`.
    assert "error" not in bea.request("enter", call("back"))
    assert second.wait_for("moved") == {}
    assert ann.request("signal", bea.id, OFFER) == {} and bea.wait_for("signal") == (ann.id, OFFER)


def test_signals_stay_within_the_room(make_caller, make_member, room):
    ann, eve = make_caller(room, "Ann"), make_caller(room + "x", "Eve")
    for sender, receiver in ((eve, ann.id), (ann, ann.id), (ann, "nobody"), (ann, "")):
        assert error_code(sender.request("signal", receiver, OFFER)) == "unknown-member"
    bystander = make_member(room)
    bea = make_caller(room, "Bea")
    assert ann.request("signal", bea.id, OFFER) == {}
    bea.wait_for("signal")
    bystander.say("marker")
    assert not bystander.heard("signal")


def test_full_call(make_caller, make_member, room):
    members = [make_caller(room, f"Member {number}") for number in range(16)]
    late = make_member(room, "Late", call=call())
    # In the room all the same.
    assert error_code(late.joined["call"]) == "call-full" and late.joined["call"]["error"]["limit"] == 16
    assert "iceServers" not in late.joined and len(late.joined["members"]) == 17
    assert error_code(late.request("enter", call())) == "call-full"
    assert members[3].request("exit") == {}
    assert "error" not in late.request("enter", call())
    members[5].request("leave")
    assert "error" not in members[3].request("enter", call())


def test_how_many_of_one_network(shared_linkup, room):
    """64 in all calls together; others are none the poorer."""
    with contextlib.ExitStack() as stack:
        for number in range(66):
            source = NETWORKS[30] if number < 65 else NETWORKS[31]
            caller = stack.enter_context(Intruder(shared_linkup.address, source=source))
            entered = caller.join(f"{room}-{number // 14}", call=call())["call"]
            if number == 64:
                assert error_code(entered) == "call-full" and entered["error"]["limit"] == 64
            else:
                assert entered == {"forgottenBy": []}, number


def test_a_full_call_takes_the_place_of_who_is_away(make_caller, make_member, room):
    """Where a network keeps several places for those who are away, who is away longest gives up the place."""
    callers = [make_caller(room, f"Caller {number}") for number in range(16)]
    time.sleep(3.2)
    for caller in callers[3:5]:
        caller.drop()
        callers[0].wait_for_member(caller.id, lambda news: news["away"])
    late = make_caller(room, "Late")
    news = callers[0].wait_for_member(callers[3].id, lambda news: "call" not in news)
    assert news["away"], "its place in the room is kept"
    assert callers[4].id in in_call(late)
    assert error_code(make_member(room, call=call()).joined["call"]) == "call-full"
    # It comes back as who it was, without a place in the call.
    again = make_member(room, key=callers[3].key, call=call(callers[3].stay))
    assert again.id == callers[3].id and error_code(again.joined["call"]) == "call-full"


def test_limits(make_caller, room):
    ann, bea = make_caller(room, "Ann"), make_caller(room, "Bea")

    def payload(size):
        """An object of so many bytes of JSON, as the client writes it."""
        return {"sdp": "x" * (size - len('{"sdp":""}'))}

    largest = payload(200_000)
    assert ann.request("signal", bea.id, largest) == {}
    assert bea.wait_for("signal") == (ann.id, largest)
    for argument in (payload(200_001), payload(1_000_000 - 200)):
        # From another connection, since as much was sent to this peer as may be at once.
        answer = bea.request("signal", ann.id, argument)
        assert error_code(answer) == "bad-request" and answer["error"]["argument"] == "payload"
        assert answer["error"]["limit"] == 200_000


@pytest.mark.parametrize(
    "event, arguments",
    [
        ("signal", [(value,) for value in BAD]),
        ("signal", [("PEER",), ("PEER", None), ("PEER", 1), ("PEER", "x"), ("PEER", []), ("PEER", True)]),
        ("signal", [(to, OFFER) for to in [5, None, [], {}, "x" * 65, b"x", True]]),
        ("enter", [(value,) for value in BAD]),
        ("enter", [({"stay": stay, "away": False, **SILENT},) for stay in ["", "x" * 33, "a b", "ä", "a.b", 5, None, [], {}, b"x"]]),
        ("enter", [({"stay": "x", "audio": 1, "video": True, "screen": True},), ({"stay": "x", "audio": True},)]),
        ("status", [(value,) for value in BAD]),
        ("status", [({"audio": 1, "video": True, "screen": True},), ({"audio": True},), ({"audio": None},)]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_arguments(make_caller, room, event, arguments):
    observer = make_caller(room, "Observer")
    for argument in arguments:
        member = make_caller(room)
        values = [observer.id if value == "PEER" else value for value in argument]
        assert error_code(member.request(event, *values)) == "bad-request", argument
        member.close()
    member = make_caller(room, "Last")
    assert member.request("signal", observer.id, OFFER) == {}
    assert observer.wait_for("signal")[0] == member.id


@pytest.mark.parametrize(
    "entry",
    [1, True, "text", [], b"x", {}, {"stay": "x"}, {"stay": "", "away": False, **SILENT}, {"stay": "x", "away": False, **SILENT, "audio": 1}],
    ids=str,
)
def test_a_join_with_a_bad_call_joins_nothing(make_member, room, entry):
    member = make_member()
    assert error_code(member.try_join(room, call=entry)) == "bad-request"
    assert error_code(member.request("say", text="x")) == "not-joined"
    member.join(room, call=None)
    assert "call" not in member.joined
