"""The TURN servers that are measured, and how load is put on them."""

import contextlib
import os
import resource
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from harness.generator import reports
from harness.servers import BINARIES, RELEASE, Server, built

_COTURN = "/usr/bin/turnserver"
_RELAY_PORTS = (10_000, 65_535)
_CREDENTIAL = "bench:bench"


class Placement:
    """Which processor runs what: each of a server's threads has one to itself, and so has the generator, if there are
    enough of them. If not, the system places all of them."""

    def __init__(self, threads, first=False):
        cores = sorted(os.sched_getaffinity(0))
        # In front of all other programs of the machine, whose turns would otherwise be in the figures.
        urgency = ["chrt", "--fifo", "1"] if first else []
        self.server = self.generator = tuple(urgency)
        if len(cores) > threads:
            self.server = (*urgency, "taskset", "--cpu-list", ",".join(map(str, cores[:threads])))
            self.generator = (*urgency, "taskset", "--cpu-list", str(cores[threads]))


def linkup(placement, threads=1, binaries=BINARIES, name="LinkUp"):
    command = (
        *placement.server,
        *(built(binaries / "linkup"), "turn", "--hostname", "127.0.0.1", "--turn-port", "0", "--log-level", "error"),
        *("--realm", "bench", "--user", _CREDENTIAL, "--allow-peer", "127.0.0.0/8", "--threads", str(threads)),
        *("--relay-ports", "{}-{}".format(*_RELAY_PORTS), "--user-quota", "0"),
        *("--network-quota", "0", "--total-quota", "0"),
    )
    return Server(name, command, ready=r"TURN listens on port (\d+)")


def floor(placement):
    return Server("floor", (*placement.server, built(RELEASE / "turn-floor")))


@dataclass(frozen=True)
class Coturn:
    """Debian's coturn, without whatever costs it time and is not asked for here."""

    placement: Placement
    threads: int = 1
    name: str = "coturn"

    @staticmethod
    def is_installed():
        return shutil.which(_COTURN) is not None

    @contextlib.contextmanager
    def running(self):
        with tempfile.TemporaryDirectory() as folder:
            port = _free_port()
            process = subprocess.Popen(
                [*self.placement.server, *self._command(folder, port)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
            )
            try:
                _wait_for_answer(process, port)
                yield process, str(port)
                if process.poll() is not None:
                    sys.exit("coturn ended by itself.")
            finally:
                process.kill()
                process.wait()

    def _command(self, folder, port):
        low, high = map(str, _RELAY_PORTS)
        return (
            *(_COTURN, "-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port)),
            *("--min-port", low, "--max-port", high, "--relay-threads", str(self.threads), "--allow-loopback-peers"),
            *("--lt-cred-mech", "--realm", "bench", "--user", _CREDENTIAL),
            *("--no-tcp", "--no-tls", "--no-dtls", "--no-tcp-relay", "--no-cli", "--no-rfc5780"),
            *("--no-software-attribute", "--no-stun-backward-compatibility"),
            *("--no-dynamic-ip-list", "--no-dynamic-realms", "--userdb", f"{folder}/users"),
            *("--pidfile", f"{folder}/pid", "--log-file", "/dev/null", "--no-stdout-log"),
        )


@dataclass(frozen=True)
class Direct:
    """No server: the generator's clients and peers talk directly, which shows what the rest of the way takes."""

    name: str = "direct"


def measure(server, arguments, placement):
    """Gives one report about a server that was started for it."""
    generator = [*placement.generator, built(RELEASE / "turn-bench")]
    if isinstance(server, Direct):
        [report] = reports([*generator, "--direct", *arguments])
        return report
    with server.running() as (process, port):
        [report] = reports([*generator, "--pid", process.pid, "--port", port, *arguments])
    return report


def allow_many_files():
    """A relayed address is a socket: lets the servers have as many as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for_answer(process, port):
    """Asks by STUN Binding requests whether somebody is there (RFC 8489, section 5)."""
    deadline = time.monotonic() + 60
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.1)
        client.connect(("127.0.0.1", port))
        while time.monotonic() < deadline and process.poll() is None:
            request = struct.pack("!HHI12s", 0x0001, 0, 0x2112A442, secrets.token_bytes(12))
            with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                client.send(request)
                if client.recv(2048)[4:20] == request[4:20]:
                    return
    sys.exit("coturn did not start.")
