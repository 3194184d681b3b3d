"""Thousands of members of a room on one thread: of what they hear, only the names of events are kept."""

import json
import resource
import selectors
import socket
import struct
import time
from collections import Counter

# How many enter at the same time: the server reads the history for 256, and for 64 of a network.
ENTERING = 128
UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {}:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def raise_descriptors():
    """Lets this process have as many sockets as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def _frame(text):
    """A frame of a client, with the mask of zeros that leaves its payload as it is."""
    payload = text.encode()
    length = len(payload)
    head = bytes([0x81, 0x80 | length]) if length < 126 else b"\x81\xfe" + struct.pack(">H", length)
    return head + bytes(4) + payload


class Person:
    """One connection; `heard` counts events by their names, `answers` has the JSON of acknowledgements."""

    def __init__(self, crowd, number):
        self.crowd, self.number = crowd, number
        self.heard, self.answers, self.is_in, self.is_closed = Counter(), {}, False, False
        self._unread, self._is_upgraded = bytearray(), False
        self.source = f"127.{crowd.networks}.{number // crowd.of_network // 250}.{number // crowd.of_network % 250 + 1}"
        self.socket = socket.socket()
        self.socket.bind((self.source, 0))
        self.socket.connect(crowd.address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What is sent is little; only reading must not wait.
        self.socket.sendall(UPGRADE.format(*crowd.address).encode())
        crowd.selector.register(self.socket, selectors.EVENT_READ, self)

    def request(self, number, event, argument):
        self.socket.sendall(_frame(f"42/room,{number}" + json.dumps([event, argument])))

    def join(self):
        join = {"room": self.crowd.room, "name": f"Person {self.number}", "version": 1}
        if self.crowd.stays:
            join["call"] = {"stay": f"stay-{self.number}", "audio": False, "video": False, "screen": False}
        self.request(0, "join", join)

    def read(self):
        data = self.socket.recv(1 << 20)
        if not data:
            self.close()
            return
        self._unread += data
        if not self._is_upgraded:
            end = self._unread.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._unread.startswith(b"HTTP/1.1 101 "), bytes(self._unread[:200])
            del self._unread[: end + 4]
            self._is_upgraded = True
            self.socket.sendall(_frame("40/room,"))
            self.join()
        self._read_frames()

    def _read_frames(self):
        start, unread = 0, self._unread
        while len(unread) - start >= 2:
            length, head = unread[start + 1], 2
            if length == 126:
                length, head = int.from_bytes(unread[start + 2 : start + 4], "big"), 4
            elif length == 127:
                length, head = int.from_bytes(unread[start + 2 : start + 10], "big"), 10
            if len(unread) - start < head + length:
                break
            if unread[start] == 0x81:
                self._take(unread[start + head : start + head + length])
            start += head + length
        del unread[:start]

    def _take(self, packet):
        if packet.startswith(b'42/room,["'):
            self.heard[bytes(packet[10 : packet.index(b'"', 10)]).decode()] += 1
        elif packet == b"2":
            self.socket.sendall(_frame("3"))
        elif packet.startswith(b"43/room,"):
            number, answer = packet[len("43/room,") :].split(b"[", 1)
            self.answers[int(number)] = bytes(answer[:-1])
            if int(number) == 0 and b'"error"' not in answer[:20]:
                self.is_in = True

    def close(self):
        if not self.is_closed:
            self.is_closed = True
            self.crowd.selector.unregister(self.socket)
            self.socket.close()


class Crowd:
    """The members; each hundred come from a network of their own."""

    def __init__(self, address, room, *, of_network=100, networks=67, stays=False):
        self.address, self.room, self.of_network, self.stays = address, room, of_network, stays
        # Networks are 127.N.*.*, so that two crowds need not share theirs.
        self.networks = networks
        self.selector = selectors.DefaultSelector()
        self.people = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for person in self.people:
            person.close()
        self.selector.close()

    def turn(self, wait=0.05):
        """Reads what has come."""
        for key, _ in self.selector.select(wait):
            key.data.read()

    def run(self, condition, *, timeout, what):
        """Reads until a condition holds, and returns the seconds that it took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < timeout, f"waited {timeout} s in vain for {what}"
            self.turn()
        return time.monotonic() - began

    def join(self, count, *, timeout=60):
        """So many more enter, and returns the seconds that it took; whoever the server is too busy for asks again."""
        began = time.monotonic()
        target, entering = len(self.people) + count, set()
        while len(self.people) < target or entering:
            assert time.monotonic() - began < timeout, f"{len(self.people) - len(entering)} of {target} have joined"
            while len(self.people) < target and len(entering) < ENTERING:
                person = Person(self, len(self.people))
                self.people.append(person)
                entering.add(person)
            self.turn()
            for person in [person for person in entering if person.answers or person.is_closed]:
                assert not person.is_closed, f"person {person.number} was closed"
                if person.is_in:
                    entering.remove(person)
                    continue
                error = json.loads(person.answers.pop(0))["error"]
                assert error["code"] in ("busy", "too-many-requests"), error
                person.join()
        return time.monotonic() - began

    def ask(self, person, event, argument, *, timeout=10):
        """Makes a request, and returns its answer and the seconds that it took."""
        person.answers.pop(1, None)
        person.request(1, event, argument)
        seconds = self.run(lambda: 1 in person.answers, timeout=timeout, what=f"the answer to {event}")
        return json.loads(person.answers[1]), seconds

    def say(self, people, texts, *, timeout=60):
        """Says all of it, in no order, each person one after the other, and returns how long that took."""
        began, waiting = time.monotonic(), {}
        texts = list(reversed(texts))
        total = len(texts)
        ready = {person: 0 for person in people}
        done = 0
        while done < total:
            now = time.monotonic()
            assert now - began < timeout, f"{done} of {total} were said"
            for person in [person for person, at in ready.items() if at <= now]:
                if not texts:
                    break
                del ready[person]
                waiting[person] = texts.pop()
                person.answers.pop(1, None)
                person.request(1, "say", {"text": waiting[person]})
            self.turn(0.01)
            for person in [person for person in waiting if 1 in person.answers]:
                answer, text = json.loads(person.answers[1]), waiting.pop(person)
                if "error" in answer:
                    texts.append(text)
                    ready[person] = time.monotonic() + answer["error"].get("retryAfter", 100) / 1000
                else:
                    done += 1
                    ready[person] = 0
        return time.monotonic() - began

    def count(self, event):
        """How often each of those who are connected has heard an event."""
        return Counter(person.heard[event] for person in self.people if not person.is_closed)
