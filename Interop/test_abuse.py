"""Attacks on the real programs, beside two people who talk: they notice nothing, whatever is tried.

Attackers come from networks of their own; where one network's limit is what is tested, all come from one.
"""

import contextlib
import json
import os
import signal
import socket
import stat
import time
from collections import Counter

import pytest

from harness.attack import NETWORKS, Intruder, connect, exchange, processor_seconds
from harness.crowd import raise_descriptors
from harness.engineio import EngineSocket, SocketIOSocket
from harness.member import call, error_code
from harness.pair import Pair
from harness.waiting import wait_until
from harness.websocket import Refused

MEBIBYTE = 1024 * 1024
POLLING = "/socket.io/?EIO=4&transport=polling"


def get(path, host="localhost", *fields):
    """A request that ends its connection."""
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *fields, "", ""]).encode()


def status(answer):
    """The status of an HTTP response."""
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    return int(answer.split(b" ", 2)[1])


# MARK: Descriptors


@pytest.fixture(params=["linkup", "linkup turn", "socketio-conformance"])
def program(request, start_server, tmp_path):
    """Starts a program with a limit of descriptors."""

    def start(limit):
        arguments, ready = {
            "linkup": (
                ["--port", 0, "--turn-port", 0, "--data-directory", tmp_path / f"data-{limit}"],
                r"Open http://[^ /]+:(\d+)",
            ),
            "linkup turn": (
                ["turn", "--hostname", "127.0.0.1", "--turn-port", 0, "--user", "ann:x",
                 "--relay-address", "127.0.0.1", "--max-connections-per-network", 4000], r"on port (\d+)"
            ),
            "socketio-conformance": (["--port", 0], r"listening on (\d+)"),
        }[request.param]
        prefix = ["prlimit", f"--nofile={limit}:{limit}"]
        return start_server(request.param.split()[0], arguments, ready=ready, prefix=prefix)

    return start


def test_the_process_outlives_its_descriptors(program):
    raise_descriptors()
    servers = {limit: program(limit) for limit in (256, 512)}
    with contextlib.ExitStack() as stack:
        for limit, server in servers.items():
            for number in range(limit + 100):
                try:
                    source = NETWORKS[number % len(NETWORKS)]
                    stack.enter_context(connect(server.address, source=source, timeout=3))
                except OSError:
                    break  # Those that wait to be accepted are as many as the system lets.
        # libdispatch looks at its threads once a second, and used to end the process when it couldn't.
        used = {limit: processor_seconds(server.pid) for limit, server in servers.items()}
        for _ in range(4):
            wait_until(lambda end=time.monotonic() + 1: time.monotonic() > end, what="a second")
            for limit, server in servers.items():
                assert server.is_running, server.log[-2000:]
                assert server.descriptors < limit - 5
        for limit, server in servers.items():
            assert processor_seconds(server.pid) - used[limit] < 1
    for limit, server in servers.items():
        wait_until(lambda: server.descriptors < limit // 2, what="the descriptors to come back")
        wait_until(lambda: is_served(server), what="a newcomer to be served")
        # One line a minute for each reason, however many were refused.
        reasons = Counter(line.split("] ", 1)[1] for line in server.log.splitlines() if "refused" in line.lower())
        assert set(reasons.values()) == {1}, server.log


def is_served(server):
    """Whether a new connection is answered."""
    with contextlib.suppress(OSError), connect(server.address, timeout=1) as connection:
        if "turn" in server.arguments[0]:
            connection.sendall(bytes.fromhex("000100002112a442") + bytes(12))
            return connection.recv(2) == b"\x01\x01"
        connection.sendall(get("/healthz"))
        return connection.recv(9) == b"HTTP/1.1 "


# MARK: Signals and the end


def test_a_hangup_ends_nothing(linkup):
    os.kill(linkup.pid, signal.SIGHUP)
    wait_until(lambda: "certificate" in linkup.log or "reload" in linkup.log.lower(), what="the server to say so")
    assert status(exchange(linkup.address, get("/healthz"))) == 200
    assert linkup.stop() == 0


# MARK: Memory


def test_history_that_nobody_reads_costs_little(linkup):
    """64 clients ask for pages of history again and again, and read none of them."""
    with Intruder(linkup.address) as writer:
        writer.join("long")
        for number in range(1, 19):
            assert "message" in writer.ask(number, "say", {"text": "😀" * 4000})
    with Pair(linkup.address) as pair, contextlib.ExitStack() as stack:
        before = linkup.resident_bytes
        for number in range(64):
            client = stack.enter_context(Intruder(linkup.address, source=NETWORKS[number]))
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send("40/room,")
            client.request(1, "join", json.dumps({"room": "long", "name": "R", "version": 1}))
            for again in range(40):
                client.request(again, "history", "{}")
        most = 0
        for _ in range(30):
            wait_until(lambda end=time.monotonic() + 0.1: time.monotonic() > end, what="a moment")
            most = max(most, linkup.resident_bytes - before)
        assert most < 200 * MEBIBYTE, f"{most / MEBIBYTE:.0f} MiB"
    pair.assert_undisturbed()


def test_sessions_are_counted_by_network(linkup):
    with Pair(linkup.address) as pair, connect(linkup.address) as connection:
        answers = b""
        for _ in range(20):
            connection.sendall(f"GET {POLLING} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 100)
            connection.settimeout(0.5)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while data := connection.recv(MEBIBYTE):
                    answers += data
                    if answers.count(b"HTTP/1.1 ") % 100 == 0 and answers.count(b"HTTP/1.1 ") > 0:
                        break
        opened, refused = answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 429")
        assert opened < 500 and refused > 500, (opened, refused)
        # Another network is none the poorer.
        assert status(exchange(linkup.address, get(POLLING), source=NETWORKS[1])) == 200
    pair.assert_undisturbed()


# MARK: Work


def test_placeholders_cost_what_bytes_cost(start_conformance):
    server = start_conformance(loops=1)
    text = "[" + ",".join(['{"_placeholder":true,"num":0}'] * 28_000) + "]"
    with SocketIOSocket(server.address) as other:
        other.echo(1)
        with SocketIOSocket(server.address) as attacker:
            attacker.send('421["echo",' + text + "]")
            began = time.monotonic()
            other.echo(2)
            assert time.monotonic() - began < 0.25
            assert attacker.receive_past_pings().startswith('431[')
        with SocketIOSocket(server.address) as attacker:
            attacker.send('451-["echo",' + text + "]")
            attacker.send(b"x")
            began = time.monotonic()
            other.echo(3)
            assert time.monotonic() - began < 0.25
            attacker.expect_closed()


def test_entering_again_resets_no_limit(linkup):
    with Pair(linkup.address) as pair, Intruder(linkup.address) as attacker:
        numbers = iter(range(1, 100_000))
        end = time.monotonic() + 4
        packets = []
        for _ in range(200):
            packets += ["40/room,", f'42/room,{next(numbers)}["join",{{"room":"flood","name":"F","version":1}}]']
            packets += [f'42/room,{next(numbers)}["say",{{"text":"x"}}]' for _ in range(20)]
            packets += ["41/room,"]
        with contextlib.suppress(OSError):
            for packet in packets:
                attacker.send(packet)
                if time.monotonic() > end:
                    break
    pair.assert_undisturbed()
    with Intruder(linkup.address, source=NETWORKS[1]) as reader:
        joined = reader.join("flood")
    # Twenty at once and ten a second, whatever was left and entered.
    assert len(joined["messages"]) <= 20 + 10 * 5, len(joined["messages"])


def test_joins_of_big_rooms_end_with_their_socket(linkup):
    with Intruder(linkup.address) as writer:
        writer.enter()
        for room in range(5):
            writer.ask(room * 10, "join", {"room": f"big-{room}", "name": "W", "version": 1})
            for number in range(1, 4):
                assert "message" in writer.ask(room * 10 + number, "say", {"text": "😀" * 4000})
    before = linkup.resident_bytes
    with Pair(linkup.address) as pair:
        with Intruder(linkup.address, source=NETWORKS[1]) as attacker:
            attacker.send("40/room,")
            with contextlib.suppress(OSError):
                for number in range(20_000):
                    join = {"room": f"big-{number % 5}", "name": "J", "version": 1}
                    attacker.request(number, "join", json.dumps(join))
        used = processor_seconds(linkup.pid)
        wait_until(lambda end=time.monotonic() + 2: time.monotonic() > end, what="two seconds")
        assert processor_seconds(linkup.pid) - used < 1, "it goes on after its socket is gone"
        assert linkup.resident_bytes - before < 150 * MEBIBYTE
    pair.assert_undisturbed()
    assert linkup.log.count("\n") < 50, linkup.log[-2000:]


def _call(linkup, source, name):
    member = Intruder(linkup.address, source=source)
    return member, member.join("call", name, call=call())


def test_the_sender_of_too_much_pays(linkup):
    """A victim that reads slowly stays; who floods it is refused."""
    victim, joined = _call(linkup, NETWORKS[0], "V")
    attacker, _ = _call(linkup, NETWORKS[1], "A")
    with victim, attacker, Pair(linkup.address) as pair:
        victim.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        offer = {"epoch": 1, "description": {"type": "offer", "sdp": "v=0" + "x" * 90_000}}
        refused = []
        # Five megabytes at once would end its own connection.
        for number in range(1, 50):
            answer = attacker.ask(number, "signal", joined["self"], offer)
            assert answer is not None, "the sender was closed"
            if "error" in answer:
                refused.append(error_code(answer))
        # What one may send another is over long before as much waits as makes the other busy.
        assert len(refused) > 40 and set(refused) == {"too-many-requests"}, set(refused)
        assert victim.ask(7, "status", {"audio": True, "video": False, "screen": False}) == {}
    pair.assert_undisturbed()


# MARK: Places


def test_ghosts_lock_no_room(linkup):
    with Intruder(linkup.address) as attacker:
        for number in range(15):
            attacker.send("40/room,")
            join = {"room": "call", "name": f"G{number}", "version": 1, "call": call()}
            attacker.request(number, "join", json.dumps(join))
            attacker.send("41/room,")
        # Whatever it got: somebody else gets in at once.
        member, joined = _call(linkup, NETWORKS[1], "Ben")
        with member:
            assert "error" not in joined and "error" not in joined["call"], joined


# MARK: The web


# Engine.IO refuses a WebSocket with 400, whatever the reason.
@pytest.mark.parametrize("transport, refusal", [("polling", 403), ("websocket", 400)])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "own", None])
def test_other_sites_are_refused(shared_linkup, transport, refusal, origin):
    answer = 200 if origin in ("own", None) else refusal
    if origin == "own":
        origin = f"http://localhost:{shared_linkup.port}"
    headers = {"Host": f"localhost:{shared_linkup.port}", "Origin": origin}
    if transport == "websocket":
        try:
            with EngineSocket(shared_linkup.address, "/socket.io/", headers=headers):
                seen = 200
        except Refused as refusal:
            seen = refusal.status
    else:
        fields = [f"Origin: {origin}"] if origin else []
        seen = status(exchange(shared_linkup.address, get(POLLING, headers["Host"], *fields)))
    assert seen == answer


@pytest.mark.parametrize("path", ["/", "/client/socket.io.js", POLLING])
@pytest.mark.parametrize(
    "host, answer",
    [("evil.example", 421), ("evil.example:3000", 421), ("localhost", 200), ("127.0.0.1:1", 200), ("[::1]", 200)],
)
def test_other_hosts_are_refused(shared_linkup, path, host, answer):
    assert status(exchange(shared_linkup.address, get(path, host))) == answer


@pytest.mark.parametrize("path", ["/tests/i18n/t.test.js", "/package.json", "/jsconfig.json"])
def test_the_page_alone_is_served(shared_linkup, path):
    assert status(exchange(shared_linkup.address, get(path))) == 404


def test_files_are_for_their_user_alone(start_server, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    server = start_server(
        "linkup",
        ["--port", 0, "--turn-port", 0, "--data-directory", data],
        ready=r"Open http://[^ /]+:(\d+)",
        prefix=["sh", "-c", 'umask 000; exec "$0" "$@"'],
    )
    with Intruder(server.address) as writer:
        writer.join("r")
        assert "message" in writer.ask(1, "say", {"text": "x"})
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data.iterdir()}
    assert {"chat.sqlite", "secret"} <= set(modes)
    assert all(mode & 0o077 == 0 for mode in modes.values()), modes
