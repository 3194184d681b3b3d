"""Backups while people talk, and what comes back of them: here, on another machine, and while the server runs."""

import json
import sqlite3
import stat
import subprocess
import threading

import pytest

from harness.member import Member
from harness.process import BINARIES


def linkup(*arguments):
    command = [str(part) for part in (BINARIES / "linkup", *arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def done(*arguments):
    result = linkup(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(*arguments):
    result = linkup(*arguments)
    assert result.returncode == 1 and result.stdout == "" and result.stderr.count("\n") == 1, result
    return result.stderr


def texts(folder, room="room"):
    lines = done("export", room, "--data-directory", folder).splitlines()
    messages = [json.loads(line) for line in lines]
    assert [message["number"] for message in messages] == list(range(1, len(messages) + 1))
    return [message["text"] for message in messages]


def history(server, room="room"):
    with Member(server.url) as member:
        return [message["text"] for message in member.join(room, "Reader")["messages"]]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def test_a_backup_on_another_machine(start_linkup, folder, tmp_path):
    """All is there: what was said, who people are, and the certificates."""
    server = start_linkup(data=folder)
    (folder / "tls").mkdir()
    (folder / "tls" / "root.pem").write_text("root")
    with Member(server.url) as ann:
        ann.join("room", "Ann")
        for number in range(5):
            ann.say(f"message {number}")
        key, id = ann.key, ann.id
    backup = tmp_path / "linkup.backup"
    assert done("backup", backup, "--data-directory", folder) == ""
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600 and not list(tmp_path.glob("*.part*"))
    other = tmp_path / "other"
    assert "History, secret and certificates are back" in done("restore", backup, "--data-directory", other)
    assert (other / "secret").read_bytes() == (folder / "secret").read_bytes()
    assert (other / "tls" / "root.pem").read_text() == "root"
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in other.rglob("*")} == {0}
    second = start_linkup(data=other)
    with Member(second.url) as ann:
        answer = ann.join("room", "Ann", key=key)
        assert answer["self"] == id, "the secret is the same, so the key proves who she is"
        assert [message["text"] for message in answer["messages"]] == [f"message {number}" for number in range(5)]
        assert ann.say("on the other machine")["number"] == 6


def test_backups_while_people_talk(start_linkup, folder, tmp_path):
    """Each backup is whole, has all that was acknowledged before it began, and nobody waits long for it."""
    server = start_linkup("--message-rate", "0", "--event-rate", "0", data=folder)
    said, stop = [], threading.Event()

    def talk():
        with Member(server.url) as ann:
            ann.join("room", "Ann")
            while not stop.is_set():
                said.append(ann.say(f"message {len(said)}")["text"])

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        backup = tmp_path / "linkup.backup"
        for round in range(5):
            before = list(said)
            done("backup", backup, "--data-directory", folder)
            other = tmp_path / f"other-{round}"
            done("restore", backup, "--data-directory", other)
            copied = texts(other)
            assert copied[: len(before)] == before and copied == said[: len(copied)]
    finally:
        stop.set()
        talker.join()
    assert len(said) > 20


def test_a_restore_while_the_server_runs(start_linkup, folder, tmp_path):
    """The history is another one from the next message on; no number is given twice."""
    server = start_linkup(data=folder)
    backup = tmp_path / "linkup.backup"
    with Member(server.url) as ann:
        ann.join("room", "Ann")
        ann.say("kept")
        done("backup", backup, "--data-directory", folder)
        assert ann.say("lost")["number"] == 2
        assert "stop the server" in done("restore", backup, "--data-directory", folder)
        assert ann.say("after")["number"] > 2
    assert history(server) == ["kept", "after"]
    with sqlite3.connect(folder / "chat.sqlite.before-restore") as former:
        assert [row[0] for row in former.execute("SELECT text FROM message ORDER BY id")] == ["kept", "lost"]
    assert server.stop() == 0
    assert history(start_linkup(data=folder)) == ["kept", "after"]


def test_a_restore_after_the_server_was_killed(start_linkup, folder, tmp_path):
    """What the dead server had not yet put into the file does not get into the one that comes back."""
    server = start_linkup(data=folder)
    backup = tmp_path / "linkup.backup"
    with Member(server.url) as ann:
        ann.join("room", "Ann")
        ann.say("kept")
        done("backup", backup, "--data-directory", folder)
        ann.say("lost")
        server.kill()
    assert (folder / "chat.sqlite-wal").stat().st_size > 0
    assert "certificates are back" in done("restore", backup, "--data-directory", folder)
    assert texts(folder) == ["kept"]
    assert history(start_linkup(data=folder)) == ["kept"]


def test_what_is_no_backup_is_refused(start_linkup, folder, tmp_path):
    server = start_linkup(data=folder)
    with Member(server.url) as ann:
        ann.join("room", "Ann")
        ann.say("kept")
    assert server.stop() == 0
    backup = tmp_path / "linkup.backup"
    done("backup", backup, "--data-directory", folder)
    whole = backup.read_bytes()

    def altered(statement):
        path = tmp_path / "altered"
        path.write_bytes(whole)
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()
        return path

    hostile = "INSERT INTO linkup_backup VALUES ('{}', 'x')"
    files = {
        "text": b"hush", "empty": b"", "cut": whole[: len(whole) // 2], "start": whole[:100],
        "zeros": whole[:4096] + bytes(len(whole) - 4096),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert str(path) in refused("restore", path, "--data-directory", folder), name
    for name in ("../secret", "/etc/passwd", "tls/../../x", "tls/", "", ".", "tls/.x", "other", "a/b", "tls/a/b", "tls/a b"):
        path = altered(hostile.format(name))
        assert "no backup of linkup" in refused("restore", path, "--data-directory", folder), name
    newer = altered("INSERT INTO grdb_migrations VALUES ('999 later')")
    assert "newer" in refused("restore", newer, "--data-directory", folder)
    assert "no file" in refused("restore", tmp_path / "missing", "--data-directory", folder)
    assert "no backup" in refused("restore", folder / "chat.sqlite", "--data-directory", tmp_path / "new")
    # Nothing has changed, and nothing was left behind.
    assert texts(folder) == ["kept"] and not (folder / "chat.sqlite.before-restore").exists()
    assert not list(folder.glob("*.part*")) and not (tmp_path / "secret").exists()


def test_what_can_not_be_done_is_said(folder, tmp_path):
    assert "no history" in refused("backup", tmp_path / "file", "--data-directory", folder)
    assert "no history" in refused("export", "room", "--data-directory", folder)
    folder.mkdir()
    (folder / "chat.sqlite").write_bytes(b"x" * 5000)
    assert "damaged" in refused("backup", tmp_path / "file", "--data-directory", folder)
    assert "no name of a room" in refused("export", "a/b", "--data-directory", folder)
    assert not (tmp_path / "file").exists() and not list(tmp_path.glob("*.part*"))


def test_where_a_backup_can_not_be_written(start_linkup, folder, tmp_path):
    start_linkup(data=folder)
    for target in (tmp_path / "missing" / "file", tmp_path, "/proc/self/fdinfo/file"):
        assert str(target) in refused("backup", target, "--data-directory", folder)


def test_an_export_of_a_room_without_messages(start_linkup, folder):
    start_linkup(data=folder)
    assert done("export", "empty", "--data-directory", folder) == ""
