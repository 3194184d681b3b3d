"""What linkup says and does when the disk, the file of its history or another process is in its way."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import http
from harness.member import Member, call, error_code
from harness.process import BINARIES
from harness.waiting import wait_until

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a small disk")


@pytest.fixture
def database(tmp_path):
    return tmp_path / "data" / "chat.sqlite"


@pytest.fixture
def ann(linkup):
    with Member(linkup.url) as member:
        member.join("room")
        member.say("before")
        yield member


def readiness(server):
    response = http.request(server.address, "GET", "/readyz")
    return response.status, response.text


def stored(path):
    """What somebody else reads in the file."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM message ORDER BY id")]


def stored_on(disk, folder):
    """What somebody else reads in a copy of what is on a disk, which SQLite itself finds no way to."""
    folder.mkdir(exist_ok=True)
    for path in disk.glob("chat.sqlite*"):
        shutil.copy(path, folder / path.name)
    return stored(folder / "chat.sqlite")


def assert_all_but_chat_goes_on(server, member):
    assert http.request(server.address, "GET", "/healthz").status == 200
    assert http.request(server.address, "GET", "/").status == 200
    assert member.request("enter", call())["iceServers"]
    assert member.request("exit") == {}


def test_ready(linkup, ann):
    assert readiness(linkup) == (200, "ok\n")


def test_deleted_database(linkup, ann, database):
    for path in database.parent.glob("chat.sqlite*"):
        path.unlink()
    said = ann.say("after")
    assert stored(database) == ["after"]
    assert said["number"] == 2, "numbers go on"
    assert readiness(linkup) == (200, "ok\n")


def test_overwritten_database(linkup, ann, database):
    with open(database, "r+b") as file:
        file.write(b"garbage!" * 2000)
    assert error_code(ann.request("say", text="lost")) == "not-stored"
    status, text = readiness(linkup)
    assert status == 503 and text.startswith("database: ") and "damaged" in text
    assert_all_but_chat_goes_on(linkup, ann)
    for path in database.parent.glob("chat.sqlite*"):
        path.unlink()
    ann.say("after")
    assert stored(database) == ["after"]
    assert readiness(linkup) == (200, "ok\n")


def test_locked_database(linkup, ann, database):
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begin = time.monotonic()
        assert error_code(ann.request("say", text="lost")) == "not-stored"
        assert time.monotonic() - begin < 5
        assert readiness(linkup)[0] == 503
        assert_all_but_chat_goes_on(linkup, ann)
        other.execute("ROLLBACK")
    assert readiness(linkup) == (200, "ok\n")
    ann.say("after")
    assert stored(database) == ["before", "after"]


@pytest.mark.parametrize("state", ["damaged", "locked"])
def test_changes_and_searches(linkup, ann, database, state):
    """`edit` and `delete` are refused as `say` is, and told to nobody; what only reads goes on where it can."""
    with Member(linkup.url) as bea, contextlib.ExitStack() as stack:
        joined = bea.join("room", "Bea")
        if state == "locked":
            other = stack.enter_context(contextlib.closing(sqlite3.connect(database, isolation_level=None)))
            other.execute("BEGIN EXCLUSIVE")
        else:
            with open(database, "r+b") as file:
                file.write(b"garbage!" * 2000)
        # At the same time, since each waits for the lock of another for a while.
        with ThreadPoolExecutor() as threads:
            edit = threads.submit(ann.request, "edit", number=1, text="changed")
            delete = threads.submit(ann.request, "delete", number=1)
        assert error_code(edit.result()) == error_code(delete.result()) == "not-stored"
        assert not bea.heard("message")
        if state == "locked":
            # Another's lock is for writing.
            assert ann.request("search", text="before")["messages"] == joined["messages"]
            other.execute("ROLLBACK")
            changed = ann.request("edit", number=1, text="changed")["message"]
            assert bea.wait_for("message") == changed and ann.request("search", text="changed")["messages"] == [changed]
            assert stored(database) == ["changed"]


@NEEDS_ROOT
def test_full_disk(start_server, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    # In a namespace of its own, so that the disk goes away with the process.
    mount = f'mount -t tmpfs -o size=8m,mode=700 tmpfs {data} && exec "$0" "$@"'
    server = start_server(
        "linkup",
        ["--port", 0, "--turn-port", 0, "--data-directory", data],
        ready=r"Open http://[^ /]+:(\d+)",
        prefix=["unshare", "-m", "sh", "-c", mount],
    )
    folder = Path(f"/proc/{server.pid}/root{data}")
    with Member(server.url) as member, Member(server.url) as other:
        member.join("room")
        said = [member.say("before"), member.say("before too")]
        other.join("room", "Bea")
        filler = folder / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        lines = server.log.count("can't be stored")
        # Together not more than one may at once.
        for number in range(6):
            assert error_code(member.request("say", text=f"lost {number}")) == "not-stored"
            assert error_code(member.request("edit", number=1, text="changed")) == "not-stored"
            assert error_code(member.request("delete", number=2)) == "not-stored"
        assert server.log.count("can't be stored") <= lines + 1, "one line a minute"
        assert readiness(server) == (503, "database: the disk is full, or nearly so\n")
        assert_all_but_chat_goes_on(server, member)
        # What is there is read and found as it was, and nobody was told of anything else.
        assert member.request("history", before=99)["messages"] == said
        assert member.request("search", text="before")["messages"] == said[::-1]
        assert member.request("search", text="lost")["messages"] == []
        assert stored_on(folder, tmp_path / "copy") == ["before", "before too"]
        filler.unlink()
        wait_until(lambda: readiness(server)[0] == 200, timeout=5, what="the disk to be used again")
        # The rate of what one may say is over after so many.
        changed = wait_until(lambda: member.request("edit", number=1, text="changed").get("message"), what="the rate")
        deleted = wait_until(lambda: member.request("delete", number=2).get("message"), what="the rate")
        added = wait_until(lambda: member.request("say", text="after").get("message"), what="the rate")
        assert changed["text"] == "changed" and deleted["deleted"] is True and added["number"] == 3
        assert member.request("history", before=99)["messages"] == [changed, deleted, added]
        assert member.request("search", text="changed")["messages"] == [changed]
        assert member.request("search", text="before")["messages"] == []
        assert [other.wait_for("message") for _ in range(3)] == [changed, deleted, added], "and nothing before"
        assert stored_on(folder, tmp_path / "copy") == ["changed", "", "after"]
    assert server.log.count("can be stored again") == 1
    assert server.stop() == 0


FORMER_TABLES = """
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, author TEXT NOT NULL,
        name TEXT NOT NULL, text TEXT NOT NULL, time INTEGER NOT NULL, key TEXT, UNIQUE (room, key));
    CREATE INDEX message_room_id ON message (room, id);
    INSERT INTO grdb_migrations VALUES ('1 messages');
"""


def write_former_database(path, messages):
    """What an older linkup left behind."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(FORMER_TABLES)
        connection.executemany(
            "INSERT INTO message (room, author, name, text, time) VALUES ('room', 'ann', 'Ann', ?, ?)",
            [(text, 10**12 + index) for index, text in enumerate(messages)],
        )


def test_database_of_an_older_version(start_linkup, database):
    database.parent.mkdir()
    write_former_database(database, ["one", "two"])
    server = start_linkup("--history-days", 0)
    with Member(server.url) as member:
        messages = member.join("room", "Ann")["messages"]
        assert [(message["number"], message["text"]) for message in messages] == [(1, "one"), (2, "two")]
        assert member.say("three")["number"] == 3
    copy = database.parent / "chat.sqlite.before-5"
    assert stored(copy) == ["one", "two"]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert str(copy) in server.log
    copy.unlink()
    assert server.stop() == 0
    start_linkup()
    assert not copy.exists()


@NEEDS_ROOT
def test_no_room_for_a_copy_of_an_older_version(tmp_path):
    former, data = tmp_path / "former.sqlite", tmp_path / "data"
    data.mkdir()
    write_former_database(former, ["x" * 4000] * 1250)
    script = f'''
        mount -t tmpfs -o size=8m,mode=700 tmpfs {data} && cp {former} {data}/chat.sqlite || exit 9
        "$0" "$@"; code=$?
        ls -A {data}
        exit $code
    '''
    command = [BINARIES / "linkup", "--port", 0, "--turn-port", 0, "--data-directory", data]
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, *map(str, command)], capture_output=True, text=True, timeout=20
    )
    assert result.returncode == 1, result
    assert "cannot keep a copy" in result.stderr and "the disk is full" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "chat.sqlite" in result.stdout.split() and "before-5" not in result.stdout
