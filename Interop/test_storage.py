"""What linkup says and does when the disk, the file of its history or another process is in its way."""

import contextlib
import os
import sqlite3
import subprocess
import time
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
    with Member(server.url) as member:
        member.join("room")
        said = [member.say("before")]
        filler = folder / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        lines = server.log.count("can't be stored")
        for number in range(15):
            assert error_code(member.request("say", text=f"lost {number}")) == "not-stored"
        assert server.log.count("can't be stored") <= lines + 1, "one line a minute"
        assert readiness(server) == (503, "database: the disk is full, or nearly so\n")
        assert_all_but_chat_goes_on(server, member)
        assert member.request("history", before=99)["messages"] == said
        filler.unlink()
        wait_until(lambda: readiness(server)[0] == 200, timeout=5, what="the disk to be used again")
        # The rate of what one may say is over after so many.
        time.sleep(1)
        said.append(member.say("after"))
        assert member.request("history", before=99)["messages"] == said
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
