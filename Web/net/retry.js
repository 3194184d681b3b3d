/** Does something again later, and later still each time it fails. */

/** How long the first wait is, and the longest, in milliseconds. */
const firstDelay = 1000;
const longestDelay = 30_000;
/** How far a wait may differ, as a part of itself: those who failed together shall not all come back at once. */
const jitter = 0.25;

/**
 * @typedef {object} Timing
 * @property {(callback: () => void, delay: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 * @property {() => number} [random]  0 to 1
 */

export class Retry {
  #failures = 0;
  /** @type {any} */
  #timer;
  #action;
  #timing;

  /** @param {() => void} action @param {Timing} [timing] */
  constructor(action, timing = {}) {
    this.#action = action;
    this.#timing = timing;
  }

  get isWaiting() {
    return this.#timer !== undefined;
  }

  /**
   * It failed.
   *
   * @param {number} [wait]  at least so long, in milliseconds
   */
  later(wait = 0) {
    if (this.isWaiting) return;
    const { setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay), random = Math.random } = this.#timing;
    const spread = 1 + jitter * (2 * random() - 1);
    const delay = Math.min(firstDelay * 2 ** this.#failures, longestDelay) * spread;
    this.#failures += 1;
    this.#timer = setTimeout(() => this.now(), Math.max(delay, wait));
  }

  /** Waits no longer. */
  now() {
    this.stop();
    this.#action();
  }

  /** It went well: the next failure is a first one. */
  succeeded() {
    this.#failures = 0;
  }

  /** Gives up what is waited for. */
  stop() {
    (this.#timing.clearTimeout ?? clearTimeout)(this.#timer);
    this.#timer = undefined;
  }
}
