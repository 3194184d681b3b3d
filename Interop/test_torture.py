"""Clients that break everything, among others that count: nothing is lost, nothing is left behind."""

import asyncio
import random
import resource

import pytest

from harness.torture import Torture

SEED = 6455


def resident_bytes(server):
    with open(f"/proc/{server.pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


async def torture(server, seconds, **numbers):
    scene = Torture(server.address, server.url, random.Random(SEED), **numbers)
    await scene.start()
    memory = []
    # The first round fills caches and pools; what the second, which is longer, adds to them is a leak.
    for share in (0.25, 0.75):
        await scene.rage(seconds * share)
        # The first ones say why, and there may be thousands.
        assert scene.verdict()[:10] == []
        # A client that vanished is missed by its heartbeat, after seven seconds at most.
        assert await scene.settle(30) == len(scene.talkers), "sessions have outlived their clients"
        memory.append(resident_bytes(server))
    await scene.finish()
    print(
        f"{seconds} s: {sum(scene.sent.values())} numbers to each of {len(scene.talkers)}, {scene.upgrades} upgrades,"
        f" {scene.acts} acts of vandals; resident {memory[0] >> 10} KiB, then {memory[1] >> 10} KiB"
    )
    assert memory[1] < memory[0] * 1.2 + (4 << 20)
    return scene


def start(start_conformance):
    return start_conformance(ping_interval=2000, ping_timeout=5000, connect_timeout=1000, close_timeout=1000)


@pytest.mark.timeout(120)
def test_short(start_conformance):
    scene = asyncio.run(torture(start(start_conformance), 12, talkers=6, upgraders=6, vandals=60, pause=0.5))
    assert scene.upgrades > 10


@pytest.mark.long
@pytest.mark.timeout(600)
def test_five_minutes(start_conformance):
    scene = asyncio.run(torture(start(start_conformance), 300, talkers=9, upgraders=11, vandals=180, pause=3))
    assert scene.upgrades > 300
