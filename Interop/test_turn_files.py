"""More allocations than the number of open files that a process begins with: each relayed address is one."""

import contextlib

import pytest

from harness import turn
from harness.turnserver import PASSWORD, REALM, USER, TURNServer

# What a shell that was told `ulimit -n` leaves to what it starts, and what that may take by itself.
FEW, MANY = 256, 4096
ALLOCATIONS = 300


@pytest.mark.parametrize("command", ["turn", "serve"])
def test_raises_limit(start_server, tmp_path, command):
    arguments = [command, "--turn-port", 0, "--realm", REALM, "--user", f"{USER}:{PASSWORD}", "--user-quota", 0]
    arguments += ["--relay-address", "127.0.0.1"]
    arguments += ["--port", 0, "--data-directory", tmp_path / "data"] if command == "serve" else []
    limit = ["/bin/sh", "-c", f'ulimit -S -n {FEW} && ulimit -H -n {MANY} && exec "$@"', "sh"]
    process = start_server("linkup", arguments, ready=r"TURN listens on port (\d+)", prefix=limit)
    server = TURNServer(
        process, host="127.0.0.1", port=process.port, tls_port=None, user=USER, password=PASSWORD, secret=None
    )
    with contextlib.ExitStack() as stack:
        for number in range(ALLOCATIONS):
            client = stack.enter_context(contextlib.closing(turn.Client(server)))
            succeeded, _, found = client.request(turn.ALLOCATE, turn.UDP)
            assert succeeded, f"allocation {number + 1}: {found}"
