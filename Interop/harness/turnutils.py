"""The clients that come with coturn, as Debian packs them (4.6.1), and what they print."""

import contextlib
import re
import socket
import subprocess
from dataclasses import dataclass

from .waiting import wait_until


@dataclass
class Outcome:
    """How a run of a client ended."""

    code: int | None
    output: str

    @property
    def timed_out(self):
        return self.code is None

    def number(self, name):
        """A count of the closing lines of `turnutils_uclient`, which stand after a time: `5: : start_mclient: …`."""
        found = re.findall(rf"\b{name}\s*~?=?\s*(\d+)", self.output)
        assert found, f"there is no {name} in the output, and the code is {self.code}:\n{self.output[-3000:]}"
        return int(found[-1])


def run(program, *arguments, timeout=45):
    """Runs a program of coturn's to its end; one that takes too long is killed and has no code."""
    command = [program, *(str(argument) for argument in arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
            return Outcome(process.returncode, output)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            return Outcome(None, output)


def uclient(server, *arguments, transport="UDP", host=None, timeout=45):
    """Runs `turnutils_uclient` against a server, with its credentials unless the arguments hold others."""
    # Over TLS it takes what one record holds for one message: a long interval keeps two messages apart.
    options = {"UDP": [], "TCP": ["-t"], "TLS": ["-t", "-S", "-z", "200"]}[transport]
    credentials = []
    if "-u" not in arguments:
        credentials = ["-u", server.user or "ann"]
        credentials += ["-w", server.password] if server.password else ["-W", server.secret]
    port = server.tls_port if transport == "TLS" else server.port
    command = ["turnutils_uclient", *options, *arguments, *credentials, "-p", port, host or server.host]
    return run(*command, timeout=timeout)


class EchoPeer:
    """`turnutils_peer`: sends back what it gets, on a port and on the next one, which is the peer of RTCP."""

    def __init__(self, *addresses):
        self.port = _free_pair_of_ports(addresses)
        options = [part for address in addresses for part in ("-L", address)]
        self.process = subprocess.Popen(
            ["turnutils_peer", *options, "-p", str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for address in addresses:
                wait_until(lambda: self._answers(address), what=f"turnutils_peer to answer on {address}")
        except BaseException:
            self.close()
            raise

    def _answers(self, address):
        assert self.process.poll() is None, f"turnutils_peer ended with {self.process.returncode}"
        with _udp(address) as client, contextlib.suppress(OSError):
            client.settimeout(0.2)
            # Connected, so that a port on which nobody listens is an error at once.
            client.connect((address, self.port))
            client.send(b"there?")
            return client.recv(100) == b"there?"

    def close(self):
        self.process.kill()
        self.process.wait()


def _udp(address):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


def _free_pair_of_ports(addresses):
    """A port that is free at all addresses, and the next one as well: the program cannot choose one itself."""
    while True:
        with contextlib.ExitStack() as sockets, contextlib.suppress(OSError, OverflowError):
            first = sockets.enter_context(_udp(addresses[0]))
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
            rest = [(address, number) for address in addresses for number in (port, port + 1)][1:]
            for address, number in rest:
                sockets.enter_context(_udp(address)).bind((address, number))
            return port
