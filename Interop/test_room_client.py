"""Examples/room_client.py, the protocol's example client, in a terminal of its own beside a member."""

import contextlib
import queue
import signal
import subprocess
import sys
import threading

import pytest

from harness.member import Member
from harness.process import ROOT
from harness.rooms import make_member, room  # noqa: F401, fixtures

CLIENT = ROOT / "Examples" / "room_client.py"

# The client, which gets Control-C in the moment in which a `say` is answered.
INTERRUPTED = f"""
import asyncio, os, runpy, signal, socketio

emit = socketio.AsyncClient.emit

async def emit_and_interrupt(self, event, data=None, callback=None, **options):
    def answered(*values):
        callback(*values)
        if event == "say":
            os.kill(os.getpid(), signal.SIGINT)
    await emit(self, event, data=data, callback=answered, **options)

socketio.AsyncClient.emit = emit_and_interrupt
runpy.run_path({str(CLIENT)!r}, run_name="__main__")
"""


class Terminal:
    """The client with its input and output."""

    def __init__(self, url, room, name, program=(CLIENT,)):
        self.process = subprocess.Popen(
            [sys.executable, "-u", *program, url, room, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines = queue.Queue()
        self.printed = []
        threading.Thread(target=lambda: [self._lines.put(line) for line in self.process.stdout], daemon=True).start()

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, text, timeout=15):
        """Returns the next line that has a text."""
        while True:
            try:
                line = self._lines.get(timeout=timeout).rstrip("\n")
            except queue.Empty:
                raise AssertionError(f"no line with {text!r} after {self.printed}") from None
            self.printed.append(line)
            if text in line:
                return line

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()


@pytest.fixture
def open_terminal(shared_linkup):
    with contextlib.ExitStack() as stack:

        def open_terminal(room, name="Bea", url=shared_linkup.url, **options):
            terminal = Terminal(url, room, name, **options)
            stack.callback(terminal.close)
            return terminal

        yield open_terminal


def test_two_talk(make_member, open_terminal, room):
    ann = make_member(room, "Ann")
    before = ann.say("before")
    bea = open_terminal(room)
    assert bea.wait_for("In the room") == "* In the room: Ann, Bea"
    assert bea.wait_for("before") == f"  [{before['number']}] Ann: before"
    assert ann.wait_for("member", where=lambda member: member["id"] != ann.id)["name"] == "Bea"
    # In both directions.
    ann.say("hello 😀")
    bea.wait_for("Ann: hello 😀")
    bea.type("hi")
    bea.wait_for("Bea: hi")
    said = ann.wait_for("message", where=lambda message: message["author"] != ann.id)
    assert (said["name"], said["text"]) == ("Bea", "hi")
    # Who comes and goes.
    cid = make_member(room, "Cid")
    bea.wait_for("Cid comes")
    cid.request("leave")
    bea.wait_for("Cid goes")
    assert not [line for line in bea.printed if line.count("hello") > 1]
    # The end of the input is a clean leave.
    bea.process.stdin.close()
    left = ann.wait_for("member-left", where=lambda left: left["id"] == said["author"])
    assert left["reason"] == "left" and bea.process.wait(5) == 0


def test_what_is_typed_before_it_is_in_is_said(make_member, open_terminal, room):
    ann = make_member(room, "Ann")
    bea = open_terminal(room)
    texts = [f"line {number}" for number in range(30)]
    for text in texts:
        bea.type(text)
    # More than may be said at once: it waits, and says everything once.
    heard = [ann.wait_for("message", timeout=15)["text"] for _ in texts]
    assert heard == texts
    bea.process.send_signal(signal.SIGINT)
    assert ann.wait_for("member-left")["reason"] == "left" and bea.process.wait(5) == 0


def test_control_c_ends_it_also_while_an_answer_comes(make_member, open_terminal, room):
    ann = make_member(room, "Ann")
    bea = open_terminal(room, program=("-c", INTERRUPTED))
    bea.type("hi")
    assert ann.wait_for("message")["text"] == "hi"
    assert ann.wait_for("member-left")["reason"] == "left" and bea.process.wait(5) == 0


def test_waiting_list_and_removal(make_member, open_terminal, room):
    ann = make_member(room, "Ann")
    ann.request("settings", waiting=True)
    bea = open_terminal(room)
    bea.wait_for("Wait until")
    (waiter,) = ann.wait_for("waiting", where=lambda news: news["members"])["members"]
    ann.request("admit", id=waiter["id"])
    assert bea.wait_for("In the room") == "* In the room: Ann, Bea"
    ann.request("remove", id=waiter["id"])
    bea.wait_for("may not be in this room")
    assert bea.process.wait(5) == 0


def test_a_locked_room(make_member, open_terminal, room):
    make_member(room, "Ann").request("lock", locked=True)
    bea = open_terminal(room)
    bea.wait_for("locked")
    assert bea.process.wait(5) == 0


def test_it_outlives_the_server(start_linkup, open_terminal):
    """It comes back as who it was, shows what it missed, and says what was typed meanwhile, once."""
    server = start_linkup()
    bea = open_terminal("room", url=server.url)
    bea.wait_for("In the room")
    bea.type("one")
    bea.wait_for("Bea: one")
    server.kill()
    bea.type("two")
    server = start_linkup(port=server.port)
    with Member(server.url) as ann:
        stored = ann.join("room", "Ann")["messages"]
        while not stored or stored[-1]["text"] != "two":
            stored.append(ann.wait_for("message", timeout=20))
        assert [message["text"] for message in stored] == ["one", "two"]
        assert len({message["author"] for message in stored}) == 1
    bea.wait_for("Bea: two")
