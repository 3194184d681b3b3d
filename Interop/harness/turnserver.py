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


def start_turn(
    start,
    folder,
    *,
    host=None,
    relay_addresses=("127.0.0.1", "::1"),
    peers=("127.0.0.1", "::1"),
    user=USER,
    password=PASSWORD,
    secret=None,
    certificate=None,
    mobility=False,
    other_address=None,
    alternate_server=None,
    user_quota=0,
    ports=(0, 0),
    prefix=(),
):
    """Starts a server by a fixture's `start`.

    `user` without a password, `None`, makes a server of the secret alone; `certificate` is a pair of paths; `peers` are
    allowed although they are no public addresses; `user_quota` 0 means none, as the clients of the tests share a user.
    """
    options = {
        "host": host,
        "relay_addresses": relay_addresses,
        "peers": peers,
        "user": user and f"{user}:{password}",
        "secret": secret,
        "certificate": certificate,
        "mobility": mobility,
        "other_address": other_address,
        "alternate_server": alternate_server,
        "user_quota": user_quota,
        "ports": ports,
    }
    make = _coturn if IS_COTURN else _linkup
    process, port, tls_port = make(start, folder, prefix, options)
    reached = host or relay_addresses[0]
    return TURNServer(process, reached, port, tls_port, user, password if user else None, secret)


def _linkup(start, folder, prefix, options):
    port, tls_port = options["ports"]
    arguments = ["turn", "--turn-port", port, "--realm", REALM, "--user-quota", options["user_quota"]]
    for flag, value in (
        ("--hostname", options["host"]),
        ("--user", options["user"]),
        ("--secret", options["secret"]),
        ("--other-address", options["other_address"]),
        ("--alternate-server", options["alternate_server"]),
    ):
        arguments += [flag, value] if value else []
    for address in options["relay_addresses"]:
        arguments += ["--relay-address", address]
    for address in options["peers"]:
        arguments += ["--allow-peer", f"{address}/{128 if ':' in address else 32}"]
    if options["certificate"]:
        certificate, key = options["certificate"]
        arguments += ["--certificate", certificate, "--private-key", key, "--tls-port", tls_port]
    if options["mobility"]:
        arguments += ["--mobility"]
    relays = options["user"] or options["secret"]
    process = start(
        "linkup", arguments, ready=rf"{'TURN' if relays else 'STUN'} listens on port (\d+)", prefix=prefix
    )
    tls_port = options["certificate"] and _announced(process, r"over TLS listens on port (\d+)")
    return process, process.port, tls_port and int(tls_port)


def _coturn(start, folder, prefix, options):
    certificate = options["certificate"]
    port, tls_port = (given or _free_port() for given in options["ports"])
    addresses = [options["host"]] if options["host"] else list(options["relay_addresses"])
    arguments = ["-n", "-v", "--no-cli", "--simple-log", "--log-file", "stdout", "--realm", REALM]
    arguments += ["--listening-port", port, "--tls-listening-port", tls_port]
    arguments += ["--pidfile", folder / f"coturn-{port}.pid", "--userdb", folder / f"coturn-{port}.sqlite"]
    for address in addresses + [options["other_address"]] * bool(options["other_address"]):
        arguments += ["--listening-ip", address]
    for address in options["relay_addresses"]:
        arguments += ["--relay-ip", address]
    for address in options["peers"]:
        arguments += ["--allowed-peer-ip", address]
    if any(address in ("127.0.0.1", "::1") for address in options["peers"]):
        arguments += ["--allow-loopback-peers"]
    arguments += [] if options["other_address"] else ["--no-rfc5780"]
    # Without either it would relay for everybody.
    arguments += ["--lt-cred-mech"] if options["user"] or not options["secret"] else ["--use-auth-secret"]
    arguments += ["--user", options["user"]] if options["user"] else []
    arguments += ["--static-auth-secret", options["secret"]] if options["secret"] else []
    if certificate:
        arguments += ["--cert", certificate[0], "--pkey", certificate[1], "--no-dtls"]
    else:
        arguments += ["--no-tls", "--no-dtls"]
    if options["mobility"]:
        arguments += ["--mobility"]
    if options["alternate_server"]:
        arguments += ["--alternate-server", options["alternate_server"]]
    ready = rf"UDP listener opened on ?: {re.escape(addresses[0])}:(\d+)"
    process = start("/usr/bin/turnserver", arguments, ready=ready, prefix=prefix)
    _announced(process, "(SQLite DB connection success)")
    return process, port, tls_port if certificate else None


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
                # coturn uses the next one as well.
                tcp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
