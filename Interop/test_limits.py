"""The options of linkup serve that say how much anybody may take, on the program itself."""

import contextlib
import json
import time

import pytest

from harness.attack import Intruder, connect
from harness.member import Member

HEAD = b"POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n"
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def code(answer):
    """The code of an answer that is an error; `None` for any other."""
    return answer.get("error", {}).get("code")


@pytest.mark.parametrize(
    ("option", "sent"),
    [("--http-head-timeout", b"GET / HT"), ("--http-body-timeout", HEAD + b"x"), ("--http-idle-timeout", REQUEST)],
)
def test_deadlines_of_http(start_linkup, option, sent):
    """With the defaults none of these ends before 30 seconds."""
    server = start_linkup(option, 1)
    with connect(server.address, timeout=10) as connection:
        begin = time.monotonic()
        connection.sendall(sent)
        with contextlib.suppress(ConnectionError):
            while connection.recv(65536):
                pass
        assert 0.5 < time.monotonic() - begin < 8


def test_rate_of_messages(start_linkup):
    """One a second and two at once."""
    server = start_linkup("--message-rate", 1)
    with Intruder(server.address) as client:
        client.join("r")
        for number in range(1, 4):
            client.request(number, "say", json.dumps({"text": "x"}))
        # The one that is refused does not wait for the disk, and so comes first.
        answers = client.answers(3)
    assert [code(answers[number]) for number in (1, 2, 3)] == [None, None, "too-many-requests"]


def test_people_of_a_room(start_linkup):
    server = start_linkup("--room-people", 2)
    with Member(server.url) as ann, Member(server.url) as bea, Member(server.url) as cid:
        answers = [member.try_join("r") for member in (ann, bea, cid)]
        assert [code(answer) for answer in answers] == [None, None, "room-full"]
        assert answers[2]["error"]["limit"] == 2
        bea.request("leave")
        cid.join("r")
