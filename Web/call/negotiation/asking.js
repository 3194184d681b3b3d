/** What one side of a negotiation asks the other for: an offer that it does not make itself (docs/protocol.md). */

/** How long the other side has for an offer that it was asked for; one that does not know of that never makes it. */
export const askTime = 2000;

/** @typedef {'change' | 'restart'} Wanted  to agree anew, or on new ICE credentials as well */

export class Asking {
  /**
   * What the other side is asked for.
   *
   * @type {Wanted | undefined}
   */
  wanted;
  /** When an offer came that was asked for, or was given up. */
  #givenAt = -Infinity;
  /** @type {any} */
  #timer;
  #options;

  /**
   * @param {object} options
   * @param {(wanted: Wanted) => void} options.send
   * @param {(wanted: Wanted) => void} options.onGivenUp  no offer has come
   * @param {() => number} options.now  milliseconds
   * @param {(callback: () => void, delay: number) => any} [options.setTimeout]
   * @param {(timer: any) => void} [options.clearTimeout]
   */
  constructor(options) {
    this.#options = options;
  }

  /** Whether asking has just come to an end: what is wanted still, this side has to see to itself. */
  get isOver() {
    return this.#options.now() - this.#givenAt <= askTime;
  }

  /** @param {Wanted} wanted @param {number} [times]  that it is asked for, until it is given up */
  ask(wanted, times = 1) {
    // An offer for new credentials says all that has changed as well.
    if (this.wanted === 'restart' && wanted === 'change') return;
    const { now, onGivenUp, setTimeout = (callback, time) => globalThis.setTimeout(callback, time) } = this.#options;
    this.stop();
    this.wanted = wanted;
    this.repeat();
    this.#timer = setTimeout(() => {
      if (times > 1) {
        this.ask(wanted, times - 1);
        return;
      }
      this.wanted = undefined;
      this.#givenAt = now();
      onGivenUp(wanted);
    }, askTime);
  }

  /** Says again what is wanted: it may have been lost. */
  repeat() {
    if (this.wanted) this.#options.send(this.wanted);
  }

  /** The other side has made an offer. */
  given() {
    if (!this.wanted) return;
    this.stop();
    this.#givenAt = this.#options.now();
  }

  stop() {
    (this.#options.clearTimeout ?? clearTimeout)(this.#timer);
    this.wanted = undefined;
  }
}
