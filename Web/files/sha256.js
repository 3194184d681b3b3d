/**
 * SHA-256 (FIPS 180-4) for pages without `crypto.subtle`, which browsers give only to those that came over HTTPS.
 * It takes its time: ask `digest.js`, which calls it in a thread of its own.
 */

const blockSize = 64;
const roundConstants = Int32Array.from(firstPrimes(64), (prime) => fraction(Math.cbrt(prime)));

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
  return Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;
}

/** @param {Uint8Array} bytes @returns {Uint8Array} the 32 bytes of its digest */
export function sha256(bytes) {
  const state = Int32Array.from(firstPrimes(8), (prime) => fraction(Math.sqrt(prime)));
  const schedule = new Int32Array(64);
  const whole = bytes.length - (bytes.length % blockSize);
  for (let start = 0; start < whole; start += blockSize) compress(state, schedule, bytes, start);
  const end = lastBlocks(bytes.subarray(whole), bytes.length);
  for (let start = 0; start < end.length; start += blockSize) compress(state, schedule, end, start);
  const digest = new DataView(new ArrayBuffer(32));
  for (let index = 0; index < 8; index += 1) digest.setInt32(4 * index, state[index]);
  return new Uint8Array(digest.buffer);
}

/** @param {Uint8Array} rest  less than a block @param {number} length  of everything */
function lastBlocks(rest, length) {
  const blocks = new Uint8Array(rest.length < blockSize - 8 ? blockSize : 2 * blockSize);
  blocks.set(rest);
  blocks[rest.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 8, Math.floor(length / 2 ** 29));
  view.setUint32(blocks.length - 4, (length * 8) % 2 ** 32);
  return blocks;
}

/** @param {Int32Array} state @param {Int32Array} w  the schedule @param {Uint8Array} bytes @param {number} start */
function compress(state, w, bytes, start) {
  for (let t = 0, at = start; t < 16; t += 1, at += 4) {
    w[t] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let t = 16; t < 64; t += 1) {
    const x = w[t - 15];
    const y = w[t - 2];
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let t = 0; t < 64; t += 1) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t] + w[t]) | 0;
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
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** @param {number} value @param {number} count */
function rotate(value, count) {
  return (value >>> count) | (value << (32 - count));
}
