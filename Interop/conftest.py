"""Fixtures: the real binaries on ports that the system chooses, stopped whatever happens."""

import contextlib
import itertools
import os
from pathlib import Path

import pytest

from harness.process import ServerProcess

SERVERS = pytest.StashKey[list]()

# No test but those with a sound server of their own has to do with the sound of this machine: a browser would start it.
os.environ["PULSE_SERVER"] = "unix:/nonexistent"


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run the long tests as well")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--full"):
        return
    long = [item for item in items if "long" in item.keywords]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for server in item.stash.get(SERVERS, []) + item.session.stash.get(SERVERS, []):
            report.sections.append((f"log of {server.name} (the end)", server.log[-8000:]))
    return report


@contextlib.contextmanager
def _starter(stash, folder):
    """Gives a function that starts a server; all that it started are stopped at the end."""
    servers = stash.setdefault(SERVERS, [])
    numbers = itertools.count(1)

    def start(program, arguments, *, ready, prefix=(), kind=ServerProcess):
        number, name = next(numbers), Path(program).name
        server = kind(
            program, arguments, log=folder / f"{name}-{number}.log", ready=ready, name=f"{name} {number}", prefix=prefix
        )
        servers.append(server)
        return server

    try:
        yield start
    finally:
        with contextlib.ExitStack() as stack:
            for server in servers:
                stack.callback(server.finish)


def _conformance_starter(start):
    def start_conformance(**options):
        arguments = ["--port", "0"]
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            if value is True:
                arguments.append(flag)
            elif value is not None:
                arguments += [flag, value]
        return start("socketio-conformance", arguments, ready=r"listening on (\d+)")

    return start_conformance


@pytest.fixture
def start_server(request, tmp_path):
    """Starts a server process of this test: `start_server(program, arguments, ready=pattern)`."""
    with _starter(request.node.stash, tmp_path) as start:
        yield start


@pytest.fixture
def start_conformance(start_server):
    """Starts a conformance server with the given options, `ping_interval=300` say."""
    return _conformance_starter(start_server)


@pytest.fixture
def conformance(start_conformance):
    """A conformance server with default options."""
    return start_conformance()


@pytest.fixture(scope="module")
def start_shared_server(request, tmp_path_factory):
    """Starts servers that all tests of a file share: what one test does must not harm the next."""
    stash = pytest.Stash()
    with _starter(stash, tmp_path_factory.mktemp("shared")) as start:
        request.session.stash[SERVERS] = stash[SERVERS]
        yield start
        request.session.stash[SERVERS] = []


@pytest.fixture(scope="module")
def shared_conformance(start_shared_server):
    """One conformance server for all tests of a file."""
    return _conformance_starter(start_shared_server)()


def _linkup_starter(start, folder):
    def start_linkup(*arguments, data=folder / "data", port=0):
        return start(
            "linkup",
            ["--port", port, "--turn-port", 0, "--data-directory", data, *arguments],
            ready=r"Open https?://[^ /]+:(\d+)",
        )

    return start_linkup


@pytest.fixture
def start_linkup(start_server, tmp_path):
    """Starts linkup on fresh ports; `data` and `port` allow a second start on the same ones."""
    return _linkup_starter(start_server, tmp_path)


@pytest.fixture
def linkup(start_linkup):
    """A linkup of this test alone, with an empty data directory."""
    return start_linkup()


@pytest.fixture(scope="module")
def start_shared_linkup(start_shared_server, tmp_path_factory):
    """Starts linkup for all tests of a file, each on a data directory of its own."""

    def start(*arguments):
        return _linkup_starter(start_shared_server, tmp_path_factory.mktemp("linkup"))(*arguments)

    return start


@pytest.fixture(scope="module")
def shared_linkup(start_shared_linkup):
    """One linkup for all tests of a file, which come from one address, and faster than people do."""
    return start_shared_linkup("--network-handshakes", 100_000)


@pytest.fixture(scope="module")
def playwright():
    # Loaded only where a browser is needed: it takes a second.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright):
    """One Chromium for all tests of a file."""
    from harness.browser import ARGUMENTS

    browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def people(chromium, request):
    """Makes participants: `people(server, "Ann", "Bea")`; their pages must not complain."""
    from harness.browser import Participant

    all_of_them = []

    def make(server, *names, **options):
        made = []
        for name in names:
            participant = Participant(chromium, f"http://localhost:{server.port}", name=name, **options)
            all_of_them.append(participant)
            made.append(participant.enter())
        return made

    make.all = all_of_them
    yield make
    complaints = {person.name: person.unexpected_complaints for person in all_of_them}
    report = "\n".join(person.describe() for person in all_of_them)
    for person in all_of_them:
        person.close()
    print(report)
    assert not any(complaints.values()), complaints
