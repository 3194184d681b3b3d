/**
 * Engine.IO 4 packets and the payloads that long-polling carries them in.
 *
 * Text packets are a type digit and data. A binary message is the bare bytes in a WebSocket frame,
 * and `b` with base64 in a polling payload. A payload is packets joined by U+001E.
 *
 * @typedef {'open' | 'close' | 'ping' | 'pong' | 'message' | 'upgrade' | 'noop'} EngineType
 * @typedef {{ type: EngineType, data?: string | ArrayBuffer }} EnginePacket
 */

/** @type {EngineType[]} */
const types = ['open', 'close', 'ping', 'pong', 'message', 'upgrade', 'noop'];
const separator = '\u001e';
const utf8 = new TextEncoder();

/** What a peer sent is not a packet. */
export class PacketError extends Error {
  name = 'PacketError';
}

/**
 * The packet as text, as a polling payload and a WebSocket text frame carry it.
 *
 * @param {EnginePacket} packet
 * @returns {string}
 */
export function encodeText({ type, data }) {
  if (data instanceof ArrayBuffer) return 'b' + toBase64(data);
  return types.indexOf(type) + (data ?? '');
}

/**
 * The packet as one WebSocket frame carries it.
 *
 * @param {EnginePacket} packet
 * @returns {string | ArrayBuffer}
 */
export function encodeFrame(packet) {
  return packet.data instanceof ArrayBuffer ? packet.data : encodeText(packet);
}

/**
 * The packet in a WebSocket frame, or in one part of a payload.
 *
 * @param {string | ArrayBuffer} encoded
 * @returns {EnginePacket}
 * @throws {PacketError} if it is none
 */
export function decodePacket(encoded) {
  if (encoded instanceof ArrayBuffer) return { type: 'message', data: encoded };
  if (encoded.startsWith('b')) return { type: 'message', data: fromBase64(encoded.slice(1)) };
  const digit = encoded.charCodeAt(0) - 48;
  const type = types[digit];
  if (type === undefined) throw new PacketError('unknown Engine.IO packet type');
  return encoded.length > 1 ? { type, data: encoded.slice(1) } : { type };
}

/**
 * The body of a POST that carries these packets.
 *
 * @param {EnginePacket[]} packets
 */
export function encodePayload(packets) {
  return packets.map(encodeText).join(separator);
}

/**
 * The packets in the body of a poll.
 *
 * @param {string} payload
 * @throws {PacketError} if one of them is none
 */
export function decodePayload(payload) {
  return payload.split(separator).map(decodePacket);
}

/**
 * How many of the packets at the front fit in one payload of `limit` bytes: at least one, since a
 * packet that is too big on its own must be refused by the server, not lost here.
 *
 * @param {EnginePacket[]} packets
 * @param {number} limit
 */
export function countThatFits(packets, limit) {
  let size = 0;
  for (const [index, packet] of packets.entries()) {
    size += encodedSize(packet) + (index > 0 ? 1 : 0);
    if (index > 0 && size > limit) return index;
  }
  return packets.length;
}

/** @param {EnginePacket} packet */
function encodedSize({ data }) {
  if (data instanceof ArrayBuffer) return 1 + 4 * Math.ceil(data.byteLength / 3);
  return 1 + (data === undefined ? 0 : utf8.encode(data).byteLength);
}

/** @param {ArrayBuffer} buffer */
function toBase64(buffer) {
  const bytes = new Uint8Array(buffer);
  let binary = '';
  // Arguments are passed on the stack, so a large buffer goes in pieces.
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary);
}

/** @param {string} text */
function fromBase64(text) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new PacketError('broken base64');
  }
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes.buffer;
}
