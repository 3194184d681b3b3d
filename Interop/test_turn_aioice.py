"""TURN as aioice uses it: over UDP, TCP and TLS, always by channels and without CreatePermission."""

import asyncio
import contextlib
import random
import socket
import threading
from pathlib import Path

import aioice
import pytest
from aioice import stun, turn

from harness.certificates import Authority
from harness.turnserver import IS_COTURN, PASSWORD, USER, start_turn
from harness.waiting import wait_until

TRANSPORTS = ["UDP", "TCP", "TLS", "TLS on the port of TCP"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(start_shared_server, authority, tmp_path_factory):
    certificate = authority.issue("127.0.0.1")
    folder = tmp_path_factory.mktemp("turn")
    return start_turn(start_shared_server, folder, relay_addresses=["127.0.0.1"], certificate=certificate)


class Peer:
    """A UDP socket on loopback that sends back whatever it gets, and remembers it."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.received = []
        self._thread = threading.Thread(target=self._echo)
        self._thread.start()

    @property
    def address(self):
        return self.socket.getsockname()

    def _echo(self):
        while True:
            data, sender = self.socket.recvfrom(65536)
            if sender == self.address:
                return
            self.received.append((data, sender))
            self.socket.sendto(data, sender)

    def close(self):
        self.socket.sendto(b"end", self.address)
        self._thread.join()
        self.socket.close()


@pytest.fixture
def peer():
    with contextlib.closing(Peer()) as peer:
        yield peer


class Receiver(asyncio.DatagramProtocol):
    """What arrives at the relayed address."""

    def __init__(self):
        self.messages = asyncio.Queue()
        self.errors = asyncio.Queue()
        self.lost = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, addr):
        self.messages.put_nowait((data, addr))

    def error_received(self, exc):
        self.errors.put_nowait(exc)

    def connection_lost(self, exc):
        if not self.lost.done():
            self.lost.set_result(exc)

    async def next(self):
        return await asyncio.wait_for(self.messages.get(), 10)


class Client:
    """An allocation: `async with Client(server, authority, "TCP") as client`."""

    def __init__(self, server, authority, transport, *, password=PASSWORD, **options):
        port = server.tls_port if transport == "TLS" else server.port
        self._make = lambda: turn.create_turn_endpoint(
            Receiver,
            (server.host, port),
            USER,
            password,
            transport="udp" if transport == "UDP" else "tcp",
            ssl=authority.context() if transport.startswith("TLS") else None,
            **options,
        )

    async def __aenter__(self):
        self.transport, self.receiver = await asyncio.wait_for(self._make(), 20)
        self.relayed = self.transport.get_extra_info("sockname")
        # The part that speaks with the server.
        self.protocol = self.transport._TurnTransport__inner_protocol
        return self

    async def __aexit__(self, *_):
        self.transport.close()
        await asyncio.wait_for(self.receiver.lost, 10)

    def send(self, data, address):
        self.transport.sendto(data, address)

    async def send_and_wait(self, data, address):
        """Sends, and returns when there is a channel."""
        await self.protocol.send_data(data, address)

    async def refresh(self, lifetime):
        """Asks for a lifetime, and returns what is granted."""
        request = stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
        request.attributes["LIFETIME"] = lifetime
        response, _ = await self.protocol.request_with_retry(request)
        return response.attributes["LIFETIME"]


@pytest.fixture(params=TRANSPORTS)
def client(request, server, authority):
    """Makes clients over one of the transports."""
    return lambda **options: Client(server, authority, request.param, **options)


def is_open(address):
    """Whether anybody has a UDP port open: the system answers for those that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(address)
        try:
            for _ in range(2):
                probe.send(b"?")
        except ConnectionRefusedError:
            return False
        return True


def is_read(address):
    """Whether whoever has this UDP port has read all that came to it."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        _, local, _, _, queues, *_ = line.split()
        if int(local.split(":")[1], 16) == address[1] and int(queues.split(":")[1], 16) > 0:
            return False
    return True


def test_messages_of_all_sizes(client, peer):
    async def run():
        async with client() as ann:
            assert ann.relayed[0] == "127.0.0.1"
            assert ann.transport.get_extra_info("related_address")[0] == "127.0.0.1"
            noise = random.Random(1)
            for size in (0, 1, 2, 3, 4, 5, 17, 160, 1200, 1472, 9000):
                data = noise.randbytes(size)
                ann.send(data, peer.address)
                assert await ann.receiver.next() == (data, peer.address)
                assert peer.received[-1] == (data, ann.relayed)

    asyncio.run(run())


def test_many_messages_in_order(client, peer):
    """Enough to fill segments and records in every way; no more on the way than the buffers of sockets hold."""

    async def run():
        noise = random.Random(2)
        async with client() as ann:
            for _ in range(20):
                burst = [noise.randbytes(noise.randrange(1, 1300)) for _ in range(30)]
                for data in burst:
                    ann.send(data, peer.address)
                assert [(await ann.receiver.next())[0] for _ in burst] == burst

    asyncio.run(run())


def test_channels_and_permissions(client, peer):
    async def run():
        with contextlib.closing(Peer()) as other, contextlib.closing(Peer()) as stranger:
            async with client() as ann:
                # Nobody may send before the client has.
                stranger.socket.sendto(b"too early", ann.relayed)
                await asyncio.to_thread(wait_until, lambda: is_read(ann.relayed), what="the server to read")
                for _ in range(2):
                    for target in (peer, other):
                        ann.send(b"hello", target.address)
                        assert await ann.receiver.next() == (b"hello", target.address)
                # A permission is for an address with all its ports; what has no channel comes as an indication.
                stranger.socket.sendto(b"in time", ann.relayed)
                assert await ann.receiver.next() == (b"in time", stranger.address)

    asyncio.run(run())


def test_between_two_relayed_addresses(client):
    async def run():
        async with client() as ann, client() as bea:
            assert ann.relayed != bea.relayed
            # It makes a permission for Ann; she gets it if she is quick to make one for Bea.
            await bea.send_and_wait(b"perhaps", ann.relayed)
            await ann.send_and_wait(b"from Ann", bea.relayed)
            assert await bea.receiver.next() == (b"from Ann", ann.relayed)
            bea.send(b"from Bea", ann.relayed)
            received = [await ann.receiver.next()]
            if received[0][0] == b"perhaps":
                received.append(await ann.receiver.next())
            assert received[-1] == (b"from Bea", bea.relayed)

    asyncio.run(run())


def test_refresh(client, peer):
    async def run():
        # Each message binds its channel once more.
        async with client(channel_refresh_time=-1) as ann:
            for number in range(5):
                # RFC 8656, section 7.2: 600 s at least, and no more than an hour.
                assert await ann.refresh(1) == 600
                assert 600 <= await ann.refresh(1200) <= 1200
                assert 600 <= await ann.refresh(100_000) <= 3600
                data = b"%d" % number
                ann.send(data, peer.address)
                assert await ann.receiver.next() == (data, peer.address)

    asyncio.run(run())


def test_deleted_allocation_has_no_port(client, peer):
    async def run():
        async with client() as ann:
            ann.send(b"x", peer.address)
            await ann.receiver.next()
            assert is_open(ann.relayed)
        wait_until(lambda: not is_open(ann.relayed), what="the port to close")

    asyncio.run(run())


@pytest.mark.parametrize("transport", ["TCP", "TLS"])
def test_lost_connection_ends_the_allocation(server, authority, transport):
    async def run():
        client = Client(server, authority, transport)
        await client.__aenter__()
        assert is_open(client.relayed)
        client.protocol.refresh_task.cancel()
        client.protocol.transport.abort()
        await client.receiver.lost
        await asyncio.to_thread(wait_until, lambda: not is_open(client.relayed), what="the port to close")

    asyncio.run(run())


def test_wrong_password(client):
    async def run():
        with pytest.raises(stun.TransactionFailed) as failure:
            async with client(password="wrong"):
                pass
        assert failure.value.response.error_code == 401

    asyncio.run(run())


@pytest.mark.skipif(IS_COTURN, reason="coturn reaches private networks unless told otherwise")
def test_peers_that_are_not_public(client, peer):
    async def run():
        async with client() as ann:
            for address in ("10.0.0.1", "127.0.0.2", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0"):
                ann.send(b"x", (address, 80))
                error = await asyncio.wait_for(ann.receiver.errors.get(), 10)
                assert error.response.error_code == 403, address
            # One that is allowed is not harmed by it.
            ann.send(b"y", peer.address)
            assert await ann.receiver.next() == (b"y", peer.address)

    asyncio.run(run())


def test_twenty_at_the_same_time(client, peer):
    async def use(number):
        async with client() as ann:
            for count in range(20):
                data = b"%d %d" % (number, count)
                ann.send(data, peer.address)
                assert await ann.receiver.next() == (data, peer.address)
            return ann.relayed

    async def run():
        addresses = await asyncio.gather(*(use(number) for number in range(20)))
        assert len(set(addresses)) == 20

    asyncio.run(run())


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_ice_by_the_relay_alone(server, transport):
    """Two ICE agents that tell each other nothing but their relayed candidates."""

    async def run():
        agents = [
            aioice.Connection(
                ice_controlling=controlling,
                turn_server=(server.host, server.port),
                turn_username=USER,
                turn_password=PASSWORD,
                turn_transport=transport.lower(),
                transport_policy=aioice.TransportPolicy.RELAY,
            )
            for controlling in (True, False)
        ]
        for agent, other in (agents, agents[::-1]):
            await agent.gather_candidates()
            assert [candidate.type for candidate in agent.local_candidates] == ["relay"]
            other.remote_username, other.remote_password = agent.local_username, agent.local_password
            for candidate in [*agent.local_candidates, None]:
                await other.add_remote_candidate(candidate)
        await asyncio.gather(*(agent.connect() for agent in agents))
        for agent, other in (agents, agents[::-1]):
            await agent.send(b"hello")
            assert await asyncio.wait_for(other.recv(), 10) == b"hello"
        await asyncio.gather(*(agent.close() for agent in agents))

    asyncio.run(run())
