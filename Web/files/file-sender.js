/** Sends a file to one peer. */

import { hex, pieceSize } from './digest.js';
import { Transfer, capabilities, codeFrom, version } from './transfer.js';

/** Every browser takes messages of this size; fewer, larger ones are no faster. */
const chunkLimit = 64 * 1024;
/** So much may wait in the channel; more would only make cancelling slow. */
const highWater = 1024 ** 2;
const lowWater = 256 * 1024;

/**
 * @typedef {object} Batch  the files that were sent at once
 * @property {string} id
 * @property {number} files
 * @property {number} bytes
 */

export class FileSender extends Transfer {
  /** Whether the other side wants none of the batch. */
  refusesAll = false;
  #file;
  #digests;
  #chunkSize;

  /**
   * @param {object} options
   * @param {import('./transfer.js').Channel} options.channel
   * @param {File} options.file
   * @param {string} options.id  the same if it is offered again
   * @param {Batch} options.batch
   * @param {import('./digest.js').PieceDigests} options.digests  shared by the senders to all peers
   * @param {number} [options.maxMessageSize]  that the other side takes
   */
  constructor({ channel, file, id, batch, digests, maxMessageSize = chunkLimit }) {
    super(channel);
    this.#file = file;
    this.#digests = digests;
    this.#chunkSize = Math.min(maxMessageSize || chunkLimit, chunkLimit);
    this.name = file.name;
    this.size = file.size;
    channel.bufferedAmountLowThreshold = lowWater;
    const offer = { type: 'offer', version, capabilities, id, name: file.name, size: file.size, batch };
    if (channel.readyState === 'open') this.tell(offer);
    else channel.addEventListener('open', () => this.tell(offer), { once: true });
  }

  /** @override @param {Record<string, any>} message */
  receiveMessage({ type, code, all }) {
    if (type === 'accept' && this.state === 'waiting') void this.#stream();
    // One that came before, and whose sender was not told so.
    else if (type === 'received') this.#received();
    else if (type === 'refuse') this.#refused(code, all === true);
  }

  /** @param {unknown} code @param {boolean} isAll */
  #refused(code, isAll) {
    this.refusesAll = isAll;
    this.finish('failed', code === undefined ? 'refused' : codeFrom(code));
  }

  #received() {
    if (this.state === 'sending' && this.progress < this.size) {
      this.fail('bad-peer');
      return;
    }
    this.progress = this.size;
    this.finish('done');
  }

  async #stream() {
    this.state = 'sending';
    this.onchange();
    try {
      for (let start = 0; start < this.size; start += pieceSize) {
        const piece = new Uint8Array(await this.#file.slice(start, start + pieceSize).arrayBuffer());
        const digest = this.#digests.piece(start / pieceSize, piece);
        if (!(await this.#send(piece))) return;
        this.tell({ type: 'piece', sha256: hex(await digest) });
      }
      this.digest = hex(await this.#digests.whole());
      this.tell({ type: 'end', sha256: this.digest });
    } catch {
      if (!this.isFinished) this.fail('unreadable');
    }
  }

  /**
   * @param {Uint8Array} piece
   * @returns {Promise<boolean>} whether the transfer goes on
   */
  async #send(piece) {
    for (let start = 0; start < piece.length; start += this.#chunkSize) {
      if (this.channel.bufferedAmount > highWater) await this.#drained();
      if (this.isFinished || this.channel.readyState !== 'open') return false;
      const chunk = piece.subarray(start, start + this.#chunkSize);
      this.channel.send(chunk);
      this.progress += chunk.length;
    }
    this.onchange();
    return true;
  }

  /** @returns {Promise<void>} */
  #drained() {
    return new Promise((resolve) => {
      const heard = new AbortController();
      const end = () => {
        heard.abort();
        resolve();
      };
      for (const name of ['bufferedamountlow', 'close']) this.channel.addEventListener(name, end, { signal: heard.signal });
    });
  }
}
