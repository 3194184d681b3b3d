/** Keeps an eye on a connection: the way that it takes may change without a word, and its figures do all the time. */

import { pathIn } from './route.js';

/** @typedef {import('./route.js').Path} Path */

/** How often the statistics are read when nothing happens, in milliseconds, unless told otherwise. */
const usualInterval = 5000;
/**
 * The same while somebody looks at the figures, while no way is known, and after a change: statistics lag behind events, and the address of a peer's relay
 * may be in use before the peer has said that it is one.
 */
const shortInterval = 1000;

export class RouteWatch {
  /**
   * The way at the last look.
   *
   * @type {Path | undefined}
   */
  path;
  /** @type {any} */
  #timer;
  #isStopped = false;
  #isClose = false;
  #options;

  /**
   * @param {object} options
   * @param {() => Pick<RTCPeerConnection, 'getStats'>} options.getConnection  the present one
   * @param {() => void} options.onChange  `path` is another one
   * @param {(report: RTCStatsReport) => void} [options.onReport]  each that was read
   * @param {number} [options.interval]  between two looks when nothing happens, in milliseconds
   * @param {(callback: () => void, delay: number) => any} [options.setTimeout]
   * @param {(timer: any) => void} [options.clearTimeout]
   */
  constructor(options) {
    this.#options = options;
    this.#wait(shortInterval);
  }

  /** @param {boolean} isClose  whether somebody looks at the figures */
  watchClosely(isClose) {
    if (isClose === this.#isClose) return;
    this.#isClose = isClose;
    this.#wait(this.#interval);
  }

  /** Looks now; something has happened that may have changed the way. */
  async look() {
    const { getConnection, onChange, onReport } = this.#options;
    const connection = getConnection();
    this.#wait(this.#interval);
    // A connection that was closed meanwhile may refuse; it has no way any more.
    const report = await connection.getStats().catch(() => undefined);
    if (this.#isStopped || connection !== getConnection()) return this.path;
    const path = report && pathIn(report);
    const isOther = path?.route !== this.path?.route || path?.usesOwnRelay !== this.path?.usesOwnRelay;
    this.path = path;
    if (!path || isOther) this.#wait(shortInterval);
    if (isOther) onChange();
    if (report) onReport?.(report);
    return path;
  }

  stop() {
    this.#isStopped = true;
    this.#clear();
  }

  get #interval() {
    return this.#isClose ? shortInterval : (this.#options.interval ?? usualInterval);
  }

  /** @param {number} delay */
  #wait(delay) {
    this.#clear();
    if (this.#isStopped) return;
    const { setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay) } = this.#options;
    this.#timer = setTimeout(() => void this.look(), delay);
  }

  #clear() {
    (this.#options.clearTimeout ?? clearTimeout)(this.#timer);
  }
}
