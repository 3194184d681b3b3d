/**
 * SHA-256 of files, by pieces, and never on the main thread. The digest of a file is that of the digests of its pieces,
 * one after the other (docs/file-transfer.md).
 *
 * @typedef {(bytes: Uint8Array) => Promise<Uint8Array>} Hash  gives 32 bytes
 */

/** Every piece but the last has so many bytes. */
export const pieceSize = 1024 ** 2;

/** Hashes in a thread of its own, which is started with the first bytes. */
export class ThreadHash {
  /** @type {{ resolve: (digest: Uint8Array) => void, reject: (error: unknown) => void }[]} */
  #waiting = [];
  /** @type {Worker | undefined} */
  #thread;
  #makeThread;

  /** @param {() => Worker} makeThread  that answers each array of bytes with its digest, in their order */
  constructor(makeThread) {
    this.#makeThread = makeThread;
  }

  /** @type {Hash} */
  hash = (bytes) =>
    new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#thread ??= this.#start();
      this.#thread.postMessage(bytes);
    });

  #start() {
    const thread = this.#makeThread();
    thread.onmessage = ({ data }) => this.#waiting.shift()?.resolve(data);
    thread.onerror = () => {
      thread.terminate();
      this.#thread = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the thread for digests has ended'));
    };
    return thread;
  }
}

const inThread = new ThreadHash(() => new Worker(new URL('./digest-worker.js', import.meta.url), { type: 'module' }));

/** @type {Hash} */
export function hash(bytes) {
  const subtle = globalThis.crypto?.subtle;
  return subtle ? subtle.digest('SHA-256', bytes).then((digest) => new Uint8Array(digest)) : inThread.hash(bytes);
}

/** @param {number} size  of a file */
export function pieceCount(size) {
  return Math.ceil(size / pieceSize);
}

/**
 * The digest of a file.
 *
 * @param {Uint8Array[]} pieces  the digests of its pieces
 * @param {Hash} [by]
 */
export function digestOf(pieces, by = hash) {
  const list = new Uint8Array(32 * pieces.length);
  for (const [index, piece] of pieces.entries()) list.set(piece, 32 * index);
  return by(list);
}

/** The digests of a file that is sent to several peers: each piece is hashed once. */
export class PieceDigests {
  /** @type {Promise<Uint8Array>[]} */
  #pieces = [];
  #hash;

  /** @param {Hash} [by] */
  constructor(by = hash) {
    this.#hash = by;
  }

  /** @param {number} index @param {Uint8Array} bytes  of that piece */
  piece(index, bytes) {
    this.#pieces[index] ??= this.#hash(bytes);
    return this.#pieces[index];
  }

  /** That of the whole file, once there are those of all pieces. */
  async whole() {
    return digestOf(await Promise.all(this.#pieces), this.#hash);
  }
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
