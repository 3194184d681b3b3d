"""A TURN client that checks what it is told and what reaches it, for many of them in one event loop."""

import asyncio
import contextlib
import os
import struct

from . import stun, turn, turnlink

# RFC 8489 §6.2.1, with as many repetitions as fit into the time that a busy machine may take.
FIRST_TIMEOUT, TIMEOUT = 0.5, 20
# How often data is sent anew over UDP, which may lose it, before it is said that nothing goes through.
ATTEMPTS = 6


class Trouble(AssertionError):
    """Something that must not happen."""


class EchoPeer(asyncio.DatagramProtocol):
    """A peer that sends back what it gets, from the last byte to the first, after the address that it got it from."""

    def __init__(self):
        self.transport = None

    @classmethod
    async def open(cls, host):
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_datagram_endpoint(cls, local_addr=(host, 0))
        return peer

    @property
    def address(self):
        return self.transport.get_extra_info("sockname")[:2]

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        self.transport.sendto(f"{sender[0]} {sender[1]}\n".encode() + data[::-1], sender)

    def error_received(self, error):
        """The relay is closed already: that is for its client to complain about."""

    def close(self):
        self.transport.close()


class Client:
    """One client on one socket; whatever comes that was not asked for goes to `complain`."""

    def __init__(self, scene, transport):
        self.scene = scene
        self.transport = transport
        self.link = None
        self.credential = None
        self.ticket = None
        self.token = None
        # The relayed addresses by the family.
        self.relayed = {}
        # The peers by the number of their channels.
        self.channels = {}
        self._answers = {}
        # Transactions that may be answered once more, as their requests were sent more than once.
        self.answered = set()
        self._echoes = {}
        self._given_up = set()

    def __str__(self):
        return f"a client over {self.transport}"

    async def connect(self, address="127.0.0.1"):
        """Connects and learns realm and nonce."""
        link = turnlink.connect(self.transport, self.scene.server, self.receive, self.scene.context, address)
        self.link = await asyncio.wait_for(link, TIMEOUT)
        transaction = os.urandom(12)
        found = await self._ask(stun.request(turn.ALLOCATE, turn.UDP, transaction), transaction)
        self._expect(found, turn.ALLOCATE, 401)
        server = self.scene.server
        values = dict(turn.attributes(found))
        self.credential = turn.Credential(
            server.user.encode(), server.password.encode(), values[turn.REALM], values[turn.NONCE]
        )
        return self

    def receive(self, message):
        if message[0] >> 6 == 1:
            number, length = struct.unpack(">HH", message[:4])
            self._receive_data(message[4 : 4 + length], self.channels.get(number), number)
            return
        kind, transaction, found = stun.parse(message)
        if kind == turn.DATA:
            peer = turn.unmask(found[turn.XOR_PEER_ADDRESS], transaction)
            self._receive_data(found[turn.DATA_VALUE], peer, None)
        elif transaction in self._answers:
            self.answered.add(transaction)
            self._answers.pop(transaction).set_result(message)
        elif transaction not in self.answered:
            self.scene.complain(f"{self} got an answer to nothing: {message.hex()}")

    def _receive_data(self, data, peer, channel):
        head, _, body = data.partition(b"\n")
        body = body[::-1]
        mark = body[:8]
        if mark in self._given_up:
            return
        if mark not in self._echoes:
            self.scene.complain(f"{self} got from {peer} what it had not sent: {data[:60].hex()}")
            return
        sent, expected_peer, expected_channel, future = self._echoes.pop(mark)
        relayed = self.relayed[":" in expected_peer[0]]
        heard = "{} {}".format(*relayed).encode()
        if (body, peer, channel, head) != (sent, expected_peer, expected_channel, heard):
            self.scene.complain(f"{self} at {relayed} got from {peer} ({channel}) the wrong echo, heard as {head}")
        future.set_result(None)

    async def _ask(self, message, transaction):
        """Sends a request, over UDP again and again, and returns the answer."""
        future = self._answers[transaction] = asyncio.get_running_loop().create_future()
        wait, over = FIRST_TIMEOUT, 0
        self.scene.requests += 1
        while over < TIMEOUT:
            if self.link.is_reliable:
                wait = TIMEOUT
            self.link.send(message)
            with contextlib.suppress(asyncio.TimeoutError):
                return await asyncio.wait_for(asyncio.shield(future), wait)
            over += wait
            wait *= 2
            self.scene.repeated += 1
        raise Trouble(f"{self} got no answer to {message[:2].hex()} in {over:.0f} s")

    def _expect(self, answer, method, code):
        """Holds an answer against the code that it should have; 0 for success."""
        kind = struct.unpack(">H", answer[:2])[0]
        value = dict(turn.attributes(answer)).get(turn.ERROR_CODE)
        found = value[2] * 100 + value[3] if value else 0
        if kind != method | (0x0110 if code else 0x0100) or found != code:
            raise Trouble(f"{self} got {kind:04x} and {found} where {method:04x} should have ended with {code}")

    async def request(self, method, body=b"", *, transaction=None, code=0, credential=None):
        """Makes a signed request that must end with `code`; returns the attributes and the transaction."""
        transaction = transaction or os.urandom(12)
        answer = await self._ask((credential or self.credential).sign(method, body, transaction), transaction)
        self._expect(answer, method, code)
        return list(turn.attributes(answer)), transaction

    async def allocate(self, *bodies, credential=None, code=0):
        found, transaction = await self.request(
            turn.ALLOCATE, turn.UDP + b"".join(bodies), code=code, credential=credential
        )
        for kind, value in found:
            if kind == turn.XOR_RELAYED_ADDRESS:
                host, port = turn.unmask(value, transaction)
                self.relayed[":" in host] = host, port
        values = dict(found)
        self.ticket, self.token = values.get(turn.MOBILITY_TICKET), values.get(turn.RESERVATION_TOKEN)
        if not code:
            self.scene.allocations += 1
        return self

    async def permit(self, *peers):
        transaction = os.urandom(12)
        body = b"".join(turn.mask(turn.XOR_PEER_ADDRESS, peer, transaction) for peer in peers)
        await self.request(turn.CREATE_PERMISSION, body, transaction=transaction)

    async def bind(self, number, peer):
        transaction = os.urandom(12)
        self.channels[number] = peer
        body = turn.channel(number) + turn.mask(turn.XOR_PEER_ADDRESS, peer, transaction)
        await self.request(turn.CHANNEL_BIND, body, transaction=transaction)

    async def refresh(self, lifetime=None, *, ticket=None, code=0):
        body = b"" if lifetime is None else stun.attribute(turn.LIFETIME, struct.pack(">I", lifetime))
        body += stun.attribute(turn.MOBILITY_TICKET, ticket) if ticket else b""
        found, _ = await self.request(turn.REFRESH, body, code=code)
        self.ticket = dict(found).get(turn.MOBILITY_TICKET, self.ticket)

    async def exchange(self, peer, size):
        """Sends data to a peer, and waits for its echo; over the channel if there is one."""
        channel = next((number for number, bound in self.channels.items() if bound == peer), None)
        for _ in range(ATTEMPTS):
            data = os.urandom(8 + size)
            future = asyncio.get_running_loop().create_future()
            self._echoes[data[:8]] = data, peer, channel, future
            head = struct.pack(">HH", channel, len(data)) if channel else b""
            self.link.send(head + data if channel else turn.send_indication(data, peer))
            self.scene.exchanged += 1
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(future, 2)
                return
            self._given_up.add(data[:8])
            self._echoes.pop(data[:8], None)
            self.scene.lost += 1
        raise Trouble(f"{self} heard nothing of its peer {peer} over {'a channel' if channel else 'indications'}")

    async def move(self):
        """Takes the allocation to another socket (RFC 8016), which is returned; this one is of no use any more."""
        other = Client(self.scene, self.transport)
        other.relayed, other.channels, other._given_up = self.relayed, self.channels, self._given_up
        # Half of the clients are cut off before they come back.
        cut = self.scene.random.random() < 0.5
        if cut:
            self.link.close()
        await other.connect()
        await other.refresh(ticket=self.ticket)
        if not cut:
            await self.refresh(code=437)
            self.link.close()
        self.scene.moves += 1
        return other

    async def release(self):
        await self.refresh(0)
        await self.refresh(code=437)
        self.link.close()

    def close(self):
        self.link.close()
