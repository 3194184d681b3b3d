/**
 * Decides when a connection needs new ICE credentials, and when only a new connection helps.
 *
 * A lost path often comes back by itself, so `disconnected` is given some time; `failed` does not
 * end without a restart. The impolite side goes first, so that two restarts seldom cross.
 */

/** How long a connection may be `disconnected` before ICE is restarted, in milliseconds. */
const patience = 3000;
/** How much longer the polite side waits. */
const courtesy = 1500;
/** How long a restart, or a first attempt, has to succeed. */
const attemptTime = 12_000;
/** After so many restarts in vain the impolite side makes a new connection. */
const restartLimit = 2;

export class Recovery {
  /** @type {any} */
  #timer;
  #restarts = 0;
  #isConnected = false;
  /** Whether a restart was asked for before the browser knew of the loss. */
  #isAhead = false;
  #options;

  /**
   * @param {object} options
   * @param {() => boolean} options.isPolite
   * @param {() => boolean} options.canSignal  whether the signalling connection is there
   * @param {() => void} options.restart
   * @param {() => void} options.renew
   * @param {(callback: () => void, delay: number) => any} [options.setTimeout]
   * @param {(timer: any) => void} [options.clearTimeout]
   */
  constructor(options) {
    this.#options = options;
    this.#wait(attemptTime);
  }

  /** @param {RTCPeerConnectionState} state */
  changed(state) {
    switch (state) {
      case 'connected':
        this.#isConnected = true;
        this.#isAhead = false;
        this.#restarts = 0;
        this.stop();
        break;
      case 'disconnected':
        this.#isConnected = false;
        if (!this.#isAhead) this.#wait(patience);
        break;
      case 'failed':
        this.#isConnected = false;
        this.#isAhead = false;
        this.#wait(0);
        break;
      case 'new':
        this.#isConnected = false;
        this.#wait(attemptTime);
        break;
      default:
        break;
    }
  }

  /** The network of this machine came back or changed. */
  networkChanged() {
    this.#options.restart();
    if (!this.#isConnected) this.#wait(attemptTime);
  }

  /** Nothing comes over a connection of which the browser still thinks well. */
  lost() {
    if (!this.#isConnected) return;
    this.#isAhead = true;
    this.#options.restart();
    this.#wait(attemptTime);
  }

  /** Something comes again. */
  isBack() {
    this.#isAhead = false;
    if (this.#isConnected) this.stop();
  }

  stop() {
    (this.#options.clearTimeout ?? clearTimeout)(this.#timer);
  }

  /** @param {number} delay */
  #wait(delay) {
    this.stop();
    const { isPolite, setTimeout = (callback, time) => globalThis.setTimeout(callback, time) } = this.#options;
    this.#timer = setTimeout(() => this.#act(), delay + (isPolite() ? courtesy : 0));
  }

  #act() {
    const { canSignal, isPolite, restart, renew } = this.#options;
    this.#wait(attemptTime);
    // Nothing that this side could say would reach the other.
    if (!canSignal()) return;
    this.#restarts += 1;
    if (this.#restarts <= restartLimit) {
      restart();
    } else if (!isPolite()) {
      this.#restarts = 0;
      renew();
    }
  }
}
