"""Fixtures of the tests of `/room`: a room for each test, and members who are gone at its end."""

import contextlib
import itertools

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


@pytest.fixture
def make_caller(make_member):
    """Connects somebody who joins a room and its call; `stay` is what it named its stay."""

    def make(room, name="Ann", *, stay=None, **members):
        entry = call(stay)
        member = make_member(room, name, call=entry, **members)
        assert set(member.joined["call"]) == {"forgotten"}, member.joined["call"]
        member.stay = entry["stay"]
        return member

    return make
