/**
 * SHA-256 (FIPS 180-4) of data that comes piece by piece.
 *
 * `crypto.subtle` wants the whole of it in memory, and is missing on pages that came without HTTPS.
 */

const blockSize = 64;
const roundConstants = Uint32Array.from(firstPrimes(64), (prime) => fraction(Math.cbrt(prime)));

/** @param {number} count */
function firstPrimes(count) {
  /** @type {number[]} */
  const primes = [];
  for (let number = 2; primes.length < count; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}

/**
 * The first 32 bits after the point.
 *
 * @param {number} value
 */
function fraction(value) {
  return Math.floor((value - Math.floor(value)) * 2 ** 32);
}

export class Sha256 {
  #state = Uint32Array.from(firstPrimes(8), (prime) => fraction(Math.sqrt(prime)));
  #schedule = new Uint32Array(64);
  #block = new Uint8Array(blockSize);
  #filled = 0;
  #length = 0;

  /** @param {Uint8Array} bytes */
  update(bytes) {
    this.#length += bytes.length;
    let start = 0;
    if (this.#filled > 0) {
      start = Math.min(blockSize - this.#filled, bytes.length);
      this.#block.set(bytes.subarray(0, start), this.#filled);
      this.#filled += start;
      if (this.#filled < blockSize) return this;
      this.#compress(this.#block, 0);
      this.#filled = 0;
    }
    for (; start + blockSize <= bytes.length; start += blockSize) this.#compress(bytes, start);
    this.#block.set(bytes.subarray(start));
    this.#filled = bytes.length - start;
    return this;
  }

  /** The digest in hexadecimal. Nothing may be added after it. */
  digest() {
    const length = this.#length;
    const padding = new Uint8Array(((this.#filled < 56 ? 56 : 120) - this.#filled) + 8);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(padding.length - 4, (length * 8) % 2 ** 32);
    this.update(padding);
    return [...this.#state].map((word) => word.toString(16).padStart(8, '0')).join('');
  }

  /** @param {Uint8Array} bytes @param {number} start */
  #compress(bytes, start) {
    const w = this.#schedule;
    for (let t = 0, at = start; t < 16; t += 1, at += 4) {
      w[t] = (byte(bytes, at) << 24) | (byte(bytes, at + 1) << 16) | (byte(bytes, at + 2) << 8) | byte(bytes, at + 3);
    }
    for (let t = 16; t < 64; t += 1) {
      const x = word(w, t - 15);
      const y = word(w, t - 2);
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
      w[t] = word(w, t - 16) + s0 + word(w, t - 7) + s1;
    }
    this.#rounds(w);
  }

  /** @param {Uint32Array} w */
  #rounds(w) {
    const state = this.#state;
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let t = 0; t < 64; t += 1) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + word(roundConstants, t) + word(w, t)) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) state[index] = word(state, index) + value;
  }
}

/** @param {number} value @param {number} count */
function rotate(value, count) {
  return (value >>> count) | (value << (32 - count));
}

/** @param {Uint8Array} bytes @param {number} index */
function byte(bytes, index) {
  return /** @type {number} */ (bytes[index]);
}

/** @param {Uint32Array} words @param {number} index */
function word(words, index) {
  return /** @type {number} */ (words[index]);
}
