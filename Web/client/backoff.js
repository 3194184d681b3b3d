/** Delays between attempts to reconnect: they double up to a limit, and are spread at random. */
export class Backoff {
  #attempts = 0;
  #minimum;
  #maximum;
  #jitter;
  #random;

  /**
   * @param {object} options
   * @param {number} options.minimum  the first delay, in milliseconds, before it is spread
   * @param {number} options.maximum  the longest delay, in milliseconds
   * @param {number} options.jitter  0 to 1: how far a delay may differ, as a part of itself. It keeps
   *   the clients of a server that restarted from all coming back in the same moment.
   * @param {() => number} [options.random]  0 to 1
   */
  constructor({ minimum, maximum, jitter, random = Math.random }) {
    this.#minimum = minimum;
    this.#maximum = maximum;
    this.#jitter = jitter;
    this.#random = random;
  }

  /** How many delays were given since the last `reset`. */
  get attempts() {
    return this.#attempts;
  }

  /** The next delay in milliseconds. */
  next() {
    const delay = this.#minimum * 2 ** this.#attempts;
    this.#attempts += 1;
    const spread = 1 + this.#jitter * (2 * this.#random() - 1);
    return Math.min(Math.round(delay * spread), this.#maximum);
  }

  /** Starts again with the first delay. */
  reset() {
    this.#attempts = 0;
  }
}
