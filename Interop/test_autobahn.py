"""RFC 6455 and RFC 7692 as Autobahn's suite tests them, against the echo that is made of the sessions' own WebSocket.

The number of a case begins with that of its chapter: 1 framing, 2 pings, 3 reserved bits, 4 opcodes, 5 fragments,
6 UTF-8, 7 closing, 9 limits, 10 many small messages, 12 and 13 compression.
"""

import os

import pytest

from harness import autobahn

# Chapter 6.4 waits for seconds to see how early bad text is noticed, and 9, 12 and 13 move many megabytes.
SHORT = {"cases": [f"{chapter}.*" for chapter in range(1, 8)], "exclude": ["6.4.*"]}
WHOLE = {"cases": ["*"], "exclude": []}


@pytest.fixture(scope="module")
def python():
    path = autobahn.find_python()
    if path is None:
        message = "Autobahn's suite needs a Python 2.7 with pip, and there is none"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    autobahn.install(path)
    return path


def check(verdicts, at_least):
    assert len(verdicts) >= at_least, f"only {len(verdicts)} cases ran"
    # NON-STRICT: right, but noticed later than the suite would like; INFORMATIONAL: the RFC leaves it open.
    bad = {
        case: (verdict["behavior"], verdict["behaviorClose"])
        for case, verdict in verdicts.items()
        if verdict["behavior"] not in ("OK", "NON-STRICT", "INFORMATIONAL")
        or verdict["behaviorClose"] not in ("OK", "INFORMATIONAL")
    }
    assert not bad


@pytest.mark.timeout(600)
def test_short(python, conformance, tmp_path):
    url = f"ws://127.0.0.1:{conformance.port}/echo"
    check(autobahn.run(python, url, **SHORT, folder=tmp_path, timeout=300), at_least=230)


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_whole(python, conformance, tmp_path):
    url = f"ws://127.0.0.1:{conformance.port}/echo"
    check(autobahn.run(python, url, **WHOLE, folder=tmp_path, timeout=2300), at_least=517)
