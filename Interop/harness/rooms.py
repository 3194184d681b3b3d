"""Fixtures of the tests of `/room`: a room for each test, and members who are gone at its end."""

import contextlib
import itertools
import time

import pytest

from .member import Member, call

numbers = itertools.count(1)

# What no request takes, wherever an object with members is wanted.
BAD = [None, 1, True, "text", [], {}, b"\x00\x01", {"room": {}}, [1, [2, [3]]]]
TEXTS = ["", " ", "x" * 65, "a b", "a/b", "ä", "a\x00b", 5, None, [], {}, True, b"x"]


@pytest.fixture
def room():
    """The name of a room that no other test uses."""
    return f"room-{next(numbers)}"


@pytest.fixture
def make_member(shared_linkup):
    """Connects somebody, who joins a room if one is named."""
    with contextlib.ExitStack() as stack:

        def make(room=None, name="Ann", *, transports=("websocket",), **members):
            member = stack.enter_context(Member(shared_linkup.url, transports=transports))
            if room is not None:
                member.join(room, name, **members)
            return member

        yield make


@pytest.fixture(scope="module")
def settled(shared_linkup):
    """Gives a room with Ann and Bea in it, who have been there for so long that their places are kept.

    `settled("chat")` and `settled("call")` give another room at each call. All wait together, once.
    """
    with contextlib.ExitStack() as stack:

        def enter(room, name, kind):
            member = stack.enter_context(Member(shared_linkup.url))
            entry = call() if kind == "call" else None
            member.join(room, name, call=entry)
            member.stay = entry and entry["stay"]
            return member

        def make(number, kind):
            room = f"settled-{kind}-{number}"
            return room, enter(room, "Ann", kind), enter(room, "Bea", kind)

        made = {kind: [make(number, kind) for number in range(5)] for kind in ("chat", "call")}
        # A place is kept for those who were there for at least three seconds.
        time.sleep(3.2)
        yield lambda kind: made[kind].pop()


@pytest.fixture
def make_caller(make_member):
    """Connects somebody who joins a room and its call; `stay` is what it named its stay."""

    def make(room, name="Ann", *, stay=None, **members):
        entry = call(stay)
        member = make_member(room, name, call=entry, **members)
        assert set(member.joined["call"]) == {"forgottenBy"}, member.joined["call"]
        member.stay = entry["stay"]
        return member

    return make
