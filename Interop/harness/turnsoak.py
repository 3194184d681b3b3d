"""Clients that come and go in all ways at one TURN server, and others that bother it, for as long as one likes."""

import asyncio
import collections
import contextlib
import os
import random
import socket
import time
import traceback

from . import stun, turn, turnlink
from .turnclient import Client, EchoPeer, Trouble

TRANSPORTS = ("UDP", "UDP", "TCP", "TLS")
# RFC 8656 §7.2: an allocation that nobody refreshes ends after that.
LIFETIME = 600
# How long before and after that it is looked whether it is there: no answer takes as long.
MARGIN = 5

# Sends what nobody has permitted, and must get nothing.
STRANGER = "127.0.0.3"
# Where clients die whose ports must not be used again while their allocations live.
GRAVEYARD = "127.0.0.2"

EVEN_PORT = stun.attribute(turn.EVEN_PORT, b"\x80")
WANTS_TICKET = stun.attribute(turn.MOBILITY_TICKET, b"")
IPV6_TOO = turn.family(turn.ADDITIONAL_ADDRESS_FAMILY, socket.AF_INET6)


class Stranger(asyncio.DatagramProtocol):
    """A peer that has no client's permission."""

    def __init__(self, complain):
        self._complain = complain

    def datagram_received(self, data, sender):
        self._complain(f"{sender} relayed to a peer without permission: {data[:60].hex()}")

    def error_received(self, error):
        """The relay is closed already."""


class Soak:
    """A server, its clients, and what was seen of it from outside; `samples` are its memory and descriptors by time."""

    def __init__(self, server, context, seed, *, visitors, expiring=0, deaths=0):
        self.server = server
        self.context = context
        self.random = random.Random(seed)
        self.complaints = []
        self.samples = []
        self.ends = collections.Counter()
        self.allocations = self.requests = self.repeated = self.exchanged = self.lost = self.moves = 0
        self._visitors = visitors
        # How many allocations are left to expire at any time, and how many die without a word in each 600 s.
        self._expiring, self._deaths = expiring, deaths
        self._peers = []
        self._stranger = None
        self._deadline = 0

    def complain(self, text):
        self.complaints.append(f"{time.strftime('%X')} {text}")

    async def open(self):
        self._peers = [await EchoPeer.open(host) for host in ("127.0.0.1", "127.0.0.1", "::1")]
        loop = asyncio.get_running_loop()
        self._stranger, _ = await loop.create_datagram_endpoint(
            lambda: Stranger(self.complain), local_addr=(STRANGER, 0)
        )

    def close(self):
        for end in [self._stranger, *self._peers]:
            end.close()

    async def rage(self, seconds):
        """Lets all of them loose for so long; at the end nobody has an allocation any more."""
        self._deadline = time.monotonic() + seconds
        tasks = [self._repeat(self.visit) for _ in range(self._visitors)]
        tasks += [self._repeat(self._bother), self._repeat(self._flood), self._sample()]
        tasks += [self._expire_again_and_again(number) for number in range(self._expiring)]
        tasks += [self._die_again_and_again()] if self._deaths else []
        await asyncio.gather(*tasks)

    @property
    def _remaining(self):
        return self._deadline - time.monotonic()

    async def guarded(self, work):
        """Turns what goes wrong into a complaint."""
        try:
            await work
        except Trouble as trouble:
            self.complain(str(trouble))
        except Exception:
            self.complain(traceback.format_exc())

    async def _repeat(self, work):
        while self._remaining > 0:
            await self.guarded(work())
            await asyncio.sleep(self.random.random() * 0.2)

    async def _sample(self):
        start = time.monotonic()
        while self._remaining > 0:
            process = self.server.process
            self.samples.append((time.monotonic() - start, process.resident_bytes, process.descriptors))
            await asyncio.sleep(1)

    # Clients that do what clients do.

    async def visit(self, transport=None, end=None):
        """Comes, talks to peers, and goes in one of the ways."""
        transport = transport or self.random.choice(TRANSPORTS)
        client = await Client(self, transport).connect()
        with contextlib.closing(client):
            if self.random.random() < 0.2:
                await client.allocate(credential=self._wrong(client), code=401)
            kind = end or self.random.choice(("plain", "plain", "plain", "moving", "pair", "dual"))
            await {"moving": self._visit_moving, "pair": self._visit_pair, "dual": self._visit_dual}.get(
                kind, self._visit_plain
            )(client)

    def _wrong(self, client):
        credential = client.credential
        return turn.Credential(credential.user, b"wrong", credential.realm, credential.nonce)

    async def _visit_plain(self, client):
        await client.allocate()
        await self._talk(client, self._peers[:2])
        if client.transport == "UDP":
            end = self.random.choice((client.release, lambda: self._die_and_rise(client)))
        else:
            ends = (client.release, client.close, client.link.abort, lambda: self._break_off(client))
            end = self.random.choice(ends)
        done = end()
        if done is not None:
            await done
        self.ends[f"{client.transport} {getattr(end, '__name__', '')}".replace("<lambda>", "in mid-request")] += 1

    async def _visit_moving(self, client):
        await client.allocate(WANTS_TICKET)
        await self._talk(client, self._peers[:1])
        moved = await client.move()
        with contextlib.closing(moved):
            await self._talk(moved, self._peers[:1])
            await moved.release()
        self.ends[f"{client.transport} moved"] += 1

    async def _visit_pair(self, client):
        """Two ports side by side; the second is asked for from another socket, on whichever thread that is."""
        await client.allocate(EVEN_PORT)
        host, port = client.relayed[False]
        # A port that nobody fetches is kept for 30 s: only where there is time to wait for it.
        if self._expiring and self.random.random() < 0.1:
            self.ends["ports not fetched"] += 1
        else:
            other = await Client(self, self.random.choice(TRANSPORTS)).connect()
            with contextlib.closing(other):
                await other.allocate(stun.attribute(turn.RESERVATION_TOKEN, client.token))
                if port % 2 or other.relayed[False] != (host, port + 1):
                    self.complain(f"{port} and {other.relayed} are no pair of ports")
                await self._talk(other, self._peers[:1])
                await other.release()
        await self._talk(client, self._peers[:1])
        await client.release()
        self.ends[f"{client.transport} pair"] += 1

    async def _visit_dual(self, client):
        await client.allocate(IPV6_TOO)
        await self._talk(client, self._peers[1:])
        await client.release()
        self.ends[f"{client.transport} dual"] += 1

    async def _talk(self, client, peers):
        """Data to peers and back, by indications and then by channels, with something in between that must not harm."""
        for host, port in client.relayed.values():
            if ":" not in host:
                self._stranger.sendto(b"who are you?", (host, port))
        client.link.send(turn.send_indication(b"too early", self._stranger.get_extra_info("sockname")))
        await client.permit(*(peer.address for peer in peers))
        for number, peer in enumerate(peers, 0x4000):
            await client.exchange(peer.address, self.random.randrange(1200))
            if self.random.random() < 0.7:
                await client.bind(number, peer.address)
        for _ in range(self.random.randrange(5)):
            await client.exchange(self.random.choice(peers).address, self.random.randrange(1200))
            await asyncio.sleep(self.random.random() * 0.2)
        if self.random.random() < 0.2:
            await client.request(turn.REFRESH, code=401, credential=self._wrong(client))
        if self.random.random() < 0.3:
            await client.refresh()
        await client.exchange(peers[0].address, 100)

    # Ways to go without a word.

    async def _break_off(self, client):
        message = client.credential.sign(turn.REFRESH, b"", os.urandom(12))
        client.link.send_part(message, self.random.randrange(1, len(message)))
        if self.random.random() < 0.5:
            client.link.abort()

    async def _die_and_rise(self, client):
        """Goes without waiting for an answer, and comes back from the same port for an end in time."""
        address = client.link.address
        transaction = os.urandom(12)
        peer = turn.mask(turn.XOR_PEER_ADDRESS, self._peers[0].address, transaction)
        client.link.send(client.credential.sign(turn.CREATE_PERMISSION, peer, transaction))
        client.link.close()
        client.answered.add(transaction)
        client.link = await turnlink.connect(client.transport, self.server, client.receive, address=address)
        await client.release()

    # Allocations that expire.

    async def _expire_again_and_again(self, number):
        await asyncio.sleep(LIFETIME * number / self._expiring)
        # Also over TCP and TLS, where the connection stays open.
        transport = TRANSPORTS[number % len(TRANSPORTS)]
        while self._remaining > LIFETIME + 3 * MARGIN:
            await self.guarded(self._let_expire(transport))

    async def _let_expire(self, transport):
        client = await Client(self, transport).connect()
        with contextlib.closing(client):
            await client.allocate()
            end = time.monotonic() + LIFETIME
            # Lasts as long as the allocation, and admits its peer when the permission has ended.
            peer = self._peers[0].address
            await client.bind(0x4000, peer)
            await asyncio.sleep(end - MARGIN - time.monotonic())
            await client.exchange(peer, 500)
            await asyncio.sleep(end + MARGIN - time.monotonic())
            await client.refresh(code=437)
        self.ends[f"{transport} expired"] += 1

    async def _die_again_and_again(self):
        while self._remaining > LIFETIME + 3 * MARGIN:
            await self.guarded(self._die())
            await asyncio.sleep(LIFETIME / self._deaths)

    async def _die(self):
        """Asks for an allocation, and is gone before it is there."""
        client = await Client(self, "UDP").connect(GRAVEYARD)
        client.link.send(client.credential.sign(turn.ALLOCATE, turn.UDP, os.urandom(12)))
        client.close()
        self.ends["UDP died"] += 1

    # Those that bother the server.

    async def _flood(self):
        """Hundreds of requests without credentials, and garbage, from one socket."""
        link = await turnlink.connect("UDP", self.server, lambda answer: None)
        with contextlib.closing(link):
            for _ in range(self.random.randrange(50)):
                for _ in range(10):
                    link.send(self._nuisance())
                await asyncio.sleep(0)
        await asyncio.sleep(self.random.random())
        self.ends["flood"] += 1

    def _nuisance(self):
        request = stun.request(turn.ALLOCATE, turn.UDP)
        return self.random.choice(
            (
                request,
                stun.request(),
                stun.request(fingerprint=True),
                request[: self.random.randrange(1, len(request))],
                turn.send_indication(b"nobody's", self._peers[0].address),
                b"\x40\x00\x00\x04data",
                self.random.randbytes(self.random.randrange(1, 1200)),
                # Signed with something, under a nonce that nobody has given out.
                turn.Credential(b"ann", b"?", b"linkup.test", b"obMatJos2gAAB" + bytes(8)).sign(
                    turn.ALLOCATE, turn.UDP, os.urandom(12)
                ),
            )
        )

    async def _bother(self):
        """A connection that is of no use to anybody."""
        port = self.random.choice((self.server.port, self.server.tls_port))
        reader, writer = await asyncio.open_connection(self.server.host, port)
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            # The beginning of a TLS handshake, of a message, of HTTP, requests whose answers nobody reads, and garbage.
            parts = (b"\x16\x03\x01\x02\x00\x01", self._nuisance()[:10], b"GET / HTTP/1.1\r\n\r\n")
            parts += (stun.request(turn.ALLOCATE, turn.UDP) * 50, self.random.randbytes(3000), b"")
            writer.write(self.random.choice(parts))
            await writer.drain()
            await asyncio.sleep(self.random.random())
            if self.random.random() < 0.5:
                writer.transport.abort()
        self.ends["nuisance"] += 1
