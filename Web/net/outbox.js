/** Sends items in order and keeps each of them until it is known to have arrived. */

import { Retry } from './retry.js';

/** @template Item */
export class Outbox {
  /** @type {{ item: Item, isOnItsWay: boolean }[]} */
  #entries = [];
  #isOpen = false;
  #transmit;
  #limit;
  #supersedes;
  #retry;

  /**
   * @param {object} options
   * @param {(item: Item) => Promise<unknown>} options.transmit  resolves when the item needs no further
   *   attention; rejects when it must be sent again, with a `wait` if it is known how many milliseconds
   *   are to pass before
   * @param {number} [options.limit]  how many may be on their way at once: 1, unless given, keeps the
   *   order even when one must be repeated
   * @param {(newer: Item, older: Item) => boolean} [options.supersedes]  whether an item that still waits
   *   need not be sent because of one that comes after it
   * @param {import('./retry.js').Timing} [timing]
   */
  constructor({ transmit, limit = 1, supersedes = () => false }, timing) {
    this.#transmit = transmit;
    this.#limit = limit;
    this.#supersedes = supersedes;
    this.#retry = new Retry(() => this.#pump(), timing);
  }

  /** What has not been acknowledged, oldest first. */
  get items() {
    return this.#entries.map((entry) => entry.item);
  }

  /** @param {Item} item */
  push(item) {
    this.#entries = this.#entries.filter((entry) => entry.isOnItsWay || !this.#supersedes(item, entry.item));
    this.#entries.push({ item, isOnItsWay: false });
    this.#pump();
  }

  /** The connection is there: sends everything that is not acknowledged. */
  resume() {
    this.#isOpen = true;
    this.#retry.succeeded();
    this.#retry.now();
  }

  /** The connection is lost: keeps everything until `resume`. */
  pause() {
    this.#isOpen = false;
  }

  /** Sends nothing any more. */
  close() {
    this.#isOpen = false;
    this.#entries = [];
    this.#retry.stop();
  }

  /** Sends what failed now, and does not wait any longer. */
  retry() {
    this.#retry.now();
  }

  #pump() {
    if (!this.#isOpen || this.#retry.isWaiting) return;
    for (const entry of this.#entries.slice(0, this.#limit)) {
      if (!entry.isOnItsWay) void this.#send(entry);
    }
  }

  /** @param {{ item: Item, isOnItsWay: boolean }} entry */
  async #send(entry) {
    entry.isOnItsWay = true;
    try {
      await this.#transmit(entry.item);
      this.#entries = this.#entries.filter((other) => other !== entry);
      this.#retry.succeeded();
      this.#pump();
    } catch (error) {
      entry.isOnItsWay = false;
      if (this.#entries.length === 0) return;
      this.#retry.later(/** @type {{ wait?: number } | undefined} */ (error)?.wait);
    }
  }
}
