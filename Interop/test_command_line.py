"""linkup as a program: starting, failing to start, and stopping."""

import os
import signal
import socket
import subprocess
import time

import pytest

from harness import http
from harness.member import Member
from harness.process import BINARIES


def run(*arguments):
    """Runs linkup to its end, which must come by itself."""
    return subprocess.run(
        [BINARIES / "linkup", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
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
    result = run("--port", taken, "--stun-port", 0, "--data-directory", tmp_path / "data")
    assert_one_line(result, 1, taken)


def test_taken_stun_port(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as used:
        used.bind(("127.0.0.1", 0))
        port = used.getsockname()[1]
        result = run("--port", 0, "--stun-port", port, "--data-directory", tmp_path / "data")
        assert_one_line(result, 1, port)


def test_data_directory_that_is_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert_one_line(run("--port", 0, "--stun-port", 0, "--data-directory", path), 1, path)


def test_data_directory_below_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert_one_line(run("--port", 0, "--stun-port", 0, "--data-directory", path / "data"), 1, path)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fdinfo"), reason="needs a folder in which nobody can write")
def test_unwritable_data_directory():
    # Even root can't make a folder here.
    assert_one_line(run("--port", 0, "--stun-port", 0, "--data-directory", "/proc/self/fdinfo/linkup"), 1, "/proc")


@pytest.mark.parametrize(
    "arguments",
    [["--no-such-flag"], ["--port", "x"], ["--port", "70000"], ["--port", "-1"], ["--log-level", "loud"], ["no-such"]],
    ids=" ".join,
)
def test_bad_flag(arguments):
    result = run(*arguments)
    assert_one_line(result, 64, "linkup: ")


def test_help():
    result = run("--help")
    assert result.returncode == 0
    serve = run("serve", "--help")
    assert serve.returncode == 0
    for flag in ("--hostname", "--port", "--stun-port", "--data-directory", "--log-level"):
        assert flag in serve.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_within_five_seconds_of_a_signal(start_linkup, number):
    server = start_linkup()
    members = [Member(server.url, transports=[transport]) for transport in ("websocket", "polling")]
    for member in members:
        member.chat("join", room="room", name="Ann")
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
        member.chat("join", room="room", name="Ann")
        said = member.chat("say", text="kept")["message"]
    assert first.stop() == 0
    second = start_linkup()
    with Member(second.url) as member:
        assert member.chat("join", room="room", name="Bea")["messages"] == [said]


def test_listens_on_both_families(linkup):
    for host in ("127.0.0.1", "::1"):
        assert http.request((host, linkup.port), "GET", "/healthz").status == 200


def test_hostname_limits_where_it_listens(start_linkup):
    server = start_linkup("--hostname", "127.0.0.1")
    assert http.request(("127.0.0.1", server.port), "GET", "/healthz").status == 200
    with pytest.raises(OSError):
        http.request(("::1", server.port), "GET", "/healthz")
