"""Counts what a message costs the server in heap allocations and instructions: unlike time, hardly moved by load."""

import re
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness.generator import generate
from harness.servers import BINARIES, RELEASE, Server, built


@dataclass(frozen=True)
class Scenario:
    name: str
    arguments: tuple
    messages: int
    # What the server sends for each message.
    answers: int = 1

    def command(self, factor):
        return [*self.arguments, "--messages", self.messages * factor]


SCENARIOS = [
    Scenario("event with acknowledgement, 1 outstanding", ("echo", "--connections", 1), 1_000),
    Scenario(
        "event with acknowledgement, 16 outstanding", ("echo", "--connections", 1, "--outstanding", 16), 3_200
    ),
    Scenario("delivery of a broadcast to 100, one at a time", ("broadcast", "--connections", 100), 50, 100),
    Scenario(
        "delivery of a broadcast to 100, 8 outstanding",
        ("broadcast", "--connections", 100, "--outstanding", 8),
        160,
        100,
    ),
    Scenario("event over long-polling, 1 outstanding", ("echo", "--connections", 1, "--polling"), 500),
]

# Slow programs need long timers.
_ARGUMENTS = ("--port", "0", "--loops", "1", "--ping-interval", "1000000", "--ping-timeout", "1000000")


def allocations():
    """Gives the allocations a message of each scenario: the difference between N messages and twice as many on one
    server, so that connecting, joining and closing cancel out."""
    with tempfile.NamedTemporaryFile() as counts:
        server = Server(
            "socketio-conformance",
            (built(BINARIES / "socketio-conformance"), *_ARGUMENTS),
            variables=(
                ("LD_PRELOAD", built(RELEASE / "libAllocationCounter.so")),
                ("ALLOCATION_COUNTER_FILE", counts.name),
            ),
        )
        with server.running() as (process, port):
            result = {}
            for scenario in SCENARIOS:
                totals = [_settled(counts.name)]
                # What is made once is made in the first.
                for factor in (1, 1, 2):
                    generate(process, port, scenario.command(factor))
                    totals.append(_settled(counts.name))
                once, twice = totals[2] - totals[1], totals[3] - totals[2]
                result[scenario.name] = (twice - once) / scenario.messages / scenario.answers
            return result


def _settled(path):
    """Reads the number of allocations when it stands still, since closing connections goes on for a while."""
    before = None
    while True:
        # struct allocation_counts begins with it.
        [now] = struct.unpack_from("=Q", Path(path).read_bytes())
        if now == before:
            return now
        before = now
        time.sleep(0.1)


def instructions():
    """Gives the instructions a message of each scenario, without the kernel's: the difference between a server's life
    with N messages and one with twice as many."""
    with tempfile.TemporaryDirectory() as folder:
        # valgrind can't read Swift's debug information.
        program = str(Path(folder) / "server")
        subprocess.run(["strip", "--strip-debug", "-o", program, built(BINARIES / "socketio-conformance")], check=True)
        return {
            scenario.name: (_instructions(program, scenario, 2) - _instructions(program, scenario, 1))
            / scenario.messages
            / scenario.answers
            for scenario in SCENARIOS
        }


def _instructions(program, scenario, factor):
    with tempfile.NamedTemporaryFile("r") as report:
        server = Server(
            "socketio-conformance under valgrind",
            (
                *("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={report.name}"),
                *(program, *_ARGUMENTS),
            ),
            variables=(("LD_PRELOAD", built(RELEASE / "libValgrindPreload.so")),),
        )
        with server.running(end=subprocess.Popen.terminate) as (process, port):
            generate(process, port, scenario.command(factor))
        text = report.read()
    if found := re.search(r"Collected : (\d+)", text):
        return int(found[1])
    sys.exit(f"callgrind failed:\n{text}")
