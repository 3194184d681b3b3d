/** Sends items in order and keeps each of them until it is known to have arrived. */

/** How long to wait before an item that failed is sent again, in milliseconds. */
const retryDelay = 1000;

/** @template Item */
export class Outbox {
  /** @type {{ item: Item, isOnItsWay: boolean }[]} */
  #entries = [];
  #isOpen = false;
  /** @type {any} */
  #timer;
  #transmit;
  #limit;
  #setTimeout;

  /**
   * @param {object} options
   * @param {(item: Item) => Promise<unknown>} options.transmit  resolves when the item needs no further
   *   attention; rejects when it must be sent again
   * @param {number} [options.limit]  how many may be on their way at once: 1, unless given, keeps the
   *   order even when one must be repeated
   * @param {(callback: () => void, delay: number) => any} [options.setTimeout]
   */
  constructor({ transmit, limit = 1, setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay) }) {
    this.#transmit = transmit;
    this.#limit = limit;
    this.#setTimeout = setTimeout;
  }

  /** What has not been acknowledged, oldest first. */
  get items() {
    return this.#entries.map((entry) => entry.item);
  }

  /** @param {Item} item */
  push(item) {
    this.#entries.push({ item, isOnItsWay: false });
    this.#pump();
  }

  /**
   * Drops the items that `matches` holds for.
   *
   * @param {(item: Item) => boolean} matches
   */
  discard(matches) {
    this.#entries = this.#entries.filter((entry) => !matches(entry.item));
    this.#pump();
  }

  /** The connection is there: sends everything that is not acknowledged. */
  resume() {
    this.#isOpen = true;
    this.#pump();
  }

  /** The connection is lost: keeps everything until `resume`. */
  pause() {
    this.#isOpen = false;
  }

  #pump() {
    if (!this.#isOpen || this.#timer !== undefined) return;
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
      this.#pump();
    } catch {
      entry.isOnItsWay = false;
      this.#timer ??= this.#setTimeout(() => {
        this.#timer = undefined;
        this.#pump();
      }, retryDelay);
    }
  }
}
