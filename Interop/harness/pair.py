"""Two well-behaved people in a room, in a process of their own, who notice what an attack costs them.

Run as a program, it talks until its standard input ends, and prints what it saw. `Pair` runs it.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from .engineio import EngineSocket

# The server lets a person say ten messages a second; the two take turns.
INTERVAL = 0.1

# However short the attack is, so much is said.
FEWEST = 20


class _Person:
    """One of the two: what it hears, and when its requests were acknowledged."""

    def __init__(self, address, room, name):
        self.socket = EngineSocket(address, "/socket.io/")
        self.socket.socket.settimeout(60)
        self.acknowledged, self.heard = {}, {}
        self.is_closed = False
        self.socket.send("40/room,")
        while not (packet := self.socket.receive_past_pings()).startswith("40/room,"):
            pass
        self._request(0, "join", {"room": room, "name": name, "version": 1})
        while not (packet := self.socket.receive_past_pings()).startswith("43/room,0"):
            pass
        assert '"error"' not in packet, packet
        threading.Thread(target=self._read, daemon=True).start()

    def _request(self, number, event, argument):
        self.socket.send(f"42/room,{number}" + json.dumps([event, argument]))

    def say(self, number):
        self._request(number, "say", {"text": str(number), "key": f"pair-{number}"})

    def _read(self):
        while isinstance(packet := self.socket.receive(), str):
            now = time.monotonic()
            if packet == "2":
                self.socket.send("3")
            elif packet.startswith("43/room,"):
                head, payload = packet[len("43/room,") :].split("[", 1)
                self.acknowledged[int(head)] = (now, '"error"' not in payload)
            elif packet.startswith('42/room,["message",'):
                message = json.loads(packet[len("42/room,") :])[1]
                if message.get("key", "").startswith("pair-"):
                    self.heard[int(message["text"])] = now
        self.is_closed = True


def _talk(address, room):
    people = [_Person(address, room, "Ann"), _Person(address, room, "Ben")]
    said = {}
    is_over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), is_over.set()), daemon=True).start()
    print("talking", flush=True)
    number = 0
    while not (is_over.wait(INTERVAL) and number >= FEWEST):
        if is_over.is_set():
            time.sleep(INTERVAL)
        number += 1
        said[number] = time.monotonic()
        people[number % 2].say(number)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if all(n in people[n % 2].acknowledged and n in people[1 - n % 2].heard for n in said):
            break
        time.sleep(0.01)
    acknowledgements = [people[n % 2].acknowledged.get(n) for n in said]
    delays = [at[0] - said[n] for n, at in zip(said, acknowledgements) if at]
    delays += [people[1 - n % 2].heard[n] - said[n] for n in said if n in people[1 - n % 2].heard]
    return {
        "said": len(said),
        "refused": sum(1 for at in acknowledgements if at and not at[1]),
        "unanswered": sum(1 for at in acknowledgements if not at),
        "undelivered": sum(1 for n in said if n not in people[1 - n % 2].heard),
        "closed": any(person.is_closed for person in people),
        "delays": sorted(delays),
    }


class Pair:
    """Talks while the block runs; then `result` has what the two saw."""

    def __init__(self, address, room="pair"):
        self._command = [sys.executable, "-m", "harness.pair", address[0], str(address[1]), room]
        self.result = None

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
        )
        assert self._process.stdout.readline() == "talking\n", "the two could not begin to talk"
        return self

    def __exit__(self, kind, *_):
        try:
            output, _ = self._process.communicate("", timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        if kind is None:
            assert self._process.returncode == 0, "the two could not go on"
            self.result = json.loads(output)

    def assert_undisturbed(self, *, p99=0.25):
        """Nothing was refused, lost or late: 99 of 100 acknowledgements and deliveries within a quarter of a second."""
        result = dict(self.result)
        delays = result.pop("delays")
        assert result["said"] >= 10, result
        assert not any(result[name] for name in ("refused", "unanswered", "undelivered", "closed")), result
        late = delays[int(len(delays) * 0.99) - 1]
        assert late < p99, f"p99 {late * 1000:.0f} ms, at most {delays[-1] * 1000:.0f} ms, of {len(delays)}"


if __name__ == "__main__":
    print(json.dumps(_talk((sys.argv[1], int(sys.argv[2])), sys.argv[3])))
