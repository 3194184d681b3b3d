"""linkup as a program: starting, failing to start, and stopping."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from harness import http
from harness.certificates import Authority
from harness.member import Member, call
from harness.process import BINARIES
from harness.waiting import wait_until

# The page, a script, what is missing, and Socket.IO's answers, good and bad.
PATHS_OF_ALL_KINDS = ["/", "/client/socket.io.js", "/nothing", "/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=9"]


def run(*arguments, **environment):
    """Runs linkup to its end, which must come by itself."""
    return subprocess.run(
        [BINARIES / "linkup", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, **environment},
    )


def assert_one_line(result, code, *words):
    assert result.returncode == code, result
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    for word in words:
        assert str(word) in lines[0], result.stderr


@pytest.fixture(params=["127.0.0.1", "::"])
def taken(request):
    """A TCP port that is in use."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family) as server:
        yield server.getsockname()[1]


def test_taken_port(taken, tmp_path):
    result = run("--port", taken, "--turn-port", 0, "--data-directory", tmp_path / "data")
    assert_one_line(result, 1, taken)


def test_taken_turn_port(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as used:
        used.bind(("127.0.0.1", 0))
        port = used.getsockname()[1]
        result = run("--port", 0, "--turn-port", port, "--data-directory", tmp_path / "data")
        assert_one_line(result, 1, port)


def test_data_directory_that_is_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert_one_line(run("--port", 0, "--turn-port", 0, "--data-directory", path), 1, path)


def test_data_directory_below_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert_one_line(run("--port", 0, "--turn-port", 0, "--data-directory", path / "data"), 1, path)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fdinfo"), reason="needs a folder in which nobody can write")
def test_unwritable_data_directory():
    # Even root can't make a folder here.
    assert_one_line(run("--port", 0, "--turn-port", 0, "--data-directory", "/proc/self/fdinfo/linkup"), 1, "/proc")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--no-such-flag"], ["--port", "x"], ["--port", "70000"], ["--port=-1"], ["--log-level", "loud"], ["no-such"]),
        *(["--stun-port", "1"], ["--share-tls"], ["--tls", "on"], ["--tls", "certificate"], ["turn", "--tls", "off"], ["turn", "--turn-port", "65536"]),
        *(["turn", "--tls-port", "1"], ["turn", "--certificate", "/dev/null"], ["turn", "--relay-ports", "2-1"]),
        *(["turn", "--allow-peer", "10.0.0.1/8"], ["turn", "--realm", ""], ["turn", "--relay-address", "host"]),
        *(["turn", "--hostname", "127.0.0.1", "--other-address", "127.0.0.1"], ["check", "http:example.org"]),
        *(["--base-path", ""], ["--base-path", "/a b"], ["--base-path", "https://a/b"], ["turn", "--base-path", "/a"]),
        *(["--public-host", "https://a"], ["--allowed-origin", "a"], ["--trusted-proxy", "a"], ["--history-days", "x"]),
        *(["turn", "--user", "u\nx:p"], ["turn", "--user", "u\x1b[2J:p"], ["turn", "--realm", "a\tb"]),
        *(["check", "--timeout", "0"], ["check", "turn:h", "--user", "x"], ["check", "stun:h", "--secret", "x"]),
    ],
    ids=" ".join,
)
def test_bad_flag(arguments):
    result = run(*arguments)
    assert_one_line(result, 64, "linkup: ")


def test_bad_variable():
    assert_one_line(run("turn", LINKUP_TURN_PORT="many"), 64, "LINKUP_TURN_PORT", "many")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("turn-port: many", ["turn-port", "many"]),
        ("turn-port: [1, 2]", ["turn-port"]),
        ("colour: red", ["colour"]),
        ("turn: {port: 1}", ["turn.port"]),
        ("user: ['ann:hush', x", []),
        ("user: hush", ["user"]),
        ("- hush", []),
    ],
    ids=["number", "list", "key", "nested", "syntax", "user", "sequence"],
)
def test_bad_file(tmp_path, text, words):
    path = tmp_path / "linkup.yaml"
    path.write_text(text)
    result = run("turn", "--config", path)
    assert_one_line(result, 1, path, *words)
    assert "hush" not in result.stderr


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_unreadable_file(tmp_path, name):
    assert_one_line(run("turn", "--config", tmp_path / name), 1, tmp_path / name)


def test_unreadable_certificate(tmp_path):
    result = run("turn", "--turn-port", 0, "--certificate", tmp_path / "no", "--private-key", tmp_path / "no")
    assert_one_line(result, 1, tmp_path / "no")


def test_certificate_that_is_none(tmp_path):
    path = tmp_path / "file.pem"
    path.write_text("hush")
    arguments = ["--turn-port", 0, "--tls-port", 0, "--certificate", path, "--private-key", path]
    result = run("turn", *arguments)
    assert_one_line(result, 1, path)
    assert "hush" not in result.stderr
    assert_one_line(run("--port", 0, "--data-directory", tmp_path / "data", *arguments), 1, path)


def test_certificate_with_the_key_of_another(tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate, _ = authority.issue("localhost")
    _, key = authority.issue("localhost", file="other")
    result = run("turn", "--turn-port", 0, "--tls-port", 0, "--certificate", certificate, "--private-key", key)
    assert_one_line(result, 1, key)


def test_page_over_tls(start_server, tmp_path):
    """With a certificate one port has the page, and TURN for the secret's owners; SIGHUP does not end it."""
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue("localhost", "127.0.0.1")
    arguments = ["--port", 0, "--turn-port", 0, "--data-directory", tmp_path / "data"]
    arguments += ["--certificate", certificate, "--private-key", key, "--secret", "s"]
    server = start_server("linkup", arguments, ready=r"Open https://[^ /]+:(\d+)")
    server.process.send_signal(signal.SIGHUP)
    address = f"turns:127.0.0.1:{server.port}"
    assert run("check", address, "--secret", "s", "--insecure").returncode == 0
    with socket.create_connection(server.address, timeout=5) as plain:
        with authority.context().wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert client.recv(4000).startswith(b"HTTP/1.1 200")
    for path in PATHS_OF_ALL_KINDS:
        with socket.create_connection(server.address, timeout=5) as plain:
            with authority.context().wrap_socket(plain, server_hostname="localhost") as client:
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                head = client.recv(4000).partition(b"\r\n\r\n")[0].lower()
                assert b"\r\nstrict-transport-security: max-age=31536000" in head, path
    # What comes without TLS is sent on without the field (RFC 6797, section 7.2).
    redirect = http.request(server.address, "GET", "/")
    assert redirect.status == 308 and "strict-transport-security" not in redirect.headers
    assert server.stop() == 0


@pytest.mark.parametrize("path", PATHS_OF_ALL_KINDS)
def test_without_tls_browsers_are_not_told_to_use_it(shared_linkup, path):
    assert "strict-transport-security" not in http.request(shared_linkup.address, "GET", path).headers


@pytest.mark.parametrize("command", ["serve", "turn"])
def test_hangup_never_ends_it(start_server, start_linkup, command):
    """Service managers send SIGHUP to reload, whatever there is to be read again."""
    if command == "serve":
        server = start_linkup()
    else:
        server = start_server("linkup", ["turn", "--turn-port", 0], ready=r"STUN listens on port (\d+)")
    for _ in range(3):
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
    assert server.is_running
    if command == "serve":
        wait_until(lambda: server.log.count("SIGHUP") >= 1, timeout=5, what="a line about SIGHUP")
        assert http.request(server.address, "GET", "/healthz").status == 200
    assert server.stop() == 0


def test_hangup_while_it_starts(tmp_path):
    """It may come at any time: a process that has not begun to listen must not die of it either."""
    arguments = ["--port", 0, "--turn-port", 0, "--data-directory", tmp_path / "data"]
    process = subprocess.Popen(
        [BINARIES / "linkup", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        # The program itself must have begun.
        status = Path(f"/proc/{process.pid}/status")
        wait_until(lambda: int(re.search(r"SigIgn:\s+(\w+)", status.read_text())[1], 16) & 1, timeout=5, what="start")
        process.send_signal(signal.SIGHUP)
        assert "running" in process.stdout.readline()
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


def test_two_on_one_data_directory(start_linkup, tmp_path):
    start_linkup()
    result = run("--port", 0, "--turn-port", 0, "--data-directory", tmp_path / "data")
    assert_one_line(result, 1, "another linkup", tmp_path / "data")


def test_successor_waits_for_its_predecessor(start_linkup):
    first = start_linkup()
    first.expects_to_live = False
    first.process.send_signal(signal.SIGTERM)
    second = start_linkup()
    assert first.process.wait(10) == 0
    assert http.request(second.address, "GET", "/readyz").status == 200


def test_database_of_a_newer_version(start_linkup, tmp_path):
    assert start_linkup().stop() == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "chat.sqlite")) as database:
        database.execute("INSERT INTO grdb_migrations VALUES ('99 later')")
        database.commit()
    result = run("--port", 0, "--turn-port", 0, "--data-directory", tmp_path / "data")
    assert_one_line(result, 1, "newer", tmp_path / "data")


def test_database_that_is_none(tmp_path):
    (tmp_path / "chat.sqlite").write_bytes(b"garbage" * 1000)
    result = run("--port", 0, "--turn-port", 0, "--data-directory", tmp_path)
    assert_one_line(result, 1, tmp_path / "chat.sqlite")
    assert (tmp_path / "chat.sqlite").read_bytes() == b"garbage" * 1000


def test_files_are_for_its_own_user(start_linkup, tmp_path):
    """Also where the folder is not, and the files are from a time when it was not so."""
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o755)
    (data / "secret").write_bytes(bytes(range(32)))
    (data / "secret").chmod(0o644)
    server = start_linkup()
    with Member(server.url) as member:
        member.join("room")
        member.say("hush")
    modes = {path.name: path.stat().st_mode & 0o777 for path in data.iterdir()}
    assert {"chat.sqlite", "chat.sqlite-wal", "chat.sqlite-shm", "secret"} <= set(modes)
    assert set(modes.values()) == {0o600}, modes
    assert "chmod 700" in server.log


def test_expired_certificate_is_said(start_server, tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue("localhost", days=-1)
    arguments = ["turn", "--turn-port", 0, "--tls-port", 0, "--certificate", certificate, "--private-key", key]
    server = start_server("linkup", arguments, ready=r"STUN listens on port (\d+)")
    assert "expired" in server.log


@pytest.mark.parametrize("date", ["1969-06-01", "2040-01-01", "2110-01-01"])
def test_any_date(start_server, tmp_path, date, monkeypatch):
    """A machine without a battery starts in another age: people chat, and calls get credentials that count."""
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    arguments = ["--port", 0, "--turn-port", 0, "--data-directory", tmp_path / "data"]
    server = start_server(
        "linkup",
        arguments,
        ready=r"Open http://[^ /]+:(\d+)",
        # faketime waits for the server, and would leave it behind when it is stopped itself.
        prefix=["faketime", "-f", f"@{date} 12:00:00", "setpriv", "--pdeathsig", "KILL"],
    )
    assert http.request(server.address, "GET", "/").status == 200
    with Member(server.url) as member:
        assert member.join("room", call=call())["iceServers"]
        said = member.say("hello")
        assert (said["time"] < 0) == date.startswith("19")
        assert member.request("history", before=said["number"] + 1)["messages"] == [said]


def test_taken_port_of_turn(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as used:
        used.bind(("127.0.0.1", 0))
        port = used.getsockname()[1]
        assert_one_line(run("turn", "--turn-port", port, "--hostname", "127.0.0.1"), 1, port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_turn_stops_at_once(start_server, number):
    server = start_server("linkup", ["turn", "--turn-port", 0], ready=r"STUN listens on port (\d+) \(UDP and TCP\)\.")
    with socket.create_connection(server.address):
        begin = time.monotonic()
        server.expects_to_live = False
        server.process.send_signal(number)
        assert server.process.wait(10) == 0, server.log
        assert time.monotonic() - begin < 5


def test_turn_takes_its_options_from_everywhere(start_server, tmp_path, monkeypatch):
    path = tmp_path / "linkup.yaml"
    path.write_text("turn-port: 70000\nuser: ['ann:hush']\nno-tcp: true\nlog-level: trace\n")
    monkeypatch.setenv("LINKUP_TURN_PORT", "0")
    monkeypatch.setenv("LINKUP_SECRET", "hush, silence")
    server = start_server("linkup", ["turn", "--config", path], ready=r"TURN listens on port (\d+) \(UDP\)\.")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(server.address)
    assert server.stop() == 0
    assert "hush" not in server.log and "silence" not in server.log


def test_serve_says_where_turn_is(linkup):
    assert re.search(r"^LinkUp is running\.", linkup.log, re.MULTILINE)
    assert re.search(r"^TURN listens on port \d+ \(UDP and TCP\)\.$", linkup.log, re.MULTILINE)


def test_help():
    result = run("--help")
    assert result.returncode == 0
    serve = run("serve", "--help")
    assert serve.returncode == 0
    for flag in ("--hostname", "--port", "--turn-port", "--data-directory", "--log-level", "--tls"):
        assert flag in serve.stdout
    turn = run("turn", "--help")
    assert turn.returncode == 0
    for flag in ("--relay-address", "--user", "--secret", "--config"):
        assert flag in serve.stdout and flag in turn.stdout
    check = run("check", "--help")
    assert check.returncode == 0
    assert "--json" in check.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_within_five_seconds_of_a_signal(start_linkup, number):
    server = start_linkup()
    members = [Member(server.url, transports=[transport]) for transport in ("websocket", "polling")]
    for member in members:
        member.join("room")
    # Connections that have said nothing, or half of something, must not hold it up either.
    idle = socket.create_connection(server.address)
    half = socket.create_connection(server.address)
    half.sendall(b"GET / HTTP/1.1\r\nHost:")
    begin = time.monotonic()
    server.expects_to_live = False
    server.process.send_signal(number)
    assert server.process.wait(10) == 0, server.log
    assert time.monotonic() - begin < 5
    idle.close()
    half.close()
    for member in members:
        member.close()


def test_second_start_on_the_same_data(start_linkup):
    first = start_linkup()
    with Member(first.url) as member:
        member.join("room")
        said = member.say("kept")
    assert first.stop() == 0
    second = start_linkup()
    with Member(second.url) as member:
        assert member.join("room", "Bea")["messages"] == [said]


def test_listens_on_both_families(linkup):
    for host in ("127.0.0.1", "::1"):
        assert http.request((host, linkup.port), "GET", "/healthz").status == 200


def test_hostname_limits_where_it_listens(start_linkup):
    server = start_linkup("--hostname", "127.0.0.1")
    assert http.request(("127.0.0.1", server.port), "GET", "/healthz").status == 200
    with pytest.raises(OSError):
        http.request(("::1", server.port), "GET", "/healthz")
