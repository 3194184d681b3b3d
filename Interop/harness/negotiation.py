"""One side of a negotiation in a blank page: `Web/call/negotiation/negotiation.js` with a real connection, and a test for a wire."""

import contextlib
import functools
import http.server
import threading
from pathlib import Path

from .waiting import wait_until

WEB = Path(__file__).parents[2] / "Web"

PAGE = b"""<!doctype html><title>one side</title><script type="module">
import { Negotiation } from './call/negotiation/negotiation.js';

window.makeSide = (polite) => {
    const side = { sent: [], errors: [], connections: 0, channels: [], heard: [] };
    const listen = (channel) => {
        channel.onopen = () => side.channels.push(channel);
        channel.onmessage = ({ data }) => side.heard.push(data);
    };
    side.negotiation = new Negotiation({
        polite,
        epoch: 1,
        makeConnection: () => {
            side.connections += 1;
            side.channels = [];
            const connection = new RTCPeerConnection();
            connection.ondatachannel = ({ channel }) => {
                side.channels.push(channel);
                listen(channel);
            };
            return connection;
        },
        attach: (connection, isOfferer) => {
            if (!isOfferer) return;
            // As the page: each kind is there from the first offer.
            for (const kind of ['audio', 'video']) connection.addTransceiver(kind);
            listen(connection.createDataChannel('first'));
        },
        send: (signal) => side.sent.push(signal),
        onError: (error) => side.errors.push(String(error)),
    });
    window.side = side;
};
window.isReady = true;
</script>"""

STATE = """() => {
    const { negotiation, errors, connections, channels, heard, sent } = window.side;
    const { connection, epoch } = negotiation;
    const mids = connection.getTransceivers().map(({ mid }) => mid).filter((mid) => mid !== null);
    const fragment = /a=ice-ufrag:(\\S+)/.exec(connection.currentLocalDescription?.sdp ?? '')?.[1];
    const open = channels.filter(({ readyState }) => readyState === 'open').length;
    return {
        signaling: connection.signalingState, connection: connection.connectionState, epoch, errors, connections, heard,
        kinds: sent.map(({ description, offerWanted }) => description?.type ?? (offerWanted ? 'wish' : 'candidate')), mids: mids.length, fragment, open,
    };
}"""


@contextlib.contextmanager
def blank_pages():
    """The address of a blank page that can make sides."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path != "/side":
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=str(WEB))
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_address[1]}/side"
        finally:
            server.shutdown()
            thread.join()


class Side:
    """`run(function, *arguments)` calls a function in the side's page."""

    def __init__(self, run, polite):
        self.run, self.polite = run, polite
        run("(polite) => window.makeSide(polite)", polite)

    @property
    def state(self):
        return self.run(STATE)

    def start(self):
        self.run("() => void window.side.negotiation.start()")

    def do(self, what):
        """Calls a method of the negotiation, or runs code with `connection`."""
        code = what if "(" in what else f"window.side.negotiation.{what}()"
        self.run(f"() => {{ const {{ connection }} = window.side.negotiation; {code}; }}")

    def wait_for(self, what, **expected):
        def is_so():
            state = self.state
            return all(check(state[name]) if callable(check) else state[name] == check for name, check in expected.items())

        try:
            wait_until(is_so, timeout=30, interval=0.05, what=what)
        except Exception as error:
            raise AssertionError(f"{what}: {self.state}") from error

    def wait_to_say(self, *kinds):
        """Waits until a signal of one of these kinds is to be sent: `offer`, `answer`, `wish` or `candidate`."""
        self.wait_for(" or ".join(kinds), kinds=lambda said: any(kind in said for kind in kinds))

    def take(self, *kinds):
        """Takes what is to be sent, of these kinds alone if there are any; the rest stays."""
        return self.run(
            """(kinds) => {
                const kindOf = ({ description, offerWanted }) => description?.type ?? (offerWanted ? 'wish' : 'candidate');
                const isTaken = (signal) => kinds.length === 0 || kinds.includes(kindOf(signal));
                const taken = window.side.sent.filter(isTaken);
                window.side.sent = window.side.sent.filter((signal) => !isTaken(signal));
                return taken;
            }""",
            list(kinds),
        )

    def give(self, *signals):
        """Lets signals arrive, all in one turn of the page."""
        self.run("(signals) => { for (const it of signals) void window.side.negotiation.receive(it); }", list(signals))

    def say(self, text):
        self.run("(text) => window.side.channels.filter((it) => it.readyState === 'open').at(-1).send(text)", text)


def carry(one, other):
    """Carries what is said by now, and returns how much that was."""
    moved = 0
    for source, target in ((one, other), (other, one)):
        signals = source.take()
        target.give(*signals)
        moved += len(signals)
    return moved


def pump(*sides):
    """Carries all that is said, until both sides are connected and have nothing more to say."""

    def is_done():
        moved = carry(*sides)
        states = [side.state for side in sides]
        return moved == 0 and all(
            state["connection"] == "connected" and state["signaling"] == "stable" and not state["kinds"] and state["open"]
            for state in states
        )

    try:
        wait_until(is_done, timeout=40, interval=0.1, what="both sides to be connected")
    except Exception as error:
        raise AssertionError(f"not connected: {[side.state for side in sides]}") from error


def check_connected(*sides, connections=(1, 1)):
    """Both sides heard of no error, agree, and what one says the other hears."""
    states = [side.state for side in sides]
    assert [state["errors"] for state in states] == [[], []], states
    assert [state["connections"] for state in states] == list(connections), states
    assert states[0]["mids"] == states[1]["mids"], states
    for speaker, listener in (sides, sides[::-1]):
        text = f"{id(speaker)} {len(listener.state['heard'])}"
        speaker.say(text)

        def is_heard():
            carry(*sides)
            return text in listener.state["heard"]

        wait_until(is_heard, timeout=30, interval=0.1, what="a word of the other")
