"""What a page's peer connections do about connectivity, and how to change what they are given."""

import json

# Wraps RTCPeerConnection before the page's own scripts run.
SCRIPT = """(options) => {
    const Plain = window.RTCPeerConnection;
    const adapt = (configuration) => {
        const isLeft = (url) => options.schemes.includes(url.split(':')[0]);
        const iceServers = (options.servers ?? configuration.iceServers)
            .map(({ urls, ...rest }) => ({ ...rest, urls: [urls].flat().filter(isLeft) }))
            .filter(({ urls }) => urls.length > 0);
        return { ...configuration, iceServers, ...options.configuration };
    };
    window.iceRecords = [];
    window.RTCPeerConnection = class extends Plain {
        constructor(configuration) {
            super(adapt(configuration));
            const record = { candidates: [], attempts: [], states: [] };
            window.iceRecords.push(record);
            this.addEventListener('icecandidate', ({ candidate }) => {
                if (!candidate) return;
                record.candidates.push(candidate.type);
                const attempt = candidate.usernameFragment;
                if (!record.attempts.includes(attempt)) record.attempts.push(attempt);
            });
            this.addEventListener('connectionstatechange', () => record.states.push(this.connectionState));
        }
        setConfiguration(configuration) {
            super.setConfiguration(adapt(configuration));
        }
    };
}"""

PAIRS = """async () => {
    const pairs = {};
    for (const [id, peer] of window.debug.peers) {
        const all = await peer.pc.getStats();
        const transport = [...all.values()].find(({ type }) => type === 'transport');
        const pair = all.get(transport?.selectedCandidatePairId);
        if (!pair) continue;
        const [local, remote] = [all.get(pair.localCandidateId), all.get(pair.remoteCandidateId)];
        pairs[id] = { local: local.candidateType, remote: remote.candidateType, protocol: local.relayProtocol ?? null };
    }
    return pairs;
}"""


def control(page, *, schemes=("stun", "turn", "turns"), servers=None, **configuration):
    """Records what a page's connections do, leaves them only the ICE servers of some schemes or gives them others.

    Further members of the `RTCConfiguration` replace the page's. To be called before the page is opened.
    """
    options = {"schemes": list(schemes), "servers": servers, "configuration": configuration}
    page.add_init_script(f"({SCRIPT})({json.dumps(options)})")


def candidates(page):
    """The types of all local candidates that were found."""
    return set(page.evaluate("window.iceRecords.flatMap(({ candidates }) => candidates)"))


def attempts(page):
    """How many times ICE began, the first time included: with a new connection, or when it was restarted."""
    return page.evaluate("window.iceRecords.flatMap(({ attempts }) => attempts).length")


def states(page):
    """All states that connections were in, in their order."""
    return page.evaluate("(window.iceRecords ?? []).flatMap(({ states }) => states)")


def selected_pairs(page):
    """For each peer the types of the two candidates in use, and the protocol to the relay of the local one."""
    return page.evaluate(PAIRS)
