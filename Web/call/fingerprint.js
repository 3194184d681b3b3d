/**
 * The code by which two people tell whether anybody is between them, of the certificates that their connection was made
 * with (docs/protocol.md, "The code of a connection").
 */

/** `a=fingerprint`, as it may be written (RFC 8122, section 5): SHA-256, its 32 bytes in hexadecimal. */
const wellFormed = /^a=fingerprint:sha-256 ([0-9a-f]{2}(?::[0-9a-f]{2}){31})[ \t]*$/i;
/** Whatever a browser could take for one. */
const anyFingerprint = /^\s*a\s*=\s*fingerprint/i;

/**
 * The fingerprint of a description, as 64 digits in small letters.
 *
 * A certificate has one for the session, or one for each of the media: all have to be the same. One that is made in
 * another way than by SHA-256, or that is not well-formed, might be what the browser goes by, so with it there is none.
 *
 * @param {string} sdp
 * @returns {string | undefined}
 */
export function fingerprintIn(sdp) {
  /** @type {string | undefined} */
  let found;
  for (const line of sdp.split(/[\r\n\u2028\u2029]+/)) {
    if (!anyFingerprint.test(line)) continue;
    const [, hex] = wellFormed.exec(line) ?? [];
    if (hex === undefined) return undefined;
    const digits = hex.replaceAll(':', '').toLowerCase();
    if (found !== undefined && digits !== found) return undefined;
    found = digits;
  }
  return found;
}

/**
 * The bytes that the code is made of: both fingerprints, the lower one first, so that both sides have the same.
 *
 * @param {string} one
 * @param {string} other
 */
export function pairOf(one, other) {
  const digits = one < other ? one + other : other + one;
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** So many signs has a code. */
export const codeLength = 7;

/**
 * A code: numbers from 0 to 63, each six bits of the digest, from its beginning.
 *
 * @param {Uint8Array} digest  of the pair
 * @returns {number[]}
 */
export function codeOf(digest) {
  const bits = [...digest.subarray(0, 6)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return Array.from({ length: codeLength }, (_, index) => parseInt(bits.slice(6 * index, 6 * index + 6), 2));
}

/** @param {Uint8Array} bytes */
export function hexOf(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
