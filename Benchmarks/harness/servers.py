"""The servers that are measured, and how they are started."""

import contextlib
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
RELEASE = BENCHMARKS.parent / ".build" / "release"
BINARIES = Path(os.environ.get("LINKUP_BINARIES", RELEASE))
REFERENCE = BENCHMARKS / "Reference"
ENVIRONMENT = BENCHMARKS / ".venv"


@dataclass(frozen=True)
class Server:
    """A program that prints its port when it is ready."""

    name: str
    command: tuple[str, ...]
    # Whether it also speaks HTTP long-polling.
    speaks_polling: bool = True
    variables: tuple[tuple[str, str], ...] = ()
    ready: str = r"listening on (\d+)"

    @contextlib.contextmanager
    def running(self, end=subprocess.Popen.kill):
        """Gives the process and its port; `end` tells it to stop."""
        with tempfile.TemporaryFile("w+") as log:
            process = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | dict(self.variables)
            )
            try:
                yield process, self._port(process, log)
                if process.poll() is not None:
                    sys.exit(f"{self.name} ended by itself:\n{_text(log)}")
            finally:
                end(process)
                process.wait()

    def _port(self, process, log):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if found := re.search(self.ready, _text(log)):
                return found[1]
            time.sleep(0.02)
        sys.exit(f"{self.name} did not start:\n{_text(log)}")


def _text(log):
    # Through a descriptor of its own position, as the server goes on writing at the shared one.
    return os.pread(log.fileno(), 1 << 20, 0).decode(errors="replace")


def linkup(loops, binaries=BINARIES, name=None):
    program = built(binaries / "socketio-conformance")
    return Server(name or f"LinkUp, {loops} loop{'s' * (loops > 1)}", (program, "--port", "0", "--loops", str(loops)))


def floor():
    return Server("floor", (built(RELEASE / "linkup-floor"),), speaks_polling=False)


def python_socketio():
    """Installs the reference into an environment of its own, unless that was done before."""
    wanted, installed = REFERENCE / "requirements.txt", ENVIRONMENT / "requirements.installed"
    if not installed.exists() or not filecmp.cmp(wanted, installed, shallow=False):
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        pip = [ENVIRONMENT / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", wanted], check=True)
        shutil.copyfile(wanted, installed)
    return Server("python-socketio", (str(ENVIRONMENT / "bin" / "python"), str(REFERENCE / "server.py")))


def built(program):
    if not program.exists():
        sys.exit(f"Missing {program}; build with: swift build -c release")
    return str(program)
