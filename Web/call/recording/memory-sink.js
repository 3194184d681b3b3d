/** Where a recording goes in a browser that gives a page no disk: into memory, up to a limit. */

import { formatBytes } from '../../i18n/format.js';
import { EndOfRoom } from './end-of-room.js';

/** More would end the page, and the call with it, on a telephone. */
export const memoryLimit = 500_000_000;

export class MemorySink {
  #type;
  #limit;
  /** @type {(Uint8Array | Blob)[]} */
  #parts = [];
  #size = 0;

  /** @param {string} type  of the file @param {number} [limit]  in bytes */
  constructor(type, limit = memoryLimit) {
    this.#type = type;
    this.#limit = limit;
  }

  /** @param {Uint8Array} bytes @param {number} position  where they end the file, or replace what is in the first of them */
  async write(bytes, position) {
    if (position < this.#size) {
      const [first] = this.#parts;
      if (first instanceof Uint8Array && position + bytes.length <= first.length) first.set(bytes, position);
      return;
    }
    if (position + bytes.length > this.#limit) throw new EndOfRoom({ key: 'record.ended-memory', values: { size: formatBytes(this.#limit) } });
    // The first has the header; browsers may put the others where they like.
    this.#parts.push(this.#size === 0 ? bytes.slice() : new Blob([bytes]));
    this.#size += bytes.length;
  }

  async close() {
    return new Blob(this.#parts, { type: this.#type });
  }

  remove() {
    this.#parts = [];
  }

  markSaved() {
    // There is nothing that a later visit would find.
  }
}
