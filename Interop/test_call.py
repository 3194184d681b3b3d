"""The call's signalling events, as docs/signalling.md has them."""

import base64
import hmac
import itertools
import time

import pytest

from harness.member import Member, error_code

rooms = (f"call-{number}" for number in itertools.count())
DESCRIPTION = {"type": "offer", "sdp": "v=0\r\n"}


@pytest.fixture
def room():
    return next(rooms)


@pytest.fixture
def make_member(shared_linkup):
    members = []

    def make(room=None, name="Ann", **join):
        member = Member(shared_linkup.url)
        members.append(member)
        if room is not None:
            member.joined = member.call("join", room=room, name=name, **join)
            assert "error" not in member.joined, member.joined
            member.id = member.joined["self"]
        return member

    yield make
    for member in members:
        member.close()


def test_join_and_signal(make_member, room, shared_linkup):
    ann = make_member(room, "Ann")
    assert ann.joined["peers"] == []
    bea = make_member(room, "Bea")
    (peer,) = bea.joined["peers"]
    news = ann.wait_for("peer-joined")
    assert (peer["id"], peer["name"]) == (ann.id, "Ann")
    assert (news["id"], news["name"]) == (bea.id, "Bea")
    assert {peer["polite"], news["polite"]} == {True, False}
    assert bea.joined["epoch"] > ann.joined["epoch"]
    # Passed on unread: members that nobody knows, and text that is no SDP, included.
    description = {"type": "offer", "sdp": "v=0 ä 😀\r\n" + "x" * 1000}
    assert bea.call("signal", to=ann.id, epoch=7, description=description) == {}
    assert ann.wait_for("signal") == {"from": bea.id, "epoch": 7, "description": description}
    candidate = {"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": None}
    ann.call("signal", to=bea.id, epoch=1, candidate=candidate)
    assert bea.wait_for("signal") == {"from": ann.id, "epoch": 1, "candidate": candidate}
    ann.call("signal", to=bea.id, epoch=1, endOfCandidates=True)
    assert bea.wait_for("signal") == {"from": ann.id, "epoch": 1, "endOfCandidates": True}
    status = {"audio": True, "video": False, "screen": True}
    assert ann.call("status", status) == {}
    assert bea.wait_for("peer-status") == {"id": ann.id, "status": status}
    assert make_member(room, "Cid").joined["peers"][0]["status"] == status
    assert bea.call("leave", {}) == {}
    assert ann.wait_for("peer-left") == {"id": bea.id}
    assert error_code(bea.call("signal", to=ann.id, epoch=8, description=DESCRIPTION)) == "not-joined"


def test_ice_servers_name_the_host_that_the_client_used(make_member, room, shared_linkup):
    urls = [url for server in make_member(room).joined["iceServers"] for url in as_list(server["urls"])]
    assert any(url.startswith("stun:127.0.0.1:") for url in urls), urls
    with Member(f"http://localhost:{shared_linkup.port}") as member:
        joined = member.call("join", room=room, name="Lo")
        urls = [url for server in joined["iceServers"] for url in as_list(server["urls"])]
        assert any(url.startswith("stun:localhost:") for url in urls), urls
    with Member(f"http://[::1]:{shared_linkup.port}") as member:
        joined = member.call("join", room=room, name="Six")
        urls = [url for server in joined["iceServers"] for url in as_list(server["urls"])]
        assert any(url.startswith("stun:[::1]:") for url in urls), urls


def relays(joined):
    """The entries with TURN, and nothing else in them."""
    found = [server for server in joined["iceServers"] if "turn" in str(server["urls"])]
    assert found and all(url.startswith(("turn:", "turns:")) for server in found for url in as_list(server["urls"]))
    return found


def is_issued_under(secret, relay):
    """Whether the password is the one of the name (draft-uberti-behave-turn-rest-00, section 2.2)."""
    digest = hmac.digest(secret.encode(), relay["username"].encode(), "sha1")
    return base64.b64encode(digest).decode() == relay["credential"]


def test_ice_servers_have_credentials_that_end(start_linkup):
    server = start_linkup("--secret", "the new one", "--secret", "the old one")
    with Member(server.url) as ann, Member(server.url) as bea:
        before = time.time()
        joined = [ann.call("join", room="room", name="Ann"), bea.call("join", room="room", name="Bea")]
        for answer in joined:
            (relay,) = relays(answer)
            expiry, _, identity = relay["username"].partition(":")
            assert identity == answer["self"]
            # Four hours, and what the two joins took.
            assert before + 4 * 3600 - 1 <= int(expiry) <= time.time() + 4 * 3600
            assert is_issued_under("the new one", relay)
            transports = {url.partition("?")[2] for url in as_list(relay["urls"])}
            assert transports == {"transport=udp", "transport=tcp"}
        # Another participant, another name and another password.
        assert relays(joined[0])[0]["credential"] != relays(joined[1])[0]["credential"]


def test_the_secret_outlives_a_restart(start_linkup, tmp_path):
    server = start_linkup(data=tmp_path / "data")
    with Member(server.url) as ann:
        (relay,) = relays(ann.call("join", room="room", name="Ann"))
    # HKDF (RFC 5869) of the installation's secret: extract without salt, then one block.
    key = hmac.digest(bytes(32), (tmp_path / "data" / "secret").read_bytes(), "sha256")
    secret = base64.b64encode(hmac.digest(key, b"linkup-turn\x01", "sha256")).decode()
    assert is_issued_under(secret, relay)
    assert server.stop() == 0
    server = start_linkup(data=tmp_path / "data")
    with Member(server.url) as ann:
        (again,) = relays(ann.call("join", room="room", name="Ann"))
    assert is_issued_under(secret, again)


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_lost_connection_is_away_and_resumes(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    ann.wait_for("peer-joined")
    # A place is kept for those who were there for at least three seconds.
    time.sleep(3.2)
    bea.drop()
    assert ann.wait_for("peer-away") == {"id": bea.id}
    again = make_member(room, "Bea", resume=bea.joined["resumeKey"])
    assert again.id == bea.id
    assert [peer["id"] for peer in again.joined["peers"]] == [ann.id]
    back = ann.wait_for("peer-back")
    assert (back["id"], back["name"]) == (bea.id, "Bea")


def test_forged_resume_key_is_a_new_participant(make_member, room):
    ann = make_member(room, "Ann")
    key = ann.joined["resumeKey"]
    for forged in (key[:-1] + ("A" if key[-1] != "A" else "B"), "x", ann.id, key + "A"):
        other = make_member(room, "Eve", resume=forged)
        assert other.id != ann.id
    # A true key in another room is no better.
    assert make_member(room + "x", "Eve", resume=key).id != ann.id


def test_resume_after_a_restart_keeps_the_id(start_linkup):
    server = start_linkup()
    with Member(server.url) as ann, Member(server.url) as bea:
        first = ann.call("join", room="room", name="Ann")
        second = bea.call("join", room="room", name="Bea")
        polite = second["peers"][0]["polite"]
        server.kill()
    server = start_linkup()
    with Member(server.url) as ann, Member(server.url) as bea:
        assert ann.call("join", room="room", name="Ann", resume=first["resumeKey"])["self"] == first["self"]
        again = bea.call("join", room="room", name="Bea", resume=second["resumeKey"])
        assert again["self"] == second["self"]
        # Both sides of a connection that outlived the restart must keep their roles.
        assert again["peers"][0]["polite"] == polite


def test_signals_stay_within_the_room(make_member, room):
    ann, eve = make_member(room, "Ann"), make_member(room + "x", "Eve")
    assert error_code(eve.call("signal", to=ann.id, epoch=1, description=DESCRIPTION)) == "unknown-peer"
    assert error_code(ann.call("signal", to=ann.id, epoch=1, description=DESCRIPTION)) == "unknown-peer"
    assert error_code(ann.call("signal", to="nobody", epoch=1, description=DESCRIPTION)) == "unknown-peer"


def test_full_room(make_member, room):
    members = [make_member(room, f"Member {number}") for number in range(16)]
    late = make_member()
    assert error_code(late.call("join", room=room, name="Late")) == "room-full"
    members[3].call("leave", {})
    assert len(late.call("join", room=room, name="Late")["peers"]) == 15


def test_limits(make_member, room):
    ann, bea = make_member(room, "Ann"), make_member(room, "Bea")
    largest = {"type": "offer", "sdp": "x" * 100_000}
    assert ann.call("signal", to=bea.id, epoch=1, description=largest) == {}
    assert bea.wait_for("signal")["description"] == largest
    largest["sdp"] += "x"
    assert error_code(ann.call("signal", to=bea.id, epoch=1, description=largest)) == "bad-request"
    assert error_code(ann.call("signal", to=bea.id, epoch=1, candidate={"candidate": "x" * 4096})) == "bad-request"


BAD = [None, 1, True, "text", [], {}, b"\x00\x01", {"room": {}}, [1, [2, [3]]]]


@pytest.mark.parametrize(
    "event, arguments",
    [
        ("join", BAD),
        ("join", [{"room": room, "name": "Ann"} for room in ["", " ", "x" * 65, "a/b", 5, None, [], {}, b"x"]]),
        ("join", [{"room": "r", "name": "Ann", "resume": resume} for resume in [5, [], {}, True, "x" * 257]]),
        ("signal", BAD),
        ("signal", [{"to": "PEER", "epoch": epoch, "description": DESCRIPTION} for epoch in ["x", None, [], 1.5, True]]),
        ("signal", [{"to": to, "epoch": 1, "description": DESCRIPTION} for to in [5, None, [], {}, "x" * 65, b"x"]]),
        ("signal", [{"to": "PEER", "epoch": 1}]),
        ("signal", [{"to": "PEER", "epoch": 1, "description": value} for value in [5, "x", [], {}, {"type": "offer"}]]),
        ("signal", [{"to": "PEER", "epoch": 1, "description": {"type": kind, "sdp": ""}} for kind in [1, "x", None]]),
        ("signal", [{"to": "PEER", "epoch": 1, "candidate": value} for value in [5, "x", [], True]]),
        ("signal", [{"to": "PEER", "epoch": 1, "endOfCandidates": value} for value in [5, "x", [], False]]),
        ("signal", [{"to": "PEER", "epoch": 1, "description": DESCRIPTION, "endOfCandidates": True}]),
        ("status", BAD),
        ("status", [{"audio": 1, "video": True, "screen": True}, {"audio": True}, {"audio": None}]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_arguments(make_member, shared_linkup, room, event, arguments):
    observer = make_member(room, "Observer")
    for argument in arguments:
        member = make_member(room if event != "join" else None, "Ann")
        if isinstance(argument, dict) and argument.get("to") == "PEER":
            argument = argument | {"to": observer.id}
        assert error_code(member.client.call(event, argument, namespace="/call", timeout=15)) == "bad-request", argument
        member.close()
    member = make_member(room, "Last")
    assert member.call("signal", to=observer.id, epoch=1, description=DESCRIPTION) == {}
    assert observer.wait_for("signal")["from"] == member.id
