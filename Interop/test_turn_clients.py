"""TURN as coturn's own clients use it, over UDP, TCP and TLS.

Debian's 4.6.1 has no packet flood, no invalid messages on demand and no `--no-even-port`, as later ones have, and its
`turnutils_stunclient` is for UDP only. DTLS (`-S` alone), PADDING and RESPONSE-PORT are left out: the server has none.
"""

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from harness import turnutils
from harness.certificates import Authority
from harness.turnserver import IS_COTURN, SECRET, start_turn

# The clients spend most of their time waiting; the first test waits for those that were started together with its own.
pytestmark = pytest.mark.timeout(240)

TRANSPORTS = ["UDP", "TCP", "TLS"]

# A message of 200 bytes, five times. Without `-c` there is a second allocation for RTCP on the next port: it is
# reserved with the first (EVEN-PORT) and then taken (RESERVATION-TOKEN).
FIVE = ["-m", "1", "-n", "5", "-l", "200"]


@dataclass
class Use:
    """A way to use TURN: the client's arguments, and how many messages it is to send and to receive."""

    arguments: list
    sent: int = 10
    received: int | None = None
    peer: str | None = "127.0.0.1"
    host: str | None = None
    refusals: str = "none"
    says: str = ""
    transports: list = field(default_factory=lambda: TRANSPORTS)


USES = {
    # Includes a second binding of the same channel, a refresh, and a permission for each peer.
    "channels": Use([*FIVE, "-X"]),
    "DONT-FRAGMENT": Use([*FIVE, "-X", "-g"]),
    "indications": Use([*FIVE, "-X", "-s"]),
    "indications with DONT-FRAGMENT": Use([*FIVE, "-X", "-s", "-g"]),
    "channels padded to 4": Use(["-m", "1", "-n", "5", "-l", "201", "-X", "-D"]),
    "no reservation": Use([*FIVE, "-c"], sent=5),
    "large messages": Use(["-m", "1", "-n", "20", "-l", "1400", "-c"], sent=20),
    # Among them some for an IPv6 peer, which an IPv4 relay has to refuse.
    "more requests than needed": Use([*FIVE, "-G"], refusals="443"),
    "IPv4 and IPv6 in one allocation": Use([*FIVE, "-Z"], sent=5),
    "IPv6 relay": Use([*FIVE, "-x"], peer="::1"),
    "IPv6 client and IPv4 relay": Use(FIVE, host="::1"),
    "twenty clients": Use(["-m", "20", "-n", "20", "-l", "200"], sent=400),
    "client to client": Use(["-y", "-c", "-m", "2", "-n", "20", "-l", "200"], sent=40, peer=None),
    # The client sends its Refresh twice and waits for both answers, which coturn's own server doesn't give over TCP. Over
    # TLS it uses the connection that it has left, and fails.
    "mobility": Use([*FIVE, "-M", "-v"], transports=["UDP"] if IS_COTURN else ["UDP", "TCP"], says="smid="),
    "TCP allocation": Use(["-T", "-m", "2", "-n", "20", "-l", "200"], sent=40, peer=None, transports=["TCP", "TLS"]),
    # The peer, which makes the connection, counts nothing of what it gets. With TLS it would speak TLS to the relay.
    "TCP allocation, active peer": Use(
        ["-T", "-P", "-m", "2", "-n", "20", "-l", "200"], sent=40, received=20, peer=None, transports=["TCP"]
    ),
}

CASES = [
    pytest.param(transport, name, id=f"{transport}, {name}")
    for name, use in USES.items()
    for transport in use.transports
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority")).issue("localhost", "127.0.0.1", "::1")


@pytest.fixture(scope="module")
def server(start_shared_server, certificate, tmp_path_factory):
    return start_turn(start_shared_server, tmp_path_factory.mktemp("turn"), certificate=certificate, mobility=True)


@pytest.fixture(scope="module")
def peer():
    with contextlib.closing(turnutils.EchoPeer("127.0.0.1", "::1")) as peer:
        yield peer


@pytest.fixture(scope="module")
def outcomes(request, server, peer):
    """How the runs of all tests that were chosen end: they go on at the same time, so that they take seconds."""
    chosen = [
        (item.callspec.params["transport"], item.callspec.params["name"])
        for item in request.session.items
        if item.path == request.path and "outcomes" in item.fixturenames
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield {case: pool.submit(use_turn, server, peer, *case) for case in chosen}


def use_turn(server, peer, transport, name):
    use = USES[name]
    target = ["-e", use.peer, "-r", peer.port] if use.peer else []
    return exchange(server, *use.arguments, *target, transport=transport, host=use.host)


def exchange(server, *arguments, transport, host=None):
    """Runs the client until it counts all messages, which may take it several runs over TLS, and elsewhere one.

    It takes what one record of TLS holds for one message. On a busy machine two come in one, and it counts one as lost.
    """
    for _ in range(4 if transport == "TLS" else 1):
        outcome = turnutils.uclient(server, *arguments, transport=transport, host=host)
        if outcome.code or outcome.number("tot_recv_msgs") == outcome.number("tot_send_msgs"):
            break
    return outcome


def assert_all_arrived(outcome, sent, received=None, refusals="none"):
    received = sent if received is None else received
    counts = outcome.number("tot_send_msgs"), outcome.number("tot_recv_msgs"), outcome.number("Total lost packets")
    assert counts == (sent, received, sent - received), outcome.output
    assert outcome.code == 0, outcome.output
    # Errors that the client puts up with must not pass, unless it makes them.
    errors = {number or "ERROR" for number in re.findall(r"ERROR|error (\d{3})", outcome.output)}
    assert errors <= {refusals}, outcome.output


@pytest.mark.parametrize(("transport", "name"), CASES)
def test_messages_arrive(outcomes, transport, name):
    """All ways to use TURN, each by messages that come back or go to another client."""
    use = USES[name]
    outcome = outcomes[transport, name].result()
    assert_all_arrived(outcome, use.sent, use.received, use.refusals)
    # Whether what is to be tested was used at all.
    assert use.says in outcome.output, outcome.output


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_credentials_of_a_secret(start_server, certificate, peer, tmp_path, transport):
    server = start_turn(start_server, tmp_path, user=None, secret=SECRET, certificate=certificate)
    target = ["-e", "127.0.0.1", "-r", peer.port]
    assert_all_arrived(exchange(server, *FIVE, *target, transport=transport), sent=10)
    refused = turnutils.uclient(server, *FIVE, *target, "-u", "ann", "-W", "another secret", transport=transport)
    assert refused.code == 255 and "Cannot complete Allocation" in refused.output, refused


@pytest.mark.parametrize("credentials", [("ann", "wrong"), ("nobody", "correct horse")], ids=["password", "user"])
def test_wrong_credentials(server, peer, credentials):
    user, password = credentials
    refused = turnutils.uclient(server, *FIVE, "-e", "127.0.0.1", "-r", peer.port, "-u", user, "-w", password)
    assert refused.code == 255 and "Cannot complete Allocation" in refused.output, refused


@pytest.mark.skipif(IS_COTURN, reason="coturn reaches private networks unless told otherwise")
@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.2", "169.254.169.254", "224.0.0.1"])
@pytest.mark.parametrize("way", ["channel", "indication"])
def test_peers_that_are_not_public(server, address, way):
    refused = turnutils.uclient(server, *FIVE, *(["-s"] if way == "indication" else []), "-e", address, timeout=20)
    assert re.search(r"(channel bind:|create permission) error 403", refused.output), refused


def test_channel_of_another_peer(server, peer):
    """The client binds a peer to two channels, and gives up when that is refused."""
    refused = turnutils.uclient(server, "-N", *FIVE, "-e", "127.0.0.1", "-r", peer.port)
    assert refused.code == 255 and "channel bind: error 400" in refused.output, refused


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_abuse_harms_nobody(server, peer, transport):
    """Spoilt messages (`-R`), connections that end at once (`-B`) and that are left alone (`-O`)."""
    target = ["-e", "127.0.0.1", "-r", peer.port]
    spoilt = [["-R", *FIVE], ["-R", "-s", *FIVE]]
    short = [["-B", "-m", "4", "-n", "20"], ["-O", "-m", "20"], ["-O", "-c", "-m", "20"]]

    def abuse(arguments):
        # Where a spoilt request gets no answer, the client waits for ever.
        turnutils.uclient(server, *arguments, *target, transport=transport, timeout=5)

    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(abuse, arguments) for arguments in spoilt + short]
        # While it goes on as well as after it.
        assert_all_arrived(exchange(server, *FIVE, *target, transport=transport), sent=10)
        for run in runs:
            run.result()
    assert_all_arrived(exchange(server, "-c", *FIVE, *target, transport=transport), sent=5)
    assert server.is_running


def test_alternate_server(start_server, server, peer, tmp_path):
    """The client is sent on by a first server (300), and must find what it needs at the second."""
    first = start_turn(start_server, tmp_path, alternate_server=f"{server.host}:{server.port}")
    outcome = turnutils.uclient(first, *FIVE, "-e", "127.0.0.1", "-r", peer.port)
    assert "error 300" in outcome.output, outcome
    assert (outcome.number("tot_send_msgs"), outcome.number("tot_recv_msgs")) == (10, 10), outcome


@pytest.fixture(scope="module")
def two_addresses(start_shared_server, tmp_path_factory):
    return start_turn(
        start_shared_server, tmp_path_factory.mktemp("two"), host="127.0.0.1", other_address="127.0.0.2", user=None
    )


def stunclient(*arguments, timeout=10):
    """Runs `turnutils_stunclient`, which needs the port after one that the system chose, and may find it taken."""
    for _ in range(5):
        outcome = turnutils.run("turnutils_stunclient", *arguments, timeout=timeout)
        if "errno=98" not in outcome.output:
            break
    return outcome


def test_stunclient(server):
    outcome = stunclient("-p", server.port, server.host)
    assert outcome.code == 0 and re.search(r"UDP reflexive addr: 127\.0\.0\.1:\d+", outcome.output), outcome


def test_stunclient_with_two_addresses(two_addresses):
    """The client asks for the other address, and then for answers from there to another port of its own.

    That needs RESPONSE-PORT, which LinkUp has not: the client waits for it until it is ended.
    """
    outcome = stunclient("-f", "-p", two_addresses.port, two_addresses.host, timeout=3)
    assert outcome.code == (0 if IS_COTURN else None), outcome
    assert f"Response origin: : 127.0.0.1:{two_addresses.port}" in outcome.output, outcome
    assert f"Other addr: : 127.0.0.2:{two_addresses.port + 1}" in outcome.output, outcome


def test_natdiscovery(two_addresses):
    """There is no NAT on loopback, so that mapping and filtering depend on nothing; both need CHANGE-REQUEST."""
    arguments = ["-m", "-f", "-p", two_addresses.port, two_addresses.host]
    outcome = turnutils.run("turnutils_natdiscovery", *arguments, timeout=30)
    assert outcome.code == 0, outcome
    assert "NAT with Endpoint Independent Mapping!" in outcome.output, outcome
    assert "NAT with Endpoint Independent Filtering!" in outcome.output, outcome
    assert re.search(r"Response origin: : 127\.0\.0\.2:\d+", outcome.output), outcome


def test_natdiscovery_of_hairpins_and_lifetimes(two_addresses):
    arguments = ["-H", "-t", "-T", "1", "-p", two_addresses.port, two_addresses.host]
    outcome = turnutils.run("turnutils_natdiscovery", *arguments, timeout=30)
    assert outcome.code == 0, outcome
    assert "successful hairpinning" in outcome.output, outcome
    assert "Mapping Lifetime Behavior Discovery" in outcome.output, outcome
