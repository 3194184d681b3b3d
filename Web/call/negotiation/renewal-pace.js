/**
 * How soon a peer's signals may make the next connection: each costs both machines candidates, ports and relays, and a
 * peer may say that it has another one as often as it likes.
 */

/** The least time between two connections that a peer's signals make, in milliseconds. */
const interval = 1000;
/** So many candidates of a held connection are kept; no machine has more. */
export const candidateLimit = 100;

/**
 * Holds signals back that come too soon, only those of the newest connection, until they may be taken.
 *
 * @typedef {import('./negotiation.js').Signal} Signal
 */
export class RenewalPace {
  /** @type {Signal[]} */
  #held = [];
  /** @type {any} */
  #timer;
  #options;

  /**
   * @param {object} options
   * @param {(signals: Signal[]) => void} options.release  takes what was held
   * @param {(callback: () => void, delay: number) => any} [options.setTimeout]
   * @param {(timer: any) => void} [options.clearTimeout]
   */
  constructor(options) {
    this.#options = options;
  }

  /** Whether another connection would come too soon. */
  get isTooSoon() {
    return this.#timer !== undefined;
  }

  /** A connection was made. */
  made() {
    this.stop();
    const { setTimeout = (callback, time) => globalThis.setTimeout(callback, time) } = this.#options;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const held = this.#held.splice(0);
      if (held.length > 0) this.#options.release(held);
    }, interval);
  }

  /** @param {Signal} signal  of a connection that cannot be made yet */
  hold(signal) {
    const epoch = this.#held[0]?.epoch ?? -Infinity;
    if (signal.epoch < epoch) return;
    if (signal.epoch > epoch) this.#held = [];
    // A later description takes the place of an earlier one; candidates belong to both.
    if (signal.description) this.#held = this.#held.filter(({ description }) => !description);
    else if (this.#held.length >= candidateLimit) return;
    this.#held.push(signal);
  }

  /** Nothing is taken any more. What is held stays for the next connection that is `made`. */
  stop() {
    (this.#options.clearTimeout ?? clearTimeout)(this.#timer);
    this.#timer = undefined;
  }
}
