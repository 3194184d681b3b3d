"""Attacks on a room by those who may enter it, beside two people in the same room who talk: they notice nothing."""

import contextlib
import json
import socket
import threading
import time

import pytest

from harness import http
from harness.attack import NETWORKS, Intruder, connect, processor_seconds
from harness.crowd import Crowd
from harness.engineio import EngineSocket
from harness.member import SILENT, Member, call, error_code
from harness.pair import Pair
from harness.waiting import wait_until
from harness.websocket import Refused

MEBIBYTE = 1024 * 1024
ROOM = "pair"


def flood(attacker, packets, seconds=3, rate=250):
    """Sends packets as fast as a connection may without being closed, and returns how many were sent."""
    began, sent = time.monotonic(), 0
    with contextlib.suppress(OSError):
        while (passed := time.monotonic() - began) < seconds:
            if sent < 1000 + rate * passed:
                attacker.send(packets(sent))
                sent += 1
            else:
                time.sleep(0.002)
    return sent


def reader(attacker):
    """Reads all that comes, so that the attacker is not cut off for being slow; counts acknowledgements by code."""
    codes = {}

    def read():
        with contextlib.suppress(OSError, TimeoutError):
            while isinstance(packet := attacker.receive_past_pings(), str):
                if packet.startswith("43/room,"):
                    (answer,) = json.loads(packet[packet.index("[") :])
                    code = answer["error"]["code"] if "error" in answer else "done"
                    codes[code] = codes.get(code, 0) + 1

    threading.Thread(target=read, daemon=True).start()
    return codes


FLOODS = {
    "what others are told": [
        ("hand", lambda n: {"raised": n % 2 == 0}),
        ("typing", lambda n: {"active": n % 2 == 0}),
        ("react", lambda n: {"reaction": "party"}),
        ("name", lambda n: {"name": "😀" * 60 + str(n % 1000)}),
        ("status", lambda n: {"audio": n % 2 == 0, "video": False, "screen": False}),
    ],
    "what hosts do": [
        ("lock", lambda n: {"locked": n % 2 == 0}),
        ("settings", lambda n: {"waiting": n % 2 == 0}),
        ("admit", lambda n: {"id": "nobody"}),
        ("role", lambda n: {"id": "nobody", "role": "member"}),
        ("mute", lambda n: {"id": "nobody"}),
        ("lower", lambda n: {"all": True}),
    ],
    "reading": [
        ("search", lambda n: {"text": "1"}),
        ("history", lambda n: {}),
        ("join", lambda n: {"room": ROOM, "name": "Eve", "version": 1}),
    ],
    "writing": [("edit", lambda n: {"number": n, "text": "x"}), ("delete", lambda n: {"number": n})],
    "the call": [("enter", lambda n: call()), ("exit", lambda n: {})],
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_member_floods_its_room(linkup, kind):
    def packet(n):
        event, argument = FLOODS[kind][n % len(FLOODS[kind])]
        return f"42/room,{n + 1}" + json.dumps([event, argument(n)])

    with Intruder(linkup.address) as attacker:
        # First of all, and so the host, who may ask for anything.
        assert "self" in attacker.join(ROOM, "Eve", call=call())
        codes = reader(attacker)
        before = linkup.resident_bytes
        with Pair(linkup.address, ROOM) as pair:
            sent = flood(attacker, packet)
        pair.assert_undisturbed()
        assert sent > 1000 and codes.get("too-many-requests", 0) + codes.get("busy", 0) > sent / 2, (sent, codes)
        assert linkup.resident_bytes - before < 50 * MEBIBYTE


def test_coming_and_going_without_end(linkup):
    """`join` and `leave` in one turn, with other members, rooms and calls, on one connection."""
    with Intruder(linkup.address) as attacker:
        attacker.enter()
        codes = reader(attacker)

        def packet(n):
            joins = [
                {"room": ROOM, "name": "Eve", "version": 1},
                {"room": f"other-{n}", "name": "Eve", "version": 1, "call": call()},
            ]
            event, argument = ("join", joins[n % 2]) if n % 3 else ("leave", {})
            return f"42/room,{n + 1}" + json.dumps([event, argument])

        with Pair(linkup.address, ROOM) as pair:
            flood(attacker, packet)
        pair.assert_undisturbed()
        assert codes.get("too-many-requests", 0) > 500, codes


def test_half_joins(linkup):
    """Connections that end at each point of a join, from many networks; nobody is left in the room."""
    join = '42/room,1["join",' + json.dumps({"room": ROOM, "name": "Eve", "version": 1, "call": call()}) + "]"
    with Pair(linkup.address, ROOM) as pair:
        for number in range(200):
            source = NETWORKS[number % len(NETWORKS)]
            with contextlib.suppress(OSError), Intruder(linkup.address, source=source) as half:
                if number % 5 > 0:
                    half.send("40/room,")
                if number % 5 > 1:
                    half.send(join)
                if number % 5 == 3:
                    half.receive_past_pings()
                if number % 5 == 4:
                    half.answer(1)
                # A reset, as by a cable that is pulled.
                half.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    pair.assert_undisturbed()

    def count():
        with Intruder(linkup.address, source=NETWORKS[1]) as visitor:
            return visitor.join(ROOM)["memberCount"]

    wait_until(lambda: count() == 1, interval=0.5, what="everybody to be gone")


def test_two_joins_at_once_and_a_leave_before_the_answer(linkup):
    with Intruder(linkup.address) as member:
        member.enter()
        for number, room in ((1, "one"), (2, "two")):
            member.request(number, "join", json.dumps({"room": room, "name": "Ann", "version": 1}))
        answers = member.answers(2)
        assert answers[1]["room"]["name"] == "one" and error_code(answers[2]) == "busy"
        member.request(3, "join", json.dumps({"room": "two", "name": "Ann", "version": 1}))
        member.request(4, "leave", "{}")
        answers = member.answers(2)
        assert answers[4] == {} and error_code(answers[3]) == "not-joined"
        assert error_code(member.ask(5, "history", {})) == "not-joined"


def _say_when_allowed(member, text):
    """Says something, as soon as the rate of what one may say allows it."""
    while "error" in (answer := member.request("say", text=text)):
        assert error_code(answer) == "too-many-requests"
        time.sleep(answer["error"]["retryAfter"] / 1000)


def test_whoever_comes_back_at_once_hears_what_is_said(linkup):
    """`leave` and `join` of the same room in one turn, while others are busy: whoever is in it hears it."""
    join = json.dumps({"room": ROOM, "name": "Ann", "version": 1})
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(Intruder(linkup.address, source=NETWORKS[9 + n])) for n in range(4)]
        for attacker in busy:
            attacker.join(ROOM)
            reader(attacker)
        stop = threading.Event()

        def raise_hands():
            number = 0
            while not stop.wait(0.02):
                for attacker in busy:
                    number += 1
                    attacker.send(f'42/room,{number}["hand",{{"raised":{"true" if number % 8 < 4 else "false"}}}]')

        thread = threading.Thread(target=raise_hands, daemon=True)
        thread.start()
        try:
            speaker = stack.enter_context(Member(linkup.url))
            speaker.join(ROOM, "Speaker")
            deaf = []
            for number in range(30):
                with Intruder(linkup.address, source=NETWORKS[number]) as member:
                    member.join(ROOM)
                    for again in range(3):
                        member.send('42/room,7["leave",{}]')
                        member.request(10 + again, "join", join)
                        assert "error" not in member.answer(10 + again)[:20]
                    marker = f"marker {number}"
                    _say_when_allowed(speaker, marker)
                    member.socket.settimeout(1.5)
                    try:
                        while marker not in member.receive_past_pings():
                            pass
                    except TimeoutError:
                        deaf.append(number)
            assert not deaf, f"{len(deaf)} of 30 are in the room and hear nothing"
        finally:
            stop.set()
            thread.join()


# MARK: Keys and goodbyes


def test_forged_goodbyes_without_end(linkup):
    with Member(linkup.url) as victim, Pair(linkup.address, ROOM) as pair:
        victim.join(ROOM, "Victim")
        forged = victim.key[:-1] + ("A" if victim.key[-1] != "A" else "B")
        body = json.dumps({"room": ROOM, "key": forged, "connection": victim.connection})
        head = f"POST /api/leave HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        with connect(linkup.address) as attacker:
            answers = b""
            for turn in range(1, 21):
                attacker.sendall((head + body).encode() * 100)
                while answers.count(b"HTTP/1.1 ") < turn * 100:
                    answers += attacker.recv(MEBIBYTE)
        assert answers.count(b"HTTP/1.1 204 ") == 2000
        assert not victim.heard("member-left") and victim.request("hand", raised=True) == {}
    pair.assert_undisturbed()


def test_large_and_endless_goodbyes(linkup):
    """A body of a megabyte, and bodies that never end: refused or ended, and nothing of them is kept."""
    before = linkup.resident_bytes
    with Pair(linkup.address, ROOM) as pair, contextlib.ExitStack() as stack:
        for _ in range(50):
            with contextlib.suppress(OSError):
                assert http.request(linkup.address, "POST", "/api/leave", body="x" * MEBIBYTE).status in (204, 413)
        for number in range(50):
            half = stack.enter_context(connect(linkup.address, source=NETWORKS[number]))
            half.sendall(b"POST /api/leave HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        assert linkup.resident_bytes - before < 50 * MEBIBYTE
    pair.assert_undisturbed()
    # They hold up nothing.
    assert linkup.stop() == 0


def test_many_forged_keys(linkup):
    with Member(linkup.url) as ann:
        ann.join(ROOM, "Ann")
        with Pair(linkup.address, ROOM) as pair, Intruder(linkup.address) as attacker:
            attacker.enter()
            codes = reader(attacker)
            start, tag = ann.key.split(".")

            def packet(n):
                key = f"{start}.{tag[:-3]}{n % 1000:03}"
                return f"42/room,{n}" + json.dumps(["join", {"room": ROOM, "name": "Eve", "version": 1, "key": key}])

            flood(attacker, packet, seconds=2)
        pair.assert_undisturbed()
        assert not [value for _, value in ann.heard("member") if value["id"] == ann.id and value["name"] == "Eve"]
        assert codes["too-many-requests"] > 500


# MARK: Large arguments


LARGE = {
    "string": lambda size: '{"text":"' + "x" * size + '"}',
    "numbers": lambda size: '{"text":[' + "1," * (size // 2) + "1]}",
    "members": lambda size: "{" + ",".join(f'"{n}":0' for n in range(size // 9)) + "}",
    "nested": lambda size: '{"text":' + "[" * 60 + "1" * (size - 200) + "]" * 60 + "}",
}


@pytest.mark.parametrize("kind", LARGE)
def test_arguments_of_a_megabyte(linkup, kind):
    """Each request with an argument that is as large as a packet may be: refused before it is read."""
    argument = LARGE[kind](900_000)
    events = ["join", "leave", "say", "edit", "delete", "history", "search", "typing", "name", "hand", "enter", "exit"]
    events += ["status", "signal", "lock", "settings", "admit", "deny", "role", "remove", "mute"]
    with Pair(linkup.address, ROOM) as pair:
        # So many are what one connection may send at once.
        for some in (events[index : index + 4] for index in range(0, len(events), 4)):
            with Intruder(linkup.address) as attacker:
                assert "self" in attacker.join(ROOM, "Eve", call=call())
                for number, event in enumerate(some, 1):
                    attacker.request(number, event, argument)
                    answer = attacker.answer(number)
                    assert answer is not None, f"{event}: the connection was closed"
                    if event not in ("leave", "exit"):
                        assert error_code(json.loads(answer)) in ("bad-request", "not-joined", "too-many-requests"), event
                    if event == "leave":
                        attacker.ask(99, "join", {"room": ROOM, "name": "Eve", "version": 1, "call": call()})
    pair.assert_undisturbed()


def test_large_arguments_without_end(linkup):
    """Four clients that send megabytes and connect again: a byte of theirs costs no more than being thrown away."""

    def attack(source):
        while time.monotonic() < end:
            with contextlib.suppress(OSError, Refused), Intruder(linkup.address, source=source) as attacker:
                attacker.enter()
                while time.monotonic() < end:
                    attacker.send(packet)
                    sent.append(len(packet))

    kinds = {**LARGE, "arguments": lambda size: ",".join(["0"] * (size // 2))}
    costs = {}
    with Pair(linkup.address, ROOM) as pair:
        for kind, arguments in kinds.items():
            packet, sent = f'42/room,["typing",{arguments(900_000)}]', []
            before, end = processor_seconds(linkup.pid), time.monotonic() + 2
            attackers = [threading.Thread(target=attack, args=(source,)) for source in NETWORKS[:4]]
            for attacker in attackers:
                attacker.start()
            for attacker in attackers:
                attacker.join()
            costs[kind] = (processor_seconds(linkup.pid) - before) / sum(sent)
    pair.assert_undisturbed()
    # Reading arguments costs up to 45 times what a string does. Five megabytes of a connection are read.
    assert max(costs.values()) < 4 * costs["string"], {kind: f"{cost * 1e9:.2f} ns" for kind, cost in costs.items()}


# MARK: What many may do together


def test_many_waiters(linkup):
    """50 who wait ask again and again: the host, who reads a megabit a second, is not drowned in the list of them."""
    with Member(linkup.url) as host, contextlib.ExitStack() as stack:
        host.join("hall", "Host")
        host.request("settings", waiting=True)
        waiters, keys = [], []
        for number in range(50):
            waiter = stack.enter_context(Intruder(linkup.address, source=NETWORKS[number // 10]))
            answer = waiter.join("hall", "😀" * 63 + chr(0x4E00 + number))
            waiters.append(waiter)
            keys.append(answer["key"])
        host.wait_for("waiting", where=lambda news: len(news["members"]) == 50)
        host.heard("waiting")
        with Pair(linkup.address, ROOM) as pair:
            began, size = time.monotonic(), 0
            for turn in range(60):
                for number, waiter in enumerate(waiters):
                    join = {"room": "hall", "name": "😀" * 63 + str(turn % 10), "version": 1, "key": keys[number]}
                    waiter.request(turn + 1, "join", json.dumps(join))
                time.sleep(max(0, began + turn / 15 - time.monotonic()))
            seconds = time.monotonic() - began
            size = sum(len(json.dumps(news, ensure_ascii=False).encode()) for _, news in host.heard("waiting"))
        pair.assert_undisturbed()
        rate = size / seconds
        assert size - 320_000 < 128_000 * seconds, f"{rate / 1000:.0f} kB/s of `waiting` to the host"


def intruder_of(stack, linkup, network):
    """Somebody of that network in the hall, who reads what is told there."""
    intruder = stack.enter_context(Intruder(linkup.address, source=network))
    intruder.join("hall")
    reader(intruder)
    return intruder


def test_what_a_room_is_sent_stays_below_a_megabit(linkup):
    """Many members of many networks do as often as they may what the others are told of."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(EngineSocket(linkup.address, "/socket.io/"))
        received = [0]
        listener.send("40/room,")
        listener.send('42/room,0["join",{"room":"hall","name":"Listener","version":1}]')

        def listen():
            with contextlib.suppress(OSError):
                while isinstance(packet := listener.receive(), str):
                    received[0] += len(packet.encode())
                    if packet == "2":
                        listener.send("3")

        threading.Thread(target=listen, daemon=True).start()
        attackers = [intruder_of(stack, linkup, network) for network in NETWORKS[:64]]
        # Past the burst: what goes on and on is what matters.
        start = None
        began = time.monotonic()
        for turn in range(70):
            if turn == 40:
                start, since = received[0], time.monotonic()
            for attacker in attackers:
                attacker.request(turn + 1, "name", json.dumps({"name": "😀" * 63 + str(turn % 10)}))
            time.sleep(max(0, began + turn / 10 - time.monotonic()))
        rate = (received[0] - start) / (time.monotonic() - since)
        assert rate < 128_000 * 1.2, f"{rate / 1000:.0f} kB/s to each of 65"


def test_applause_of_many_networks_has_an_end(linkup):
    """50 reactions a second in one room and 200 at once, and what has to be known of members gets through."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(Member(linkup.url))
        listener.join("hall", "Listener")
        attackers = [intruder_of(stack, linkup, network) for network in NETWORKS[:64]]
        began = time.monotonic()
        for turn in range(30):
            for attacker in attackers:
                attacker.request(turn + 1, "react", '{"reaction":"applause"}')
            time.sleep(max(0, began + turn / 10 - time.monotonic()))
        assert listener.request("hand", raised=True) == {}
        seconds = time.monotonic() - began
        count = len(listener.heard("reaction"))
        assert 200 <= count <= 200 + 50 * seconds + 1, f"{count} in {seconds:.1f} s"


def test_who_was_in_the_call_is_not_listed_for_ever(linkup):
    """At most 200 people are listed, and those who are in the call; whoever has left it is one of many again."""
    with Crowd(linkup.address, "hall", of_network=20) as crowd:
        crowd.join(240)
        for person in crowd.people[205:235]:
            answer, _ = crowd.ask(person, "enter", {"stay": "s", **SILENT})
            assert "error" not in answer
            answer, _ = crowd.ask(person, "exit", {})
            assert answer == {}
        crowd.join(1)
        joined = json.loads(crowd.people[-1].answers[0])
        assert joined["memberCount"] == 241
        assert len(joined["members"]) <= 201, "200, and itself"


def test_the_processor_is_idle_after_all(linkup):
    """A room that was left, with deadlines of all kinds, costs nothing any more."""
    with Crowd(linkup.address, "hall", of_network=50) as crowd:
        crowd.join(100)
    used = processor_seconds(linkup.pid)
    time.sleep(2)
    assert processor_seconds(linkup.pid) - used < 0.5
