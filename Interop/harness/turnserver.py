"""A TURN server to test clients with: `linkup turn`, or Debian's coturn to compare it with.

With `LINKUP_TURN=coturn` in the environment the same tests run against coturn: what fails there too is the client.
"""

import os
import re
import socket
from dataclasses import dataclass, field

from .waiting import wait_until

# Whether the reference is tested, not ours.
IS_COTURN = os.environ.get("LINKUP_TURN") == "coturn"

REALM = "linkup.test"
USER, PASSWORD = "ann", "correct horse"
SECRET = "battery staple"


@dataclass
class TURNServer:
    """A running server, and how to become its client."""

    process: object = field(repr=False)
    host: str
    port: int
    tls_port: int | None
    user: str | None
    password: str | None
    secret: str | None

    @property
    def is_running(self):
        return self.process.is_running


@dataclass
class Setup:
    """What a server is to do.

    Without a `user` and with a `secret` it knows the credentials of the secret alone, without both it is for STUN.
    """

    # Where to listen; everywhere unless it is given.
    host: str | None = None
    # Ports for UDP and TCP, and for TLS; 0 lets the system choose.
    ports: tuple = (0, 0)
    relay_addresses: tuple = ("127.0.0.1", "::1")
    # Peers that are allowed although their addresses are no public ones.
    peers: tuple = ("127.0.0.1", "::1")
    user: str | None = USER
    password: str | None = PASSWORD
    secret: str | None = None
    # The paths of a certificate and its key.
    certificate: tuple | None = None
    mobility: bool = False
    other_address: str | None = None
    alternate_server: str | None = None
    # How many threads relay; the server chooses unless it is given.
    threads: int | None = None
    # How many allocations there may be; any number unless it is given.
    total_quota: int | None = None

    @property
    def relays(self):
        return bool(self.user or self.secret)

    @property
    def credentials(self):
        return self.user and f"{self.user}:{self.password}"


def start_turn(start, folder, *, prefix=(), **options):
    """Starts a server by a fixture's `start`, with the options of a `Setup`."""
    setup = Setup(**options)
    process, port, tls_port = (_coturn if IS_COTURN else _linkup)(start, folder, prefix, setup)
    return TURNServer(
        process,
        host=setup.host or setup.relay_addresses[0],
        port=port,
        tls_port=tls_port,
        user=setup.user,
        password=setup.password if setup.user else None,
        secret=setup.secret,
    )


def _linkup(start, folder, prefix, setup):
    port, tls_port = setup.ports
    # No quota, since all clients of a test share a user and an address.
    arguments = ["turn", "--turn-port", port, "--realm", REALM, "--user-quota", 0, "--network-quota", 0, "--tcp-relays"]
    for flag, value in (
        ("--hostname", setup.host),
        ("--user", setup.credentials),
        ("--secret", setup.secret),
        ("--other-address", setup.other_address),
        ("--alternate-server", setup.alternate_server),
        ("--threads", setup.threads),
        ("--total-quota", setup.total_quota),
    ):
        arguments += [flag, value] if value else []
    for address in setup.relay_addresses:
        arguments += ["--relay-address", address]
    for address in setup.peers:
        arguments += ["--allow-peer", f"{address}/{128 if ':' in address else 32}"]
    if setup.certificate:
        certificate, key = setup.certificate
        arguments += ["--certificate", certificate, "--private-key", key, "--tls-port", tls_port]
    arguments += ["--mobility"] if setup.mobility else []
    name = "TURN" if setup.relays else "STUN"
    process = start("linkup", arguments, ready=rf"{name} listens on port (\d+)", prefix=prefix)
    tls_port = int(_announced(process, rf"{name} over TLS listens on port (\d+)")) if setup.certificate else None
    return process, process.port, tls_port


def _coturn(start, folder, prefix, setup):
    port, tls_port = (given or _free_port() for given in setup.ports)
    listening = [setup.host] if setup.host else list(setup.relay_addresses)
    arguments = ["-n", "-v", "--no-cli", "--simple-log", "--log-file", "stdout", "--no-dtls", "--realm", REALM]
    arguments += ["--listening-port", port, "--tls-listening-port", tls_port]
    arguments += ["--pidfile", folder / f"coturn-{port}.pid", "--userdb", folder / f"coturn-{port}.sqlite"]
    for flag, values in (
        ("--listening-ip", listening + [setup.other_address] * bool(setup.other_address)),
        ("--relay-ip", setup.relay_addresses),
        ("--allowed-peer-ip", setup.peers),
    ):
        for value in values:
            arguments += [flag, value]
    arguments += ["--allow-loopback-peers"] if {"127.0.0.1", "::1"} & set(setup.peers) else []
    arguments += [] if setup.other_address else ["--no-rfc5780"]
    arguments += ["--alternate-server", setup.alternate_server] if setup.alternate_server else []
    arguments += ["--mobility"] if setup.mobility else []
    arguments += ["--relay-threads", setup.threads] if setup.threads else []
    arguments += ["--total-quota", setup.total_quota] if setup.total_quota else []
    # Without either it would relay for everybody.
    arguments += ["--use-auth-secret"] if setup.secret and not setup.user else ["--lt-cred-mech"]
    arguments += ["--user", setup.credentials] if setup.user else []
    arguments += ["--static-auth-secret", setup.secret] if setup.secret else []
    arguments += ["--cert", setup.certificate[0], "--pkey", setup.certificate[1]] if setup.certificate else ["--no-tls"]
    ready = rf"UDP listener opened on ?: {re.escape(listening[0])}:(\d+)"
    process = start("/usr/bin/turnserver", arguments, ready=ready, prefix=prefix)
    _announced(process, "(SQLite DB connection success)")
    return process, port, tls_port if setup.certificate else None


def _announced(process, pattern):
    """Waits for another line of what a server prints, and returns what it says."""
    match = wait_until(lambda: re.search(pattern, process.log), what=f"{process.name} to print {pattern}")
    return match.group(1)


def _free_port():
    """A port that is free for UDP and TCP: coturn cannot choose one itself."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
