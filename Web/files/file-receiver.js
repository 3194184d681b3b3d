/** Receives a file from one peer. */

import { safeFileName } from './file-name.js';
import { digestOf, hash, hex, pieceCount, pieceSize } from './digest.js';
import { Transfer, capabilities, fileSizeLimit, version } from './transfer.js';

/**
 * The type of whatever was received. With one of the sender's choice the file could be opened as a document of this
 * page's origin, and its scripts would be ours.
 */
const receivedType = 'application/octet-stream';
/** Pieces are put into a Blob, which the browser may keep on disk, when there are so many. */
const piecesOfBlob = 8;
/** How often progress is told, in milliseconds. */
const progressInterval = 100;
/** What a sender may say of itself and its files is not longer. */
const idLimit = 64;

export class FileReceiver extends Transfer {
  /**
   * The whole file, when it is `done`.
   *
   * @type {Blob | undefined}
   */
  blob;
  /** What the sender calls this file; empty if it has no name for it. */
  id = '';
  /**
   * The files that it was sent with.
   *
   * @type {import('./file-sender.js').Batch}
   */
  batch = { id: '', files: 1, bytes: 0 };
  #hash;
  /** @type {Uint8Array | undefined} */
  #piece;
  #filled = 0;
  /** @type {Promise<Uint8Array>[]} */
  #digests = [];
  /** How many pieces the sender has told the digest of. */
  #claimed = 0;
  #isEnding = false;
  /** @type {(Uint8Array | Blob)[]} */
  #parts = [];
  #toldAt = -Infinity;

  /** @param {import('./transfer.js').Channel} channel @param {import('./digest.js').Hash} [by] */
  constructor(channel, by = hash) {
    super(channel);
    this.#hash = by;
  }

  /**
   * Does not take it, and says why.
   *
   * @param {import('./transfer.js').Code} code
   * @param {boolean} [all]  whether nothing of its batch is wanted
   */
  refuse(code, all) {
    if (this.state !== 'waiting') return;
    if (this.channel.readyState === 'connecting') {
      this.channel.addEventListener('open', () => this.refuse(code, all), { once: true });
      return;
    }
    this.tell({ type: 'refuse', code, all, version });
    this.finish('cancelled');
  }

  /** @override */
  cancel() {
    if (this.state === 'waiting') this.refuse('refused');
    else super.cancel();
  }

  /** @override @param {import('./transfer.js').TransferState} state @param {import('./transfer.js').Code} [code] */
  finish(state, code) {
    if (this.isFinished) return;
    if (state !== 'done') this.#parts = [];
    this.#piece = undefined;
    super.finish(state, code);
  }

  /** Forgets what was received. */
  forget() {
    this.blob = undefined;
  }

  /** Agrees to receive it. */
  accept() {
    if (this.state !== 'waiting') return;
    this.state = 'receiving';
    this.tell({ type: 'accept', version, capabilities });
    this.onchange();
  }

  /** It came before. */
  haveAlready() {
    if (this.state !== 'waiting') return;
    this.tell({ type: 'received' });
    this.finish('cancelled');
  }

  /** @override @param {Record<string, any>} message */
  receiveMessage(message) {
    const { type, sha256 } = message;
    if (type === 'offer' && this.name === '') this.#offered(message);
    else if (type === 'piece' && this.state === 'receiving') void this.#check(sha256);
    else if (type === 'end' && this.state === 'receiving') void this.#ended(sha256);
  }

  /** @override @param {Uint8Array} bytes */
  receiveBytes(bytes) {
    if (this.state !== 'receiving' || this.#isEnding || this.progress + bytes.length > this.size) {
      this.fail(this.state === 'receiving' ? 'more-than-offered' : 'bad-peer');
      return;
    }
    for (let start = 0; start < bytes.length; ) {
      this.#piece ??= new Uint8Array(Math.min(pieceSize, this.size - this.progress));
      const part = bytes.subarray(start, start + this.#piece.length - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      this.progress += part.length;
      start += part.length;
      if (this.#filled === this.#piece.length) this.#keep(this.#piece);
    }
    const now = performance.now();
    if (now - this.#toldAt < progressInterval) return;
    this.#toldAt = now;
    this.onchange();
  }

  /** @param {Record<string, any>} offer */
  #offered({ version: spoken, id, name, size, batch }) {
    this.name = safeFileName(String(name));
    if (spoken !== version) {
      this.#decline('version');
      return;
    }
    if (!isCount(size) || size > fileSizeLimit) {
      this.#decline('too-large');
      return;
    }
    this.size = size;
    if (typeof id === 'string' && id.length <= idLimit) this.id = id;
    this.batch = batchIn(batch, size) ?? { id: '', files: 1, bytes: size };
    this.onchange();
  }

  /** @param {import('./transfer.js').Code} code */
  #decline(code) {
    this.tell({ type: 'refuse', code, version });
    this.finish('failed', code);
  }

  /** @param {Uint8Array} piece  all of whose bytes are here */
  #keep(piece) {
    const digest = this.#hash(piece);
    // Whether it could be made is asked when the sender has said what it should be.
    digest.catch(() => undefined);
    this.#digests.push(digest);
    this.#parts.push(piece);
    this.#piece = undefined;
    this.#filled = 0;
    const last = this.#parts.slice(-piecesOfBlob);
    if (last.length === piecesOfBlob && last.every((part) => part instanceof Uint8Array)) {
      this.#parts.splice(-piecesOfBlob, piecesOfBlob, new Blob(last));
    }
  }

  /** @param {unknown} sha256  what the sender says of the next piece */
  async #check(sha256) {
    const own = this.#digests[this.#claimed];
    this.#claimed += 1;
    if (!own || this.#isEnding) {
      this.fail('bad-peer');
      return;
    }
    try {
      if (hex(await own) !== sha256 && !this.isFinished) this.fail('not-what-was-sent');
    } catch {
      if (!this.isFinished) this.fail('unchecked');
    }
  }

  /** @param {unknown} sha256 */
  async #ended(sha256) {
    if (this.#isEnding || this.progress !== this.size || this.#claimed !== pieceCount(this.size)) {
      this.fail('not-what-was-sent');
      return;
    }
    this.#isEnding = true;
    try {
      this.digest = hex(await digestOf(await Promise.all(this.#digests), this.#hash));
    } catch {
      if (!this.isFinished) this.fail('unchecked');
    }
    if (this.isFinished) return;
    if (this.digest !== sha256) {
      this.fail('not-what-was-sent');
      return;
    }
    this.blob = new Blob(/** @type {BlobPart[]} */ (this.#parts), { type: receivedType });
    this.#parts = [];
    this.tell({ type: 'received' });
    this.finish('done');
  }
}

/**
 * @param {any} batch  what the sender says of it
 * @param {number} size  of one of its files
 */
function batchIn(batch, size) {
  if (typeof batch !== 'object' || batch === null) return undefined;
  const { id, files, bytes } = batch;
  const isOne = typeof id === 'string' && id.length <= idLimit && isCount(files) && files >= 1 && isCount(bytes) && bytes >= size;
  return isOne ? { id, files, bytes } : undefined;
}

/** @param {unknown} value @returns {value is number} */
function isCount(value) {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
