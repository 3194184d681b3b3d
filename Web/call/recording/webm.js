/**
 * The length of a recording, in the header of its WebM file. Browsers write the header before they know the length, and
 * leave it out: players then show none. Here a place is kept for it, which is filled as the file grows.
 *
 * A file is made of elements: an id, the size of what is in it, and that (EBML, RFC 8794; Matroska, RFC 9559).
 */

const ids = { ebml: 0x1a45dfa3, segment: 0x18538067, info: 0x1549a966, seekHead: 0x114d9b74, cluster: 0x1f43b675, scale: 0x2ad7b1, duration: 0x4489 };
/** Nanoseconds of a tick, unless the file says otherwise. */
const usualScale = 1_000_000;
/** Room for a length, which readers skip: `Void` with nine bytes in it, as long as `Duration` with a float of eight. */
const reserve = [0xec, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/** A header is far shorter. */
const headerLimit = 64 * 1024;

/**
 * @typedef {{ id: number, sizeAt: number, start: number, size: number | undefined }} Element  `size` of unknown length is undefined
 * @typedef {{ position: number, bytes: Uint8Array }} Patch
 */

/** Gets a file piece by piece, and gives it on with a place for its length. */
export class WebmHeader {
  /**
   * What is not given on yet; nothing once the header is through.
   *
   * @type {Uint8Array | undefined}
   */
  #held = new Uint8Array();
  /** @type {Place | undefined} */
  #place;

  /** @param {Uint8Array} bytes  the next of the file @returns {Uint8Array} what is to be written next */
  take(bytes) {
    if (!this.#held) return bytes;
    const all = joined(this.#held, bytes);
    const place = placeIn(all);
    if (place === 'unknown' && all.length < headerLimit) {
      this.#held = all;
      return new Uint8Array();
    }
    this.#held = undefined;
    if (place === 'unknown' || place === 'none') return all;
    this.#place = place;
    return place.info ? withReserve(all, place) : all;
  }

  /** What is still held at the end of a file that never had a whole header. */
  rest() {
    const held = this.#held ?? new Uint8Array();
    this.#held = undefined;
    return held;
  }

  /**
   * What to write where, for the file to say how long it is.
   *
   * @param {number} length  in milliseconds
   * @returns {Patch | undefined} nothing where there is no place for it
   */
  say(length) {
    if (!this.#place) return undefined;
    const { position, scale, width, info } = this.#place;
    const value = new DataView(new ArrayBuffer(width));
    const ticks = (length * 1e6) / scale;
    if (width === 8) value.setFloat64(0, ticks);
    else value.setFloat32(0, ticks);
    const bytes = new Uint8Array(value.buffer);
    return { position, bytes: info ? joined(new Uint8Array([0x44, 0x89, 0x88]), bytes) : bytes };
  }
}

/**
 * @typedef {object} Place
 * @property {number} position  in the file that is written
 * @property {number} scale
 * @property {number} width  of the number, in bytes
 * @property {Element} [info]  which has no length yet
 */

/** @param {Uint8Array} bytes  the beginning of a file @returns {Place | 'unknown' | 'none'} */
function placeIn(bytes) {
  const head = elementAt(bytes, 0);
  if (head === undefined) return bytes.length < 12 ? 'unknown' : 'none';
  if (head.id !== ids.ebml || head.size === undefined) return 'none';
  const segment = elementAt(bytes, head.start + head.size);
  if (segment === undefined) return 'unknown';
  if (segment.id !== ids.segment) return 'none';
  let hasPositions = segment.size !== undefined;
  for (let at = segment.start; ; ) {
    const element = elementAt(bytes, at);
    if (element === undefined) return 'unknown';
    if (element.id === ids.info) return placeInInfo(bytes, element, !hasPositions);
    if (element.size === undefined || element.id === ids.cluster) return 'none';
    // What it tells of positions would be wrong after an insertion.
    hasPositions ||= element.id === ids.seekHead;
    at = element.start + element.size;
  }
}

/** @param {Uint8Array} bytes @param {Element} info @param {boolean} mayGrow @returns {Place | 'unknown' | 'none'} */
function placeInInfo(bytes, info, mayGrow) {
  if (info.size === undefined) return 'none';
  const end = info.start + info.size;
  if (end > bytes.length) return 'unknown';
  let scale = usualScale;
  /** @type {Element | undefined} */
  let duration;
  for (let at = info.start; at < end; ) {
    const element = elementAt(bytes, at);
    if (element?.size === undefined || element.start + element.size > end) return 'none';
    if (element.id === ids.scale) scale = numberIn(bytes, element.start, element.size) || usualScale;
    if (element.id === ids.duration) duration = element;
    at = element.start + element.size;
  }
  const width = duration?.size ?? 8;
  if (duration) return width === 4 || width === 8 ? { position: duration.start, scale, width } : 'none';
  const grown = info.size + reserve.length;
  // One that does not fit into the bytes of the size is not what browsers write.
  if (!mayGrow || grown > 2 ** (7 * (info.start - info.sizeAt)) - 2) return 'none';
  return { position: end, scale, width, info };
}

/** @param {Uint8Array} bytes @param {Place} place */
function withReserve(bytes, { position, info }) {
  if (!info) return bytes;
  const made = joined(bytes.subarray(0, position), new Uint8Array(reserve), bytes.subarray(position));
  const width = info.start - info.sizeAt;
  let left = (info.size ?? 0) + reserve.length;
  for (let at = info.start - 1; at >= info.sizeAt; at -= 1) {
    made[at] = left % 256;
    left = Math.floor(left / 256);
  }
  made[info.sizeAt] = (made[info.sizeAt] ?? 0) | (0x80 >> (width - 1));
  return made;
}

/** @param {Uint8Array} bytes @param {number} at @returns {Element | undefined} nothing where its beginning is not all there */
function elementAt(bytes, at) {
  const idWidth = widthAt(bytes, at);
  if (idWidth === undefined || idWidth > 4 || at + idWidth > bytes.length) return undefined;
  const sizeAt = at + idWidth;
  const sizeWidth = widthAt(bytes, sizeAt);
  if (sizeWidth === undefined || sizeAt + sizeWidth > bytes.length) return undefined;
  const [first = 0, ...others] = bytes.subarray(sizeAt, sizeAt + sizeWidth);
  // All ones: it ends where the next one of its kind begins.
  const isUnknown = first === (0x100 >> (sizeWidth - 1)) - 1 && others.every((byte) => byte === 0xff);
  // Without the mark of its length: with it, a long one would be no whole number any more.
  const size = isUnknown ? undefined : others.reduce((value, byte) => value * 256 + byte, first - (0x80 >> (sizeWidth - 1)));
  return { id: numberIn(bytes, at, idWidth), sizeAt, start: sizeAt + sizeWidth, size };
}

/**
 * How long a number with a mark of its length is.
 *
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function widthAt(bytes, at) {
  const first = bytes[at];
  return first ? Math.clz32(first) - 23 : undefined;
}

/** @param {Uint8Array} bytes @param {number} at @param {number} width */
function numberIn(bytes, at, width) {
  return bytes.subarray(at, at + width).reduce((value, byte) => value * 256 + byte, 0);
}

/** @param {Uint8Array[]} parts */
function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
