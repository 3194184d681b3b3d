"""Clients for a server that is to be tortured: some that count, and many that do whatever clients must not do."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import struct
from urllib.parse import urlencode

import engineio
import socketio

# The client refuses payloads of more than 16 packets unless told otherwise.
engineio.payload.Payload.max_decode_packets = 1000

ROOM = "numbers"
PATH = "/socket.io/"
SEPARATOR = "\x1e"
TIMEOUT = 30


class Ledger:
    """What a client was told: every number once and in order for each sender, or a complaint."""

    def __init__(self, name):
        self.name = name
        self.counts = {}
        self.complaints = []

    def receive(self, message):
        sender, number = message
        expected = self.counts.get(sender, 0)
        if number != expected:
            self.complaints.append(f"{self.name} got {number} from {sender} where {expected} was due")
        self.counts[sender] = number + 1


class Talker:
    """python-socketio's client, which sends numbers and keeps a ledger of those of all talkers."""

    def __init__(self, name, transports):
        self.name = name
        self.transports = transports
        self.ledger = Ledger(name)
        self.sent = 0
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("said", self._said)
        self.client.on("disconnect", self._disconnected)
        self.is_done = False

    async def _said(self, message):
        self.ledger.receive(message)

    async def _disconnected(self, reason=None):
        if not self.is_done:
            self.ledger.complaints.append(f"{self.name} ({'+'.join(self.transports)}) was disconnected: {reason}")

    async def connect(self, url):
        await self.client.connect(url, transports=self.transports, wait_timeout=TIMEOUT)
        await self.client.call("join", ROOM, timeout=TIMEOUT)

    async def talk(self, stop, interval):
        while not stop.is_set() and self.client.connected:
            await self.client.emit("say", (ROOM, [self.name, self.sent]))
            self.sent += 1
            await asyncio.sleep(interval)


async def http(address, method, target, body=""):
    """One request on a connection of its own: the status and the text of the response."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        payload = body.encode()
        head = f"{method} {target} HTTP/1.1\r\nHost: torture\r\nConnection: close\r\nContent-Length: {len(payload)}\r\n"
        if payload:
            head += "Content-Type: text/plain;charset=UTF-8\r\n"
        writer.write(head.encode() + b"\r\n" + payload)
        answer = await asyncio.wait_for(reader.read(), TIMEOUT)
    finally:
        writer.close()
    head, _, text = answer.partition(b"\r\n\r\n")
    if not head:
        raise ConnectionError("no answer")
    return int(head.split()[1]), text.decode()


def target(**query):
    return PATH + "?" + urlencode({"EIO": 4, **query})


class RawSocket:
    """A WebSocket in raw frames."""

    @classmethod
    async def open(cls, address, **query):
        self = cls()
        self.reader, self.writer = await asyncio.open_connection(*address)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET {target(transport='websocket', **query)} HTTP/1.1\r\nHost: torture\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), TIMEOUT)
        if b" 101 " not in head.split(b"\r\n")[0]:
            self.close()
            raise ConnectionError(head.decode())
        return self

    @staticmethod
    def frame(payload, opcode=0x1):
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack(">H", length)
        return bytes([0x80 | opcode]) + size + bytes(4) + payload

    def send(self, text):
        self.writer.write(self.frame(text.encode()))

    async def receive(self):
        """The next text; pings of Engine.IO are answered."""
        while True:
            head = await asyncio.wait_for(self.reader.readexactly(2), TIMEOUT)
            length = head[1]
            if length == 126:
                length = struct.unpack(">H", await self.reader.readexactly(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", await self.reader.readexactly(8))[0]
            payload = await self.reader.readexactly(length)
            if head[0] & 0x0F == 0x8:
                raise ConnectionError("closed by the server")
            text = payload.decode()
            if text != "2":
                return text
            self.send("3")

    def reset(self):
        """Ends the connection with a reset."""
        sock = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER of SOL_SOCKET
        self.writer.transport.abort()

    def close(self):
        self.writer.close()


class Upgrader:
    """Sends and receives numbers over polling, during the upgrade and over WebSocket."""

    def __init__(self, address, name):
        self.address = address
        self.name = name
        self.sent = 0
        # It counts its own numbers; those of others begin somewhere.
        self.ledger = Ledger(name)

    async def post(self, *packets):
        status, text = await http(
            self.address, "POST", target(transport="polling", sid=self.sid), SEPARATOR.join(packets)
        )
        assert (status, text) == (200, "ok"), (status, text)

    async def poll(self):
        """Polls once, and returns what came but pings, which are answered."""
        status, text = await http(self.address, "GET", target(transport="polling", sid=self.sid))
        assert status == 200, (status, text)
        packets = text.split(SEPARATOR)
        if "2" in packets:
            await self.post("3")
        for packet in packets:
            self.take(packet)
        return packets

    def take(self, packet):
        if packet.startswith('42["said",'):
            sender, number = json.loads(packet[2:])[1]
            if sender == self.name:
                self.ledger.receive((sender, number))

    def say(self):
        number, self.sent = self.sent, self.sent + 1
        return f'42["say","{ROOM}",["{self.name}",{number}]]'

    async def run(self, random):
        status, text = await http(self.address, "GET", target(transport="polling"))
        assert status == 200, (status, text)
        self.sid = json.loads(text[1:].split(SEPARATOR)[0])["sid"]
        await self.post("40", f'42["join","{ROOM}"]')
        for _ in range(random.randrange(4)):
            await self.post(*(self.say() for _ in range(random.randrange(1, 5))))
            if random.random() < 0.5:
                await self.poll()
        polling = asyncio.create_task(self.poll())
        socket = await RawSocket.open(self.address, sid=self.sid)
        try:
            socket.send("2probe")
            answer = asyncio.create_task(socket.receive())
            await self.post(*(self.say() for _ in range(3)))
            assert await answer == "3probe"
            # A client stops polling before it changes over.
            await polling
            await self.post(*(self.say() for _ in range(3)))
            socket.send("5")
            for _ in range(random.randrange(5, 20)):
                socket.send(self.say())
            while self.ledger.counts.get(self.name, 0) < self.sent:
                self.take(await socket.receive())
            socket.send("41")
            socket.send("1")
        finally:
            if not polling.done():
                polling.cancel()
            socket.close()


class Vandal:
    """Does something else each time, most of it wrong."""

    def __init__(self, address, url, random):
        self.address, self.url, self.random = address, url, random
        self.acts = 0

    async def run(self, stop, pause):
        acts = [
            self.drop_within_a_frame, self.send_garbage_frames, self.send_garbage, self.abandon_a_poll,
            self.abandon_an_upgrade, self.join_and_leave, self.break_a_session, self.visit,
        ]  # fmt: skip
        while not stop.is_set():
            with contextlib.suppress(OSError, ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                await self.random.choice(acts)()
            self.acts += 1
            await asyncio.sleep(self.random.random() * 2 * pause)

    async def join(self):
        socket = await RawSocket.open(self.address)
        socket.send("40")
        while not (await socket.receive()).startswith("40"):
            pass
        socket.send(f'42["join","noise{self.random.randrange(5)}"]')
        return socket

    def end(self, socket):
        self.random.choice([socket.reset, socket.close])()

    async def drop_within_a_frame(self):
        socket = await self.join()
        frame = socket.frame(b'42["say","noise1",' + b"1" * 200 + b"]")
        socket.writer.write(frame[: self.random.randrange(len(frame))])
        await asyncio.sleep(self.random.random() / 10)
        self.end(socket)

    async def send_garbage_frames(self):
        socket = await self.join()
        socket.writer.write(os.urandom(self.random.randrange(1, 400)))
        with contextlib.suppress(UnicodeDecodeError):
            await asyncio.wait_for(socket.receive(), 1)
        self.end(socket)

    async def send_garbage(self):
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(self.random.choice([b"", b"GET /socket.io/?EIO=4&transport=", b"POST /socket.io/ HTTP/1.1\r\n"]))
        writer.write(os.urandom(self.random.randrange(1, 400)))
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1000), 0.2)
        writer.close()

    async def abandon_a_poll(self):
        _, text = await http(self.address, "GET", target(transport="polling"))
        sid = json.loads(text[1:])["sid"]
        reader, writer = await asyncio.open_connection(*self.address)
        request = f"GET {target(transport='polling', sid=sid)} HTTP/1.1\r\nHost: torture\r\n\r\n".encode()
        writer.write(request[: self.random.choice([len(request), len(request) // 2])])
        await asyncio.sleep(self.random.random() / 10)
        writer.transport.abort()

    async def abandon_an_upgrade(self):
        _, text = await http(self.address, "GET", target(transport="polling"))
        sid = json.loads(text[1:])["sid"]
        socket = await RawSocket.open(self.address, sid=sid)
        socket.send(self.random.choice(["2probe", "5", "4x", ""]))
        await asyncio.sleep(self.random.random() / 10)
        self.end(socket)

    async def break_a_session(self):
        _, text = await http(self.address, "GET", target(transport="polling"))
        sid = json.loads(text[1:])["sid"]
        body = self.random.choice(["4abc", "40\x1e42{}", "x", "40\x1e451-[]", "b!!", "40\x1e40", '42["x"]'])
        await http(self.address, "POST", target(transport="polling", sid=sid), body)

    async def join_and_leave(self):
        socket = await self.join()
        for _ in range(self.random.randrange(10)):
            room = f"noise{self.random.randrange(5)}"
            verb = self.random.choice(["join", "leave", "say"])
            socket.send(f'42["{verb}","{room}",1]')
            await asyncio.sleep(self.random.random() / 20)
        if self.random.random() < 0.5:
            socket.send("41")
        self.end(socket)

    async def visit(self):
        """A well-behaved client, which comes again at once."""
        client = socketio.AsyncClient(reconnection=False)
        transports = self.random.choice([["polling"], ["websocket"], ["polling", "websocket"]])
        for _ in range(2):
            with contextlib.suppress(socketio.exceptions.SocketIOError):
                await client.connect(self.url, transports=transports, wait_timeout=TIMEOUT)
                await client.emit("join", "noise1")
                await client.disconnect()


class Torture:
    """The whole: talkers that stay, upgraders that come and go, and vandals."""

    def __init__(self, address, url, random, *, talkers, upgraders, vandals, pause):
        self.address, self.url, self.random = address, url, random
        ways = itertools.cycle([["polling"], ["websocket"], ["polling", "websocket"]])
        self.talkers = [Talker(f"talker {number}", next(ways)) for number in range(talkers)]
        self.upgraders = upgraders
        self.vandals = [Vandal(address, url, random) for _ in range(vandals)]
        # The mean of seconds between two acts of a client: they share one processor.
        self.pause = pause
        self.sent = {}
        self.complaints = []
        self.upgrades = 0
        self._names = itertools.count()

    async def start(self):
        await asyncio.gather(*(talker.connect(self.url) for talker in self.talkers))

    async def rage(self, seconds):
        """Lets everybody loose for some seconds, and waits until all numbers have arrived."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(talker.talk(stop, 0.2)) for talker in self.talkers]
        tasks += [asyncio.create_task(self._upgrade(stop)) for _ in range(self.upgraders)]
        tasks += [asyncio.create_task(vandal.run(stop, self.pause)) for vandal in self.vandals]
        await asyncio.sleep(seconds)
        stop.set()
        await asyncio.gather(*tasks)
        for talker in self.talkers:
            self.sent[talker.name] = talker.sent
        deadline = asyncio.get_running_loop().time() + TIMEOUT
        while any(talker.ledger.counts != self.sent for talker in self.talkers):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.05)

    async def _upgrade(self, stop):
        while not stop.is_set():
            upgrader = Upgrader(self.address, f"upgrader {next(self._names)}")
            try:
                await upgrader.run(self.random)
                self.upgrades += 1
            except (OSError, ConnectionError, AssertionError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
                self.complaints.append(f"{upgrader.name} failed: {error!r}")
            self.complaints += upgrader.ledger.complaints
            if upgrader.sent:
                self.sent[upgrader.name] = upgrader.sent
            await asyncio.sleep(self.random.random() * 2 * self.pause)

    @property
    def acts(self):
        """What the vandals have done."""
        return sum(vandal.acts for vandal in self.vandals)

    async def sessions(self):
        """How many sessions the server has."""
        return await self.talkers[0].client.call("sessions", timeout=TIMEOUT)

    async def settle(self, timeout):
        """Waits until the talkers' sessions are the only ones, and returns how many there are."""
        deadline = asyncio.get_running_loop().time() + timeout
        while (count := await self.sessions()) > len(self.talkers) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.2)
        return count

    def verdict(self):
        """Everything that is wrong with what arrived."""
        complaints = list(self.complaints)
        for talker in self.talkers:
            complaints += talker.ledger.complaints
        for talker in self.talkers:
            for sender, count in self.sent.items():
                got = talker.ledger.counts.get(sender, 0)
                if got != count:
                    complaints.append(f"{talker.name} got {got} of {count} numbers from {sender}")
        return complaints

    async def finish(self):
        for talker in self.talkers:
            talker.is_done = True
            await talker.client.disconnect()
