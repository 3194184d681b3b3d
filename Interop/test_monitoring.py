"""What linkup tells those who run it: metrics, `linkup status`, logs for machines, the examples of docs/monitoring."""

import json
import re
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from harness import http
from harness.member import Member, call
from harness.process import BINARIES
from harness.waiting import wait_until

DOCS = Path(__file__).parent.parent / "docs"


def metrics(address):
    """All samples as (name, labels): value, read as Prometheus would, and the text."""
    response = http.request(address, "GET", "/metrics")
    assert response.status == 200 and response.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in samples, key
            samples[key] = sample.value
    return samples


def value(samples, name, **labels):
    return samples[(name, frozenset(labels.items()))]


def metrics_address(server):
    found = []

    def look():
        found[:] = re.findall(r"http://([0-9.]+|\[::1\]):(\d+)/metrics", server.log)
        return bool(found)

    wait_until(look, what="the address of the metrics")
    host, port = found[0]
    return host.strip("[]"), int(port)


def status(data, *arguments):
    command = [BINARIES / "linkup", "status", "--data-directory", data, *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=20)


@pytest.fixture
def monitored(start_linkup):
    return start_linkup("--metrics", "0", "--message-rate", "1")


def test_rooms_messages_and_refusals_are_counted(monitored):
    address = metrics_address(monitored)
    assert address[0] == "127.0.0.1"
    before = metrics(address)
    assert value(before, "linkup_rooms") == value(before, "linkup_people") == 0
    with Member(monitored.url) as ann, Member(monitored.url) as bea:
        ann.join("room", "Ann", call=call())
        bea.join("room", "Bea")
        answers = [ann.request("say", text=f"message {number}", key=f"key{number}") for number in range(4)]
        refused = sum("error" in answer for answer in answers)
        assert 0 < refused < 4, answers
        after = metrics(address)
        assert value(after, "linkup_rooms") == 1 and value(after, "linkup_people") == 2
        assert value(after, "linkup_people_in_calls") == 1
        assert value(after, "linkup_refusals_total", limit="say-rate", code="too-many-requests") == refused
        assert value(after, "linkup_request_seconds_count", event="join") == 2
        assert value(after, "linkup_request_seconds_count", event="say") == 4 - refused
        assert 0 < value(after, "linkup_request_seconds_sum", event="say") < 5
        # The layers below report every 10 seconds.
        wait_until(
            lambda: value(metrics(address), "engineio_connections", transport="websocket") == 2,
            timeout=15,
            what="the connections to be reported",
        )
        for member in (ann, bea):
            assert member.request("leave") == {}
        assert value(metrics(address), "linkup_people") == value(metrics(address), "linkup_rooms") == 0
    http.request(monitored.address, "GET", "/nothing")
    assert value(metrics(address), "linkup_http_responses_total", code="404") == 1


def test_relays_are_counted(start_linkup):
    server = start_linkup("--metrics", "[::1]:0", "--secret", "s", "--relay-address", "127.0.0.1", "--allow-peer", "127.0.0.1")
    address = metrics_address(server)
    assert address[0] == "::1"
    port = re.search(r"TURN listens on port (\d+)", server.log).group(1)
    command = [BINARIES / "linkup", "check", f"turn:127.0.0.1:{port}", "--secret", "s"]
    assert subprocess.run([str(part) for part in command], capture_output=True, timeout=30).returncode == 0
    samples = metrics(address)
    assert value(samples, "turn_relays_opened_total") > 0
    for direction in ("to-peers", "to-clients"):
        assert value(samples, "turn_datagrams_total", direction=direction) > 0
        assert value(samples, "turn_bytes_total", direction=direction) > 0
    assert value(samples, "turn_requests_challenged_total") > 0


def test_the_relay_alone_has_metrics_too(start_server):
    server = start_server("linkup", ["turn", "--turn-port", 0, "--metrics", "0"], ready=r"STUN listens on port (\d+)")
    address = metrics_address(server)
    assert value(metrics(address), "turn_allocations") == 0
    assert http.request(address, "GET", "/readyz").text == "ok\n"
    assert server.stop() == 0


def test_who_asks_for_metrics_learns_no_more(monitored):
    address = metrics_address(monitored)
    for path in ("/status", "/", "/api/qr.svg"):
        assert http.request(address, "GET", path).status == 404
    assert http.request(monitored.address, "GET", "/metrics").status == 404
    with Member(monitored.url) as ann:
        ann.join("a-secret-name", "Anneliese")
        text = http.request(address, "GET", "/metrics").text
        assert "secret" not in text and "Anneliese" not in text


def test_connections_to_the_metrics_have_a_bound(monitored):
    """More than there may be wait, and nobody else notices; once some are gone, it answers."""
    address = metrics_address(monitored)
    crowd = [socket.create_connection(address, timeout=5) for _ in range(100)]
    try:
        assert http.request(monitored.address, "GET", "/healthz").status == 200
        with Member(monitored.url) as ann:
            ann.join("room", "Ann")
    finally:
        for connection in crowd:
            connection.close()
    assert value(metrics(address), "linkup_rooms") >= 0


def test_a_port_that_is_taken_is_said(tmp_path):
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        port = used.getsockname()[1]
        command = [BINARIES / "linkup", "--port", "0", "--turn-port", "0", "--data-directory", tmp_path, "--metrics", port]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and f"127.0.0.1:{port} for metrics" in done.stderr


def test_status_in_words_and_as_json(start_linkup, tmp_path):
    data = tmp_path / "data"
    gone = status(data)
    assert gone.returncode == 1 and str(data) in gone.stderr and gone.stdout == ""
    server = start_linkup(data=data)
    with Member(server.url) as ann:
        ann.join("room", "Ann", call=call())
        ann.say("hello")
        done = status(data)
        assert done.returncode == 0, done.stderr
        assert f"Page: http://localhost:{server.port}" in done.stdout
        assert "Rooms: 1, with 1 people, 1 of them in calls, and 0 who wait" in done.stdout
        assert done.stdout.endswith("All is well.\n")
        report = json.loads(status(data, "--json").stdout)
        assert (report["rooms"], report["people"], report["inCalls"], report["connections"]) == (1, 1, 1, 1)
        assert abs(report["started"] / 1000 - time.time()) < 60 and report["historyBytes"] > 0
        assert report["page"] == f"http://localhost:{server.port}" and report["problems"] == []
        assert report["refusals"] == [] and "certificate" not in report
    mode = (data / "control").stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) & 0o077 == 0
    # One that was killed leaves its socket, and the next one takes its place.
    server.kill()
    assert status(data).returncode == 1
    start_linkup(data=data)
    wait_until(lambda: status(data).returncode == 0, what="the next server to answer")


def test_status_of_a_certificate(start_server, tmp_path):
    data = tmp_path / "data"
    arguments = ["--port", 0, "--turn-port", 0, "--data-directory", data, "--tls", "self-signed"]
    start_server("linkup", arguments, ready=r"Open https://[^ /]+:(\d+)")
    report = json.loads(status(data, "--json").stdout)
    assert report["certificate"]["file"] == str(data / "tls" / "server.pem")
    assert 390 < (report["certificate"]["ends"] / 1000 - time.time()) / 86_400 < 398
    assert "Certificate: ends in 39" in status(data).stdout


def test_a_path_that_is_too_long_for_a_socket(start_linkup, tmp_path):
    data = tmp_path / ("d" * 100)
    server = start_linkup(data=data)
    wait_until(lambda: "can't reach this server" in server.log, what="a warning")
    assert http.request(server.address, "GET", "/readyz").status == 200
    assert server.stop() == 0


def test_logs_for_machines(start_linkup):
    server = start_linkup("--log-format", "json", "--log-level", "debug")
    with Member(server.url) as ann:
        ann.join("room", 'Ann "\\ \u2028')
    assert server.stop() == 0
    entries = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    assert len(entries) > 3
    for entry in entries:
        assert {"time", "level", "label", "message", "source"} <= set(entry)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"]), entry
    others = [line for line in server.log.splitlines() if not line.startswith("{")]
    assert len(others) <= 4, "only what is said at the start is no JSON"


def test_version():
    for arguments in (["version"], ["--version"]):
        done = subprocess.run([BINARIES / "linkup", *arguments], capture_output=True, text=True, timeout=10)
        assert done.returncode == 0 and re.fullmatch(r"linkup \d+\.\d+\.\d+\n", done.stdout)


def documented_metrics():
    section = (DOCS / "operations.md").read_text().partition("\n## Metrics\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`((?:linkup|turn|process)_[a-z_]+)`", section))


def test_all_that_is_shown_is_documented(monitored):
    """Every metric stands in the table of docs/operations.md, and every one that stands there is shown."""
    address = metrics_address(monitored)
    with Member(monitored.url) as ann:
        ann.join("room", "Ann")
        http.request(monitored.address, "GET", "/")
        for number in range(4):
            ann.request("say", text=f"message {number}", key=f"key{number}")
        names = {re.sub("_(bucket|sum|count)$", "", name) for name, _ in metrics(address)}
    documented = documented_metrics()
    ours = {name for name in names if not name.startswith(("engineio_", "socketio_"))}
    # Nothing else is met by one person who says something.
    rare = {"turn_refusals_total", "linkup_certificate_end_seconds"}
    assert ours == documented - rare
    layers = (DOCS.parent / "Sources/SocketIO/SocketIO.docc/Metrics.md").read_text()
    options = (DOCS.parent / "Sources/SocketIO/Server/MetricsOptions.swift").read_text()
    for name in names - ours:
        assert f"`{name.removesuffix('_total')}`" in layers + options, name


def test_rules_and_board_ask_for_what_there_is():
    documented = documented_metrics()
    rules = yaml.safe_load((DOCS / "monitoring/alerts.yml").read_text())["groups"][0]["rules"]
    board = json.loads((DOCS / "monitoring/grafana.json").read_text())
    queries = [rule["expr"] for rule in rules] + [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(queries) > 20
    for query in queries:
        for name in re.findall(r"\b((?:linkup|turn|process)_[a-z_]+)\b", query):
            assert re.sub("_(bucket|sum|count)$", "", name) in documented, query
