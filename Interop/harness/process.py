"""Server processes under test."""

import os
import re
import resource
import signal
import subprocess
from pathlib import Path

from .waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]

# Where the binaries are; another build, or another server with the same interface, can be put in their place.
BINARIES = Path(os.environ.get("LINKUP_BINARIES", ROOT / ".build" / "release"))


def resident_bytes(pid):
    """How much memory a process has in use (RSS)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


class ServerProcess:
    """A server process that has announced itself: its port, its log, and ways to end it.

    `prefix` is a command that becomes the program once it has prepared its surroundings: `ip netns exec`, for one.
    """

    def __init__(self, program, arguments, *, log, ready, name=None, prefix=()):
        self.program = program
        self.arguments = [str(argument) for argument in arguments]
        self.log_path = Path(log)
        self.name = name or program
        self.expects_to_live = True
        path = BINARIES / program
        assert path.exists(), f"{path} is missing: build it with 'swift build -c release'"
        with open(self.log_path, "ab") as output:
            self.process = subprocess.Popen(
                [*prefix, path, *self.arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        self._announcement = re.compile(ready)
        try:
            self.port = int(wait_until(self._announced, timeout=20, what=f"{program} to announce its port"))
        except BaseException:
            self.kill()
            raise

    def _announced(self):
        match = self._announcement.search(self.log)
        if match is None and self.process.poll() is not None:
            raise AssertionError(f"{self.program} ended with {self.process.returncode}:\n{self.log}")
        return match and match.group(1)

    @property
    def pid(self):
        return self.process.pid

    @property
    def resident_bytes(self):
        """How much memory the process has in use (RSS)."""
        return resident_bytes(self.pid)

    @property
    def descriptors(self):
        """How many files and sockets the process has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        """Ends the process as a crash would: nothing is flushed, nobody is told."""
        self.expects_to_live = False
        if self.is_running:
            self.process.kill()
        self.process.wait()

    def stop(self, timeout=10):
        """Asks the process to end, and returns its exit code."""
        self.expects_to_live = False
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.program} did not stop within {timeout} s of SIGTERM") from None

    def finish(self):
        """Stops the process if the test has not, and fails if it had ended by itself."""
        if not self.expects_to_live:
            self.kill()
            return
        assert self.is_running, f"{self.program} ended by itself with {self.process.returncode}:\n{self.log[-4000:]}"
        self.stop()
