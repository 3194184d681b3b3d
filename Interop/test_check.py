"""`linkup check` against servers that work, servers that refuse, and things that are no servers.

With `LINKUP_TURN=coturn` in the environment the servers that work are Debian's coturn.
"""

import contextlib
import json
import socket
import struct
import subprocess
import threading
import time

import pytest

from harness.certificates import Authority
from harness.process import BINARIES
from harness.turnserver import IS_COTURN, PASSWORD, REALM, SECRET, USER, start_turn


def check(*arguments, timeout=2):
    """Runs the check to its end."""
    return subprocess.run(
        [BINARIES / "linkup", "check", "--timeout", str(timeout), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def report(*arguments, timeout=2):
    """The report as a program reads it; the exit code must say the same."""
    result = check("--json", *arguments, timeout=timeout)
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert result.returncode == (0 if found["ok"] else 1)
    return found


def only(found):
    (transport,) = found["transports"]
    return transport


def problem(*arguments, timeout=2):
    """The code of what the only transport has as its problem."""
    found = report(*arguments, timeout=timeout)
    assert not found["ok"]
    transport = only(found)
    assert not transport["ok"]
    assert transport["problem"]["text"] and transport["problem"]["advice"]
    return transport["problem"]["code"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(start_shared_server, tmp_path_factory, authority):
    certificate = authority.issue("localhost", "127.0.0.1")
    return start_turn(start_shared_server, tmp_path_factory.mktemp("turn"), certificate=certificate)


LOGIN = ("--user", f"{USER}:{PASSWORD}")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_server_that_works(server, transport, host):
    found = report(f"turn:{host}:{server.port}?transport={transport}", *LOGIN)
    assert found["ok"]
    result = only(found)
    assert result["transport"] == transport and result["required"] and result["ok"]
    assert result["address"] == f"{host}:{server.port}"
    assert result["stun"]["mappedAddress"].startswith(f"{host}:")
    assert result["turn"]["relayedAddress"].startswith(("127.0.0.1:", "[::1]:"))
    assert result["turn"]["realm"] == REALM
    assert result["turn"]["lifetime"] >= 600
    assert result["relay"]["way"] == "relay-to-relay"
    for part in ("stun", "turn", "relay"):
        assert 0 < result[part]["milliseconds"] < 2000
    assert ("connectMilliseconds" in result) == (transport == "tcp")
    assert "problem" not in result and result["notes"] == []


def test_a_server_that_works_over_tls(server):
    found = report(f"turns:127.0.0.1:{server.tls_port}", *LOGIN, "--insecure")
    assert found["ok"] and only(found)["relay"]


def test_a_certificate_that_nobody_here_knows(server):
    assert problem(f"turns:127.0.0.1:{server.tls_port}", *LOGIN) == "certificate"


def test_all_ways_are_tried(server):
    found = report(f"turn:localhost:{server.port}", *LOGIN)
    assert found["ok"]
    ways = {(way["transport"], way["required"]) for way in found["transports"]}
    assert ways == {("udp", True), ("tcp", False)}


def test_plain_words(server):
    result = check(f"turn:127.0.0.1:{server.port}", *LOGIN)
    assert result.returncode == 0
    for words in ("UDP", "TCP", "STUN answers in", "TURN gives 127.0.0.1:", "relayed", "works."):
        assert words in result.stdout
    assert PASSWORD not in result.stdout


def test_stun_alone(server):
    result = only(report(f"stun:127.0.0.1:{server.port}?transport=udp"))
    assert result["ok"] and "turn" not in result


def test_without_a_user_it_says_that_one_is_asked_for(server):
    found = report(f"turn:127.0.0.1:{server.port}?transport=udp")
    assert found["ok"]
    assert [note["code"] for note in only(found)["notes"]] == ["credentials-needed"]
    assert "as far as it can be seen" in check(f"turn:127.0.0.1:{server.port}").stdout


@pytest.mark.parametrize("user", [f"{USER}:wrong", "nobody:x"])
def test_a_wrong_password(server, user):
    assert problem(f"turn:127.0.0.1:{server.port}?transport=udp", "--user", user) == "refused-401"


def test_another_realm(server):
    address = f"turn:127.0.0.1:{server.port}?transport=udp"
    assert problem(address, *LOGIN, "--realm", "elsewhere") == "other-realm"
    assert report(address, *LOGIN, "--realm", REALM)["ok"]


def test_a_port_for_all_speaks_tls_too(server):
    assert report(f"turns:127.0.0.1:{server.port}", *LOGIN, "--insecure")["ok"]


def test_tls_where_there_is_none(start_server, tmp_path):
    server = start_turn(start_server, tmp_path)
    assert problem(f"turns:127.0.0.1:{server.port}", timeout=1) == "closed"


def test_a_secret(start_server, tmp_path):
    server = start_turn(start_server, tmp_path, user=None, secret=SECRET)
    address = f"turn:127.0.0.1:{server.port}?transport=udp"
    assert report(address, "--secret", SECRET)["ok"]
    assert problem(address, "--secret", "another") == "refused-401"


@pytest.mark.skipif(IS_COTURN, reason="coturn without users relays for everybody")
def test_stun_without_turn(start_server, tmp_path):
    server = start_turn(start_server, tmp_path, user=None)
    assert report(f"stun:127.0.0.1:{server.port}?transport=udp")["ok"]
    found = report(f"turn:127.0.0.1:{server.port}?transport=udp", timeout=1)
    assert only(found)["stun"]
    assert only(found)["problem"]["code"] == "no-turn"


@pytest.fixture
def start_limited(start_server):
    """Starts `linkup turn` for one allocation at a time, with other flags besides, and returns its address."""

    def start(*flags, relay_address="127.0.0.1"):
        arguments = ["turn", "--turn-port", 0, "--relay-address", relay_address, "--user-quota", 1, *LOGIN, *flags]
        port = start_server("linkup", arguments, ready=r"TURN listens on port (\d+)").port
        return f"turn:127.0.0.1:{port}?transport=udp"

    return start


def test_a_quota_of_one_is_enough(start_limited):
    result = only(report(start_limited("--allow-peer", "127.0.0.1"), *LOGIN))
    assert result["ok"] and result["relay"]["way"] == "relay-to-client"


def test_a_quota_that_is_used_up(start_limited):
    # No port that the system gives out by itself is in the range: the check's own would pass for a relayed one.
    address = start_limited("--relay-ports", "61000-65535")
    assert problem(address, *LOGIN, timeout=1) == "refused-486"


def test_peers_that_are_denied(start_limited):
    # Loopback is by default, but for relayed addresses.
    address = start_limited(relay_address="127.0.0.2")
    assert problem(address, *LOGIN) == "refused-403"
    assert "--allow-peer" in check(address, *LOGIN).stdout


# Things that are no servers.


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as closed:
        closed.bind(("127.0.0.1", 0))
        return closed.getsockname()[1]


def test_dead_ports():
    port = free_port(socket.SOCK_DGRAM)
    assert problem(f"turn:127.0.0.1:{port}?transport=udp") == "nothing-listens"
    port = free_port(socket.SOCK_STREAM)
    assert problem(f"stun:127.0.0.1:{port}?transport=tcp") == "nothing-listens"
    assert problem(f"turns:127.0.0.1:{port}") == "nothing-listens"


@pytest.fixture
def udp():
    """A UDP port; `answer` in its list makes what goes back out of what comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        answers, ends = [], threading.Event()

        def serve():
            while not ends.is_set():
                try:
                    request, source = server.recvfrom(4000)
                except OSError:
                    continue
                for answer in answers:
                    server.sendto(answer(request), source)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], answers
        ends.set()
        thread.join()


def test_silence(udp):
    port, _ = udp
    begin = time.monotonic()
    assert problem(f"stun:127.0.0.1:{port}?transport=udp", timeout=1) == "no-answer"
    assert 0.9 < time.monotonic() - begin < 5


def message(kind, request, *attributes):
    body = b"".join(
        struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4) for number, value in attributes
    )
    return struct.pack("!HHI", kind, len(body), 0x2112A442) + request[8:20] + body


MAPPED = (0x0020, bytes.fromhex("0001a147e112a643"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda request: b"", "no-answer"),
        (lambda request: b"\xff" * 1000, "no-answer"),
        (lambda request: request, "no-answer"),
        (lambda request: message(0x0101, bytes(20), MAPPED), "no-answer"),
        (lambda request: message(0x0101, request, MAPPED)[:-1], "no-answer"),
        (lambda request: message(0x0103, request, MAPPED), "no-answer"),
        (lambda request: message(0x0101, request), "malformed-answer"),
        (lambda request: message(0x0101, request, (0x0020, b"\0\x03\0\0")), "malformed-answer"),
        (lambda request: message(0x0111, request), "malformed-answer"),
        (lambda request: message(0x0111, request, (0x0009, b"\0\0\x05\0no")), "refused-500"),
        (lambda request: message(0x0111, request, (0x0009, b"\0\0\x09\x63")), "malformed-answer"),
    ],
    ids=[
        *("empty", "noise", "echo", "transaction", "cut off", "method", "no address", "family", "no code", "error"),
        "code",
    ],
)
def test_hostile_answers(udp, answer, code):
    port, answers = udp
    answers.append(answer)
    assert problem(f"stun:127.0.0.1:{port}?transport=udp", timeout=1) == code


def test_hostile_challenges(udp):
    """A server that takes no nonce of its own, one that gives none, and one that has lost its list of algorithms."""
    port, answers = udp
    address = f"turn:127.0.0.1:{port}?transport=udp"
    realm, nonce = (0x0014, b"r\x1b[2J"), (0x0015, b"n")
    refusal = [b"\0\0\x04\x01", b"\0\0\x04\x26"]
    binding = lambda request: message(0x0101, request, MAPPED)  # noqa: E731

    def answer(*challenge):
        def choose(request):
            if request[:2] == b"\0\x01":
                return binding(request)
            signed = b"\0\x08\0\x14" in request
            return message(0x0113, request, (0x0009, refusal[signed]), *challenge)

        answers[:] = [choose]

    answer(realm, nonce)
    assert problem(address, *LOGIN, timeout=1) == "stale-nonce"
    assert "\x1b" not in check(address).stdout
    answer(realm)
    assert problem(address, *LOGIN, timeout=1) == "malformed-answer"
    answer(realm, (0x0015, b"obMatJos2gAAAn"))
    assert problem(address, *LOGIN, timeout=1) == "downgraded"


@pytest.mark.parametrize(
    ("speak", "codes"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ("not-stun", "not-tls")),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", ("not-stun", "not-tls")),
        (b"", ("closed", "closed")),
        (None, ("silent", "silent")),
    ],
    ids=["http", "ssh", "closed", "silent"],
)
def test_wrong_protocols(speak, codes):
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as held:
        port = server.getsockname()[1]
        server.settimeout(10)

        def serve():
            for _ in range(2):
                client, _ = server.accept()
                held.enter_context(client)
                client.settimeout(10)
                client.recv(4000)
                if speak is not None:
                    client.sendall(speak)
                    client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert problem(f"turn:127.0.0.1:{port}?transport=tcp", timeout=1) == codes[0]
        assert problem(f"turns:127.0.0.1:{port}", timeout=1) == codes[1]
        thread.join()


def test_a_name_without_an_address():
    found = report("turn:no-such-host.invalid")
    assert not found["ok"]
    assert [way["problem"]["code"] for way in found["transports"]] == ["unknown-host"]


@pytest.mark.parametrize(
    "address", ["", "example.org", "turn://h", "turn:u:hush@h", "turn:::1", "turns:h?transport=udp", "turn:h:0"]
)
def test_what_is_no_address(address):
    result = check(address)
    assert result.returncode == 64
    assert len(result.stderr.splitlines()) == 1
    assert "hush" not in result.stderr
    assert result.stdout == ""
