"""Runs the load generator and reads what it reports."""

import json
import statistics
import subprocess
import sys

from harness.servers import RELEASE, built


def generate(process, port, arguments):
    """Puts load on a running server, and gives the generator's reports."""
    return reports([built(RELEASE / "linkup-bench"), "--pid", process.pid, "--port", port, *arguments])


def reports(command):
    """Runs a generator, and gives what it printed."""
    command = [str(part) for part in command]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"The load generator failed: {' '.join(command)}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def measure(server, arguments):
    """Gives one report about a server that was started for it, so that no row finds what an earlier one left."""
    with server.running() as (process, port):
        [report] = generate(process, port, arguments)
    return report


def median(reports):
    """Gives the medians of the numbers that all reports hold."""
    return {
        key: statistics.median(report[key] for report in reports)
        for key, value in reports[0].items()
        if isinstance(value, (int, float))
    }


def alternate(servers, arguments, rounds, measure=measure):
    """Measures the servers in turns, A B A B, so that a slow minute of the machine meets all of them."""
    reports = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            if sys.stderr.isatty():
                print(f"{server.name}: {' '.join(map(str, arguments))}", file=sys.stderr)
            reports[server.name].append(measure(server, arguments))
    return reports
