/**
 * One file over one data channel.
 *
 * The channel's first message is the sender's `{type: 'offer', name, size, mime}`. The receiver answers
 * `{type: 'accept'}`, when the person has agreed, or `{type: 'refuse', reason}`, where a reason is one of `reasons`. Then come `size` bytes in binary messages, and
 * `{type: 'end', sha256}`; the receiver compares and answers `{type: 'received'}` or
 * `{type: 'failed', reason}`. Either side may send `{type: 'cancel'}` instead. Text messages are JSON.
 */

import { Sha256 } from './sha256.js';
import { safeFileName } from '../state/format.js';

/**
 * @typedef {import('../i18n/t.js').Key} Key
 *
 * @typedef {'waiting' | 'sending' | 'receiving' | 'done' | 'failed' | 'cancelled'} TransferState
 *
 * @typedef {object} Channel  the part of `RTCDataChannel` that is used
 * @property {string} readyState
 * @property {number} bufferedAmount
 * @property {number} bufferedAmountLowThreshold
 * @property {BinaryType} binaryType
 * @property {(data: any) => void} send
 * @property {() => void} close
 * @property {(name: string, listener: (event: any) => void) => void} addEventListener
 */

/** A file is kept as a Blob in the browser of each receiver, so it cannot be of any size. */
export const fileSizeLimit = 2 * 1024 ** 3;
/** Every browser takes messages of this size; fewer, larger ones are no faster. */
const chunkLimit = 64 * 1024;
/** So much is read from the file at once. */
const readSize = 1024 ** 2;
/** So much may wait in the channel; more would only make cancelling slow. */
const highWater = 1024 ** 2;
const lowWater = 256 * 1024;
/**
 * The type of whatever was received. With one of the sender's choice the file could be opened as a document of this
 * page's origin, and its scripts would be ours.
 */
const receivedType = 'application/octet-stream';
/** Chunks are put into a Blob, which the browser may keep on disk, when there are so many bytes. */
const blobSize = 8 * 1024 ** 2;

/** What the receiver may give as the reason; anything else is a refusal without one. */
export const reasons = /** @type {const} */ ([
  'files.refused',
  'files.too-many',
  'files.too-large-offered',
  'files.more-than-offered',
  'files.not-what-was-sent',
]);

/** What both directions have in common. */
class Transfer {
  /** @type {TransferState} */
  state = 'waiting';
  /** Bytes sent or received so far. */
  progress = 0;
  /**
   * Why it failed.
   *
   * @type {Key | undefined}
   */
  reason;
  name = '';
  size = 0;
  /** @type {string | undefined} */
  sha256;
  /** @type {() => void} */
  onchange = () => undefined;
  channel;

  /** @param {Channel} channel */
  constructor(channel) {
    this.channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.addEventListener('message', ({ data }) => this.#received(data));
    channel.addEventListener('close', () => this.finish('failed', 'files.lost'));
  }

  get isFinished() {
    return this.state === 'done' || this.state === 'failed' || this.state === 'cancelled';
  }

  cancel() {
    if (this.isFinished) return;
    this.tell({ type: 'cancel' });
    this.finish('cancelled');
  }

  /** @param {TransferState} state @param {Key} [reason] */
  finish(state, reason) {
    if (this.isFinished) return;
    this.state = state;
    this.reason = reason;
    this.onchange();
    // What is buffered, such as the last answer, leaves before the channel closes.
    this.channel.close();
  }

  /** @param {Record<string, unknown>} message */
  tell(message) {
    if (this.channel.readyState === 'open') this.channel.send(JSON.stringify(message));
  }

  /** @param {Record<string, any>} _message */
  receiveMessage(_message) {}

  /** @param {Uint8Array} _bytes */
  receiveBytes(_bytes) {
    this.finish('failed', 'files.bad-peer');
  }

  /** @param {unknown} data */
  #received(data) {
    if (this.isFinished) return;
    if (data instanceof ArrayBuffer) {
      this.receiveBytes(new Uint8Array(data));
      return;
    }
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      message = undefined;
    }
    if (typeof message !== 'object' || message === null) this.finish('failed', 'files.bad-peer');
    else if (message.type === 'cancel') this.finish('cancelled', 'files.by-other');
    else this.receiveMessage(message);
  }
}

/** Sends a file to one peer. */
export class FileSender extends Transfer {
  #file;
  #digest;
  #chunkSize;

  /**
   * @param {object} options
   * @param {Channel} options.channel
   * @param {File} options.file
   * @param {Promise<string>} options.digest  SHA-256 of the file, shared by the senders to all peers
   * @param {number} [options.maxMessageSize]  that the other side takes
   */
  constructor({ channel, file, digest, maxMessageSize = chunkLimit }) {
    super(channel);
    this.#file = file;
    this.#digest = digest;
    this.#chunkSize = Math.min(maxMessageSize || chunkLimit, chunkLimit);
    this.name = file.name;
    this.size = file.size;
    channel.bufferedAmountLowThreshold = lowWater;
    const offer = { type: 'offer', name: file.name, size: file.size, mime: file.type };
    if (channel.readyState === 'open') this.tell(offer);
    else channel.addEventListener('open', () => this.tell(offer));
  }

  /** @override @param {Record<string, any>} message */
  receiveMessage({ type, reason }) {
    if (type === 'accept' && this.state === 'waiting') void this.#stream();
    else if (type === 'received' && this.state === 'sending') this.finish('done');
    else if (type === 'refuse' || type === 'failed') this.finish('failed', reasons.find((known) => known === reason) ?? 'files.refused-unsaid');
  }

  async #stream() {
    this.state = 'sending';
    this.onchange();
    try {
      for (let start = 0; start < this.size; start += readSize) {
        const block = await this.#file.slice(start, start + readSize).arrayBuffer();
        if (!(await this.#sendBlock(block))) return;
      }
      const sha256 = await this.#digest;
      this.tell({ type: 'end', sha256 });
    } catch {
      this.tell({ type: 'cancel' });
      this.finish('failed', 'files.unreadable');
    }
  }

  /**
   * @param {ArrayBuffer} block
   * @returns {Promise<boolean>} whether the transfer goes on
   */
  async #sendBlock(block) {
    for (let start = 0; start < block.byteLength; start += this.#chunkSize) {
      if (this.channel.bufferedAmount > highWater) await this.#drained();
      if (this.isFinished || this.channel.readyState !== 'open') return false;
      const chunk = block.slice(start, start + this.#chunkSize);
      this.channel.send(chunk);
      this.progress += chunk.byteLength;
    }
    this.onchange();
    return true;
  }

  /** @returns {Promise<void>} */
  #drained() {
    return new Promise((resolve) => {
      this.channel.addEventListener('bufferedamountlow', () => resolve());
      this.channel.addEventListener('close', () => resolve());
    });
  }
}

/** Receives a file from one peer. */
export class FileReceiver extends Transfer {
  /**
   * The whole file, when it is `done`.
   *
   * @type {Blob | undefined}
   */
  blob;
  #hash = new Sha256();
  /** @type {Uint8Array[]} */
  #chunks = [];
  #chunkBytes = 0;
  /** @type {Blob[]} */
  #parts = [];

  /**
   * Does not take it, and says why.
   *
   * @param {typeof reasons[number]} reason  for the person at the other side
   */
  refuse(reason) {
    if (this.state !== 'waiting') return;
    if (this.channel.readyState === 'connecting') {
      this.channel.addEventListener('open', () => this.refuse(reason));
      return;
    }
    this.tell({ type: 'refuse', reason });
    this.finish('cancelled');
  }

  /** @override */
  cancel() {
    if (this.state === 'waiting') this.refuse('files.refused');
    else super.cancel();
  }

  /** @override @param {TransferState} state @param {Key} [reason] */
  finish(state, reason) {
    if (state !== 'done') this.#drop();
    super.finish(state, reason);
  }

  /** Forgets what was received. */
  forget() {
    this.blob = undefined;
  }

  /** Agrees to receive it. */
  accept() {
    if (this.state !== 'waiting') return;
    this.state = 'receiving';
    this.tell({ type: 'accept' });
    this.onchange();
  }

  /** @override @param {Record<string, any>} message */
  receiveMessage({ type, name, size, sha256 }) {
    if (type === 'offer' && this.name === '') this.#offered(name, size);
    else if (type === 'end' && this.state === 'receiving') this.#ended(sha256);
  }

  /** @override @param {Uint8Array} bytes */
  receiveBytes(bytes) {
    if (this.state !== 'receiving' || this.progress + bytes.length > this.size) {
      this.tell({ type: 'failed', reason: 'files.more-than-offered' });
      this.finish('failed', 'files.more-than-offered');
      return;
    }
    this.#hash.update(bytes);
    this.progress += bytes.length;
    this.#chunks.push(bytes);
    this.#chunkBytes += bytes.length;
    if (this.#chunkBytes >= blobSize) this.#fold();
    this.onchange();
  }

  /** @param {unknown} name @param {unknown} size */
  #offered(name, size) {
    this.name = safeFileName(String(name));
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > fileSizeLimit) {
      this.tell({ type: 'refuse', reason: 'files.too-large-offered' });
      this.finish('failed', 'files.too-large-offered');
      return;
    }
    this.size = size;
    this.onchange();
  }

  /** @param {unknown} sha256 */
  #ended(sha256) {
    this.sha256 = this.#hash.digest();
    if (this.progress !== this.size || this.sha256 !== sha256) {
      this.tell({ type: 'failed', reason: 'files.not-what-was-sent' });
      this.finish('failed', 'files.not-what-was-sent');
      return;
    }
    this.#fold();
    this.blob = new Blob(this.#parts, { type: receivedType });
    this.#parts = [];
    this.tell({ type: 'received' });
    this.finish('done');
  }

  #drop() {
    if (this.isFinished) return;
    this.#parts = [];
    this.#chunks = [];
  }

  #fold() {
    this.#parts.push(new Blob(this.#chunks));
    this.#chunks = [];
    this.#chunkBytes = 0;
  }
}

/**
 * SHA-256 of a file, read in pieces.
 *
 * @param {Blob} file
 */
export async function digestOf(file) {
  const hash = new Sha256();
  for (let start = 0; start < file.size; start += readSize) {
    hash.update(new Uint8Array(await file.slice(start, start + readSize).arrayBuffer()));
  }
  return hash.digest();
}
