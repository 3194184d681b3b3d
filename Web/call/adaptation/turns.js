/**
 * Does something when asked, at once but never twice within a while: what is asked meanwhile is done at its end.
 *
 * @typedef {object} Timing
 * @property {() => number} [now]  in milliseconds
 * @property {(callback: () => void, delay: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 */

export class Turns {
  #pause;
  #act;
  #setTimeout;
  #clearTimeout;
  /** @type {any} */
  #timer;
  #isAsked = false;

  /** @param {number} pause  in milliseconds @param {() => void} act @param {Timing} timing */
  constructor(pause, act, { setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay), clearTimeout = (timer) => globalThis.clearTimeout(timer) }) {
    this.#pause = pause;
    this.#act = act;
    this.#setTimeout = setTimeout;
    this.#clearTimeout = clearTimeout;
  }

  ask() {
    this.#isAsked = true;
    if (this.#timer === undefined) this.#turn();
  }

  stop() {
    this.#clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isAsked = false;
  }

  #turn() {
    this.#timer = undefined;
    if (!this.#isAsked) return;
    this.#isAsked = false;
    this.#timer = this.#setTimeout(() => this.#turn(), this.#pause);
    this.#act();
  }
}
