"""Allocations that come and go in all ways, for half an hour: nothing is lost, nothing is left behind.

The long form takes `LINKUP_SOAK_MINUTES`, 30 unless they are set; they must be more than the 11 for warming up.
"""

import asyncio
import contextlib
import os
import statistics
import time

import pytest

from harness.certificates import Authority
from harness.turnclient import Client
from harness.turnserver import IS_COTURN, start_turn
from harness.turnsoak import STRANGER, Soak

pytestmark = pytest.mark.skipif(IS_COTURN, reason="the counts of descriptors and the quota are those of LinkUp")

SEED = 8656
MINUTES = float(os.environ.get("LINKUP_SOAK_MINUTES", 30))
# Until the first allocations have expired, and the tables have the size that they keep.
WARM_UP = 11 * 60

# More than there are at a time.
QUOTA = 500


def start(start_server, tmp_path):
    """A server with two threads, so that what begins on one goes on over the other; and what its clients trust."""
    authority = Authority(tmp_path / "authority")
    server = start_turn(
        start_server,
        tmp_path,
        peers=("127.0.0.1", "::1", STRANGER),
        certificate=authority.issue("127.0.0.1"),
        mobility=True,
        threads=2,
        total_quota=QUOTA,
    )
    return server, authority.context()


async def soak(server, context, seconds, warm_up, allowed_growth, **numbers):
    scene = Soak(server, context, SEED, **numbers)
    await scene.open()
    with contextlib.closing(scene):
        # What is opened with the first client of a kind stays open.
        for transport in ("UDP", "TCP", "TLS"):
            await scene.visit(transport)
        before = await settled(server)
        await scene.rage(seconds)
        report(scene, warm_up)
        # The first ones say why, and there may be thousands.
        assert scene.complaints[:10] == []
        # Loopback loses only what does not fit into a buffer when everybody talks at once.
        assert scene.lost <= scene.exchanged // 1000 + 5
        await descriptors_are(before, server)
        await fill(scene)
        await descriptors_are(before, server)
        await scene.visit()
        assert scene.complaints == []
    first, last = medians(scene, warm_up)
    assert last < first + allowed_growth


async def settled(server):
    """The number of descriptors when it has stood still for a second."""
    seen, since = None, 0
    while seen != server.process.descriptors or time.monotonic() < since + 1:
        if seen != server.process.descriptors:
            seen, since = server.process.descriptors, time.monotonic()
        await asyncio.sleep(0.05)
    return seen


async def descriptors_are(expected, server, timeout=60):
    """Waits until there are as many descriptors as before; a port that nobody fetched stays for 30 s."""
    deadline = time.monotonic() + timeout
    while server.process.descriptors != expected:
        assert time.monotonic() < deadline, f"{expected} descriptors have become {server.process.descriptors}"
        await asyncio.sleep(0.05)


async def fill(scene):
    """Nobody has an allocation: the whole quota is there, no more and no less, and it is there again afterwards."""
    with contextlib.ExitStack() as stack:
        clients = []
        for number in range(QUOTA + 1):
            client = stack.enter_context(contextlib.closing(await Client(scene, "UDP").connect()))
            # 508: the server is full (RFC 8656 §7.2).
            await client.allocate(code=508 if number == QUOTA else 0)
            clients.append(client)
        for client in clients[:QUOTA]:
            await client.release()


def medians(scene, warm_up):
    """The memory soon after the warm-up and at the end: of the samples since, the first quarter and the last."""
    sizes = [size for at, size, _ in scene.samples if at >= warm_up]
    quarter = max(len(sizes) // 4, 1)
    return statistics.median(sizes[:quarter]), statistics.median(sizes[-quarter:])


def report(scene, warm_up):
    """What happened; pytest shows it with -s and with failures."""
    step = max(len(scene.samples) // 30, 1)
    for at, size, descriptors in scene.samples[::step]:
        print(f"{at:6.0f} s  {size >> 10:7d} KiB  {descriptors:4d} descriptors")
    first, last = medians(scene, warm_up)
    print(f"median after {warm_up:.0f} s: {first / 1024:.0f} KiB, at the end {last / 1024:.0f} KiB")
    print(f"{scene.allocations} allocations, {scene.requests} requests, {scene.repeated} sent again")
    print(f"{scene.exchanged} messages to peers and back, {scene.lost} lost; {scene.moves} moves")
    print(", ".join(f"{count} {name}" for name, count in sorted(scene.ends.items())))


@pytest.mark.timeout(180)
def test_short(start_server, tmp_path):
    server, context = start(start_server, tmp_path)
    # The pools of each event loop, of which there is one for each core, still fill: this finds only what leaks fast.
    asyncio.run(soak(server, context, 20, warm_up=8, allowed_growth=4 << 20, visitors=24))


@pytest.mark.long
@pytest.mark.timeout(MINUTES * 60 + 300)
def test_minutes(start_server, tmp_path):
    assert MINUTES * 60 > WARM_UP, "the memory is looked at after the warm-up only"
    server, context = start(start_server, tmp_path)
    # In the default time some 60000 allocations come and go between the two looks: 35 lost bytes each would be found.
    asyncio.run(
        soak(server, context, MINUTES * 60, WARM_UP, allowed_growth=2 << 20, visitors=24, expiring=60, deaths=60)
    )
