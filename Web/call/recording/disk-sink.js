/** Where a recording goes: into a file that the browser keeps for this page. */

import { EndOfRoom } from './end-of-room.js';
import { keep } from './shelf.js';

/** @typedef {import('./disk-worker.js').Task} Task */

export class DiskSink {
  #kept;
  #thread = new Worker(new URL('./disk-worker.js', import.meta.url), { type: 'module' });

  /**
   * @param {string} name
   * @returns {Promise<DiskSink>} rejects where the browser does not let the page
   */
  static async open(name) {
    const kept = await keep(name);
    if (!kept) throw new Error('in use');
    const sink = new DiskSink(kept);
    try {
      await sink.#ask({ open: name });
    } catch (error) {
      sink.#thread.terminate();
      await kept.remove();
      throw error;
    }
    return sink;
  }

  /** @param {import('./shelf.js').KeptFile} kept */
  constructor(kept) {
    this.#kept = kept;
  }

  /** @param {Uint8Array} bytes @param {number} position  where they go in the file */
  write(bytes, position) {
    return this.#ask({ write: bytes, position });
  }

  /** @returns {Promise<Blob>} the file */
  async close() {
    await this.#ask({ close: true }).catch(() => undefined);
    this.#thread.terminate();
    return this.#kept.read();
  }

  async remove() {
    this.#thread.terminate();
    await this.#kept.remove();
  }

  markSaved() {
    return this.#kept.markSaved();
  }

  /** @param {Task} task  after the one before @returns {Promise<void>} */
  #ask(task) {
    return new Promise((resolve, reject) => {
      this.#thread.onerror = () => reject(new Error('the thread has ended'));
      this.#thread.onmessage = ({ data: problem }) => {
        if (problem === undefined) resolve();
        else reject(problem === 'full' ? new EndOfRoom({ key: 'record.ended-full' }) : new Error(problem));
      };
      this.#thread.postMessage(task);
    });
  }
}
