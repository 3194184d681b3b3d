/** Harms the connections to other people: all that there are, and those that are made later. */

/**
 * @typedef {object} Harm
 * @property {boolean} isRelayOnly
 * @property {boolean} isWithoutUDP
 */

/** Takes the place of the browser's own, from now on. */
export function wrapConnections() {
  /** @type {Set<FaultyConnection>} */
  const all = new Set();
  /** @type {Harm} */
  const harm = { isRelayOnly: false, isWithoutUDP: false };

  class FaultyConnection extends RTCPeerConnection {
    #isKilled = false;

    /** @param {RTCConfiguration} [wanted] */
    constructor(wanted = {}) {
      super(adapted(wanted, harm));
      all.add(this);
    }

    /** @param {RTCConfiguration} [wanted] */
    setConfiguration(wanted = {}) {
      super.setConfiguration(adapted(wanted, harm));
    }

    get connectionState() {
      return this.#isKilled ? 'failed' : super.connectionState;
    }

    get iceConnectionState() {
      return this.#isKilled ? 'failed' : super.iceConnectionState;
    }

    close() {
      all.delete(this);
      super.close();
    }

    /** What a path does that is gone: nothing arrives, until ICE was restarted. No page can really cut one. */
    kill() {
      if (super.connectionState !== 'connected' || this.#isKilled) return;
      const before = fragmentOf(this);
      const revive = () => {
        if (this.signalingState !== 'stable' || fragmentOf(this) === before) return;
        this.removeEventListener('signalingstatechange', revive);
        this.#setKilled(false);
      };
      this.addEventListener('signalingstatechange', revive);
      this.#setKilled(true);
    }

    /** @param {boolean} isKilled */
    #setKilled(isKilled) {
      this.#isKilled = isKilled;
      for (const { track } of this.getReceivers()) track.enabled = !isKilled;
      for (const name of ['iceconnectionstatechange', 'connectionstatechange']) this.dispatchEvent(new Event(name));
    }
  }

  globalThis.RTCPeerConnection = FaultyConnection;
  return {
    all,
    /** @param {Partial<Harm>} changes  to the ways of all connections that are made from now on */
    change(changes) {
      Object.assign(harm, changes);
    },
    kill() {
      for (const connection of all) connection.kill();
    },
  };
}

/** @param {RTCConfiguration} wanted @param {Harm} harm @returns {RTCConfiguration} */
export function adapted(wanted, { isRelayOnly, isWithoutUDP }) {
  if (!isRelayOnly && !isWithoutUDP) return wanted;
  const servers = wanted.iceServers ?? [];
  const left = servers
    .map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => /^turns:|^turn:.*[?&]transport=tcp\b/.test(url)) }))
    .filter(({ urls }) => urls.length > 0);
  // Where nothing but the relay over TCP is left, no datagram leaves.
  return { ...wanted, iceTransportPolicy: 'relay', iceServers: isWithoutUDP ? left : servers };
}

/** @param {RTCPeerConnection} connection */
function fragmentOf(connection) {
  return /a=ice-ufrag:(\S+)/.exec(connection.localDescription?.sdp ?? '')?.[1];
}
