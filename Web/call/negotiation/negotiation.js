import { Asking, askTime } from './asking.js';
import { fits, hasUnheardAnswer, isOfFirefox } from './descriptions.js';
import { RenewalPace, candidateLimit } from './renewal-pace.js';

/**
 * Perfect negotiation with one peer (W3C WebRTC, "Perfect Negotiation Example"), over connections
 * that are numbered by epochs (docs/protocol.md).
 *
 * Either side may offer at any time. When two offers cross, the polite side takes its own back and the impolite side ignores
 * the other's. Chromium loses the pictures of a connection whose offer was taken back, so once there are any the polite side
 * asks for an offer, instead of making one. Nor can it go on with what Firefox answers to new ICE credentials: of those two
 * Firefox offers them, polite or not. This file knows nothing of pages and sockets.
 *
 * @typedef {object} Signal
 * @property {number} epoch  of the sender's connection
 * @property {{ type: string, sdp?: string }} [description]
 * @property {RTCIceCandidateInit} [candidate]
 * @property {boolean} [endOfCandidates]
 * @property {import('./asking.js').Wanted} [offerWanted]  what the other side is asked for
 *
 * @typedef {object} NegotiationOptions
 * @property {boolean} polite
 * @property {number} epoch  of the first connection
 * @property {number} [remoteEpoch]  the lowest of the peer that is taken
 * @property {() => RTCPeerConnection} makeConnection
 * @property {(connection: RTCPeerConnection, isOfferer: boolean) => void | Promise<void>} attach  adds what is
 *   to be sent: before the first offer, or between an offer of the peer and its answer; of two first offers that cross,
 *   both
 * @property {(signal: Signal) => void} send
 * @property {(error: unknown) => void} [onError]
 * @property {(callback: () => void, delay: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 * @property {() => number} [now]  milliseconds
 */

/**
 * What crosses an offer on the way is seldom said so much later, in milliseconds: the peer does not have the offer. Where it
 * is said again for nothing, no harm is done.
 */
const crossingTime = 250;
/** How many times a Firefox is asked for new ICE credentials: for as long as a restart has to succeed (Recovery). */
const patience = 6;

export class Negotiation {
  /** Who gives way when two offers cross; it is decided anew when this side gets another id. */
  polite;
  #makingOffer = false;
  #offeredAt = -Infinity;
  #restartedAt = -Infinity;
  #asking;
  /** Whether the descriptions of the peer are those of a Firefox. */
  #isFirefoxThere = false;
  #ignoreOffer = false;
  #isSettingRemoteAnswerPending = false;
  #isAnswering = false;
  #isAttached = false;
  /** @type {(RTCIceCandidateInit | null)[]} */
  #earlyCandidates = [];
  /** The lowest epoch of the peer that is not of a connection which is gone. */
  #remoteEpoch;
  /** Whether a signal of `#remoteEpoch` has come to the present connection. */
  #isPaired = false;
  /** Whether `#remoteEpoch` is that of the connection which the peer makes when it hears of the present one. */
  #isExact = false;
  #isClosed = false;
  #epoch;
  #options;
  #now;
  /** Of the connections that the peer asks for. */
  #pace;
  /** @type {RTCPeerConnection} */
  #connection;

  /** @param {NegotiationOptions} options */
  constructor(options) {
    this.polite = options.polite;
    this.#epoch = options.epoch;
    this.#remoteEpoch = options.remoteEpoch ?? -Infinity;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#pace = new RenewalPace({
      release: (signals) => signals.forEach((signal) => void this.receive(signal)),
      setTimeout: options.setTimeout,
      clearTimeout: options.clearTimeout,
    });
    this.#asking = new Asking({
      send: (offerWanted) => options.send({ epoch: this.#epoch, offerWanted }),
      onGivenUp: (wanted) => {
        if (wanted === 'change' && this.#connection.signalingState === 'stable') void this.#negotiate(this.#connection);
        if (wanted === 'restart' && !this.#isFirefoxThereAlone) this.#connection.restartIce();
      },
      now: this.#now,
      setTimeout: options.setTimeout,
      clearTimeout: options.clearTimeout,
    });
    this.#connection = this.#open();
  }

  /** The present connection. */
  get connection() {
    return this.#connection;
  }

  /** The number of the present connection. */
  get epoch() {
    return this.#epoch;
  }

  /**
   * What the next connection to the same peer is to begin with, should this one be given up: signals of the one before
   * belong to neither.
   */
  get successor() {
    return { epoch: this.#epoch + 1, remoteEpoch: this.#remoteEpoch + (this.#isPaired ? 1 : 0) };
  }

  /** Makes the first offer; the peer that was there first waits for it. */
  async start() {
    await this.#attach(this.#connection, true);
  }

  /**
   * Takes a signal of the peer.
   *
   * @param {Signal} signal
   */
  async receive(signal) {
    if (this.#isClosed || !this.#accepts(signal)) return;
    if (signal.description?.type === 'offer' && this.#hasToYield) {
      if (!this.#hasAgreed) this.#begin();
      else if (!isOfFirefox(this.#connection.localDescription)) return this.renew();
    }
    const connection = this.#connection;
    try {
      if (signal.description) await this.#receiveDescription(connection, signal.description);
      else if (signal.candidate) await this.#receiveCandidate(connection, signal.candidate);
      else if (signal.endOfCandidates) await this.#receiveCandidate(connection, null);
      else if (signal.offerWanted) await this.#offer(connection, signal.offerWanted);
    } catch (error) {
      this.#report(connection, error);
    }
  }

  /** Asks for new ICE credentials and candidates; media goes on meanwhile. */
  restartIce() {
    if (this.#isFirefoxThereAlone) {
      this.#asking.ask('restart', patience);
    } else if (this.#leavesOffers) {
      this.#asking.ask('restart');
    } else {
      this.#restartedAt = this.#now();
      this.#connection.restartIce();
    }
  }

  /** Sends again what may have been lost on the way, and restarts ICE if it is not connected. */
  resynchronize() {
    const connection = this.#connection;
    if (connection.signalingState === 'have-local-offer') this.#sendDescription(connection);
    else if (this.#asking.wanted) this.#asking.repeat();
    else if (this.#isAttached && connection.connectionState !== 'connected' && !hasUnheardAnswer(connection)) this.restartIce();
  }

  /**
   * Gives the connection up and makes a new one; one that the peer has not answered yet is kept, since
   * an answer that is on its way could not be told from one to its successor.
   */
  async renew() {
    if (!this.#isPaired) {
      this.resynchronize();
      return;
    }
    this.#replace();
    // The peer makes a new one too when it hears of this one: only that one's signals count.
    this.#remoteEpoch += 1;
    this.#isExact = true;
    await this.#attach(this.#connection, true);
  }

  /** Ends it. */
  close() {
    this.#isClosed = true;
    this.#pace.stop();
    this.#asking.stop();
    this.#connection.close();
  }

  #open() {
    const connection = this.#options.makeConnection();
    connection.onnegotiationneeded = () => (this.#leavesOffers && connection === this.#connection ? this.#asking.ask('change') : this.#negotiate(connection));
    connection.onicecandidate = ({ candidate }) => {
      if (connection !== this.#connection) return;
      if (!candidate) this.#options.send({ epoch: this.#epoch, endOfCandidates: true });
      else if (candidate.candidate) this.#options.send({ epoch: this.#epoch, candidate: candidate.toJSON() });
    };
    return connection;
  }

  #replace() {
    this.#epoch += 1;
    this.#isPaired = false;
    this.#isExact = false;
    this.#earlyCandidates = [];
    this.#begin();
    this.#pace.made();
  }

  /** Takes back all that was said on the present connection, or was about to be. */
  #begin() {
    this.#connection.close();
    this.#asking.stop();
    this.#makingOffer = false;
    this.#ignoreOffer = false;
    this.#isSettingRemoteAnswerPending = false;
    this.#isAnswering = false;
    this.#isAttached = false;
    this.#connection = this.#open();
  }

  /**
   * Whether an offer of this side gives way to one of the peer. Browsers don't take the lines of a first offer back: they ask
   * to agree on them, whether they were stopped or not; those that were stopped, again and again. Later Chromium loses the
   * pictures. So the connection goes with the offer.
   */
  get #hasToYield() {
    const isOffering = this.#makingOffer || this.#connection.signalingState === 'have-local-offer';
    return this.polite && isOffering && !this.#isSettingRemoteAnswerPending;
  }

  /** @param {Signal} signal */
  #accepts(signal) {
    const { epoch } = signal;
    if (!(epoch >= this.#remoteEpoch)) return false;
    // A peer's first epoch is no sign that an earlier connection is gone: there was none. One after the exact one is: the
    // peer has made one more, which is to meet one more of this side.
    if (epoch > this.#remoteEpoch && (this.#isPaired || this.#isExact)) {
      if (this.#pace.isTooSoon) {
        this.#pace.hold(signal);
        return false;
      }
      this.#replace();
    }
    this.#remoteEpoch = epoch;
    this.#isPaired = true;
    return true;
  }

  /** @param {RTCPeerConnection} connection @param {boolean} isOfferer */
  async #attach(connection, isOfferer) {
    if (this.#isAttached && isOfferer) return;
    this.#isAttached = true;
    try {
      await this.#options.attach(connection, isOfferer);
    } catch (error) {
      this.#report(connection, error);
    }
  }

  /** Whether an offer of this side might have to be taken back, with all pictures. */
  get #leavesOffers() {
    if (!this.polite || !this.#hasAgreed || this.#asking.isOver || this.#isFirefoxHereAlone) return false;
    // No offer of the peer can have a line for what this side adds.
    return this.#connection.getTransceivers().every(({ mid, direction }) => mid !== null || direction === 'stopped');
  }

  /** Whether the other side has to make all offers with new ICE credentials. */
  get #isFirefoxThereAlone() {
    return this.#hasAgreed && this.#isFirefoxThere && !isOfFirefox(this.#connection.localDescription);
  }

  /** Whether this side has to. */
  get #isFirefoxHereAlone() {
    return this.#hasAgreed && !this.#isFirefoxThere && isOfFirefox(this.#connection.localDescription);
  }

  get #hasAgreed() {
    return this.#connection.remoteDescription !== null;
  }

  /** @param {RTCPeerConnection} connection @param {import('./asking.js').Wanted} wanted */
  async #offer(connection, wanted) {
    if (!this.#hasAgreed || (this.polite && !(this.#isFirefoxHereAlone && wanted === 'restart'))) return;
    const isUnderWay = this.#makingOffer || connection.signalingState !== 'stable';
    const isRestart = wanted === 'restart' && this.#now() - this.#restartedAt > askTime;
    if (isRestart) this.restartIce();
    // The answer to an offer that is under way says what the peer wants as well.
    else if (isUnderWay) this.#repeatOffer(connection);
    else if (wanted === 'change') await this.#negotiate(connection);
  }

  /**
   * Says the offer again that is under way: the peer, which wants one or makes its own, may not have it, and wait for ever.
   *
   * @param {RTCPeerConnection} connection
   */
  #repeatOffer(connection) {
    if (connection.signalingState === 'have-local-offer' && this.#now() - this.#offeredAt > crossingTime) this.#sendDescription(connection);
  }

  /** @param {RTCPeerConnection} connection */
  async #negotiate(connection) {
    if (connection !== this.#connection) return;
    try {
      this.#makingOffer = true;
      await connection.setLocalDescription();
      this.#offeredAt = this.#now();
      this.#sendDescription(connection);
    } catch (error) {
      this.#report(connection, error);
    } finally {
      if (connection === this.#connection) this.#makingOffer = false;
    }
  }

  /** @param {RTCPeerConnection} connection */
  #sendDescription(connection) {
    const description = connection.localDescription;
    if (connection !== this.#connection || !description) return;
    const { type, sdp } = description;
    this.#options.send({ epoch: this.#epoch, description: { type, sdp } });
  }

  /** @param {RTCPeerConnection} connection @param {{ type: string, sdp?: string }} description */
  async #receiveDescription(connection, { type, sdp }) {
    if (type !== 'offer' && type !== 'answer') return;
    // An answer that comes twice, or to an offer that was taken back.
    if (type === 'answer' && (connection.signalingState !== 'have-local-offer' || this.#isSettingRemoteAnswerPending)) return;
    const isReady =
      !this.#makingOffer && (connection.signalingState === 'stable' || this.#isSettingRemoteAnswerPending);
    const collides = type === 'offer' && !isReady;
    this.#ignoreOffer = !this.polite && collides;
    if (this.#ignoreOffer) {
      this.#repeatOffer(connection);
      return;
    }
    if (type === 'offer') this.#asking.given();
    this.#isFirefoxThere = isOfFirefox({ sdp });
    this.#isSettingRemoteAnswerPending = type === 'answer';
    const hasAgreed = this.#hasAgreed;
    try {
      await connection.setRemoteDescription({ type, sdp });
    } catch (error) {
      this.#report(connection, error);
      // One side would wait for an answer for ever. A connection that has agreed on nothing yet would fail again.
      if (hasAgreed && !this.#isClosed && connection === this.#connection && !this.#pace.isTooSoon) await this.renew();
      return;
    } finally {
      if (connection === this.#connection) this.#isSettingRemoteAnswerPending = false;
    }
    if (connection !== this.#connection) return;
    await this.#addEarlyCandidates(connection);
    if (type === 'answer') return;
    await this.#attach(connection, false);
    // Of offers that came in one turn the last one is answered: another answer would be an offer.
    if (this.#isAnswering || connection.signalingState !== 'have-remote-offer') return;
    this.#isAnswering = true;
    try {
      await connection.setLocalDescription();
    } finally {
      if (connection === this.#connection) this.#isAnswering = false;
    }
    this.#sendDescription(connection);
  }

  /** @param {RTCPeerConnection} connection @param {RTCIceCandidateInit | null} candidate */
  async #receiveCandidate(connection, candidate) {
    if (!connection.remoteDescription || !fits(candidate, connection)) {
      const isWanted = !this.#ignoreOffer && this.#earlyCandidates.length < candidateLimit;
      if (isWanted) this.#earlyCandidates.push(candidate);
      return;
    }
    try {
      await connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      // Candidates of an offer that was ignored fit no description here.
      if (!this.#ignoreOffer) throw error;
    }
  }

  /** @param {RTCPeerConnection} connection */
  async #addEarlyCandidates(connection) {
    for (const candidate of this.#earlyCandidates.splice(0)) {
      // Those that still do not fit belonged to an offer that was ignored.
      if (fits(candidate, connection)) await this.#receiveCandidate(connection, candidate);
    }
  }

  /** @param {RTCPeerConnection} connection @param {unknown} error */
  #report(connection, error) {
    // A connection that was closed meanwhile rejects whatever is still under way.
    if (!this.#isClosed && connection === this.#connection) this.#options.onError?.(error);
  }
}
