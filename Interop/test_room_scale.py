"""A room of thousands of people, and a history of ten thousand messages: what it costs, within bounds.

The bounds are far above what is measured on an idle machine, so that they fail for work that grows with the square of
the people, and not for a busy machine: what matters is what the server uses of the processor. Run with -s to read the
figures.
"""

import json
import random
import time

import pytest

from harness.attack import processor_seconds
from harness.crowd import Crowd, raise_descriptors
from harness.member import Member

MEBIBYTE = 1024 * 1024


@pytest.fixture
def hall(start_linkup):
    """A linkup for a hall of people behind some addresses."""
    assert raise_descriptors() > 12_000, "too few descriptors: ulimit -n"
    return start_linkup("--network-handshakes", 0)


@pytest.mark.parametrize(
    "count", [1000, pytest.param(5000, marks=[pytest.mark.long, pytest.mark.timeout(400)])], ids=str
)
def test_a_hall_of_people(hall, count):
    before = hall.resident_bytes
    with Crowd(hall.address, "hall") as crowd:
        used = processor_seconds(hall.pid)
        seconds = crowd.join(count, timeout=30 + count / 25)
        used = processor_seconds(hall.pid) - used
        memory = hall.resident_bytes - before
        print(f"\n{count} joined in {seconds:.1f} s, {used / count * 1000:.2f} ms of the processor each")
        print(f"{memory / MEBIBYTE:.0f} MiB, {memory / count / 1024:.1f} KiB each")
        assert memory < 64 * MEBIBYTE + count * 64 * 1024
        assert used < 1 + count * 0.01

        first, last = crowd.people[0], crowd.people[-1]
        joined = json.loads(last.answers[0])
        # Who is last in the row need not be the last that was let in.
        assert max(json.loads(person.answers[0])["memberCount"] for person in crowd.people) == count
        assert len(joined["members"]) <= 201, "at most 200, and itself"
        assert joined["self"] in [member["id"] for member in joined["members"]]
        # Everybody learns how many they are, though not of each one.
        crowd.run(lambda: min(crowd.count("members"), default=0) > 0, timeout=30, what="the number of people")
        assert last.heard["member"] <= 2, last.heard

        answer, seconds = crowd.ask(first, "say", {"text": "hello"}, timeout=30)
        assert "message" in answer
        heard = crowd.run(lambda: crowd.count("message")[0] <= 1, timeout=30, what="everybody to hear it")
        print(f"said in {seconds * 1000:.0f} ms, heard by all after {(seconds + heard) * 1000:.0f} ms")
        for _ in range(5):
            crowd.turn(0.02)
        assert set(crowd.count("message")) <= {0, 1} and crowd.count("message")[1] >= count - 1
        answer, seconds = crowd.ask(last, "say", {"text": "hello from the last row"}, timeout=30)
        assert "message" in answer

        # Half of them go at once; the others talk meanwhile.
        used = processor_seconds(hall.pid)
        for person in crowd.people[: count // 2]:
            person.close()
        slowest = 0
        for number in range(20):
            answer, seconds = crowd.ask(last, "say", {"text": f"after {number}"}, timeout=30)
            assert "message" in answer or answer["error"]["code"] == "too-many-requests", answer
            slowest = max(slowest, seconds)
        used = processor_seconds(hall.pid) - used
        print(f"the slowest of 20 while {count // 2} go: {slowest * 1000:.0f} ms, {used:.1f} s of the processor")
        assert used < 2 + count * 0.002
        answer, seconds = crowd.ask(last, "history", {}, timeout=30)
        assert "after 0" in [message["text"] for message in answer["messages"]]
    assert hall.is_running and hall.log.count("\n") < 60, hall.log[-2000:]


# MARK: Searching


@pytest.mark.parametrize(
    "count", [1500, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(180)])], ids=str
)
def test_a_long_history_is_searched(start_linkup, count):
    """What is found is what has the words; each search within a tenth of what a person notices, and others talk on."""
    noise = random.Random(7)
    words = [f"{first}{second}{number}" for first in "bdkmt" for second in ("olo", "ira", "enu") for number in range(60)]
    texts = [f"number{index} common " + " ".join(noise.choices(words, k=5)) for index in range(count)]
    for index in range(0, count, count // 7):
        texts[index] += " Needle"
    server = start_linkup("--network-handshakes", 0)
    with Crowd(server.address, "room", of_network=10) as crowd:
        # Each may say 20 at once, and few hear it.
        for start in range(0, count, 500):
            crowd.join(25)
            people = crowd.people[-25:]
            crowd.say(people, texts[start : start + 500])
            for person in people:
                person.close()
        with Member(server.url) as reader:
            reader.join("room", "Reader")
            stored = reader.joined["lastNumber"]
            assert stored == count
            searches = ["needle", "Needle common", "common", "c", "common n", words[0], f"{words[1]} {words[2]}"]
            searches += [words[5][:3], f"number{count - 1}", "number1", "nothing", f"common {words[9]} num"]
            searches += [" ".join(words[:28]), "c " * 100]
            slowest = 0
            for text in searches:
                time.sleep(0.1)
                began = time.monotonic()
                page = reader.request("search", text=text)
                seconds = time.monotonic() - began
                slowest = max(slowest, seconds)
                assert seconds < 1, f"{text}: {seconds * 1000:.0f} ms"
                found = [message["text"] for message in page["messages"]]
                matching = [said for said in texts if has(said, text)]
                assert len(found) == min(100, len(matching)) and page["more"] == (len(matching) > 100), text
                assert all(has(said, text) for said in found), text
                numbers = [message["number"] for message in page["messages"]]
                assert numbers == sorted(numbers, reverse=True), "newest first"
            print(f"\n{count} messages: the slowest of {len(searches)} searches took {slowest * 1000:.0f} ms")


def has(said, text):
    """Whether a text has all words of another, the last of which may be a beginning."""
    *whole, last = text.lower().split()
    words = said.lower().split()
    return all(word in words for word in whole) and any(word.startswith(last) for word in words)
