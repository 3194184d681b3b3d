/**
 * Socket.IO 5 packets: `<type>[<attachments>-][<namespace>,][<ack id>][JSON]`, with every binary
 * argument replaced by a placeholder and sent in a message of its own right after.
 */

import { PacketError } from './engine-packet.js';

export { PacketError };

/** The types of packets, by the digit that stands for them. */
export const PacketType = Object.freeze({
  connect: 0,
  disconnect: 1,
  event: 2,
  ack: 3,
  connectError: 4,
  binaryEvent: 5,
  binaryAck: 6,
});

/**
 * @typedef {object} Packet
 * @property {number} type  one of `PacketType`; never a binary one, that is a matter of the wire
 * @property {string} namespace
 * @property {number} [id]  of the acknowledgement that is asked for or given
 * @property {any} [data]
 */

/** As many attachments as other implementations take. */
const attachmentLimit = 10;
const reservedEvents = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

/**
 * The messages that carry a packet: text first, then its attachments.
 *
 * `ArrayBuffer` and its views count as binary; a view is sent as the bytes that it shows.
 *
 * @param {Packet} packet
 * @returns {[string, ...ArrayBuffer[]]}
 */
export function encode({ type, namespace, id, data }) {
  /** @type {ArrayBuffer[]} */
  const attachments = [];
  const json = data === undefined ? '' : JSON.stringify(extract(data, attachments));
  let wireType = type;
  let count = '';
  if (attachments.length > 0) {
    wireType = type === PacketType.ack ? PacketType.binaryAck : PacketType.binaryEvent;
    count = `${attachments.length}-`;
  }
  const path = namespace === '/' ? '' : `${namespace},`;
  return [`${wireType}${count}${path}${id ?? ''}${json}`, ...attachments];
}

/** Puts packets together from the messages of one connection. */
export class Decoder {
  /** @type {{ packet: Packet, count: number, attachments: ArrayBuffer[] } | undefined} */
  #partial;

  /**
   * Takes one message and gives the packet that it completes, if it does.
   *
   * @param {string | ArrayBuffer} message
   * @returns {Packet | undefined}
   * @throws {PacketError} if the message is not part of a packet
   */
  add(message) {
    if (typeof message === 'string') {
      if (this.#partial) throw new PacketError('text where an attachment was announced');
      const { packet, count } = parse(message);
      if (count === 0) return packet;
      this.#partial = { packet, count, attachments: [] };
      return undefined;
    }
    const partial = this.#partial;
    if (!partial) throw new PacketError('attachment that was not announced');
    partial.attachments.push(message);
    if (partial.attachments.length < partial.count) return undefined;
    this.#partial = undefined;
    partial.packet.data = insert(partial.packet.data, partial.attachments);
    return partial.packet;
  }

  /** Forgets a packet whose attachments have not all come. */
  reset() {
    this.#partial = undefined;
  }
}

/** @param {string} text @returns {{ packet: Packet, count: number }} */
function parse(text) {
  const head = /^([0-6])(?:(\d{1,3})-)?(?:(\/[^,]*)(?:,|$))?(\d{1,15})?/.exec(text);
  if (!head) throw new PacketError('unknown Socket.IO packet');
  const wireType = Number(head[1]);
  const isBinary = wireType === PacketType.binaryEvent || wireType === PacketType.binaryAck;
  if (isBinary !== (head[2] !== undefined)) throw new PacketError('illegal attachments');
  const count = Number(head[2] ?? 0);
  if (count > attachmentLimit) throw new PacketError('too many attachments');
  /** @type {Packet} */
  const packet = { type: plainType(wireType), namespace: head[3] ?? '/' };
  if (head[4] !== undefined) packet.id = Number(head[4]);
  const json = text.slice(head[0].length);
  if (json !== '') {
    try {
      packet.data = JSON.parse(json);
    } catch {
      throw new PacketError('broken JSON');
    }
  }
  if (!isValid(packet)) throw new PacketError('illegal payload');
  return { packet, count };
}

/** @param {number} wireType */
function plainType(wireType) {
  if (wireType === PacketType.binaryEvent) return PacketType.event;
  if (wireType === PacketType.binaryAck) return PacketType.ack;
  return wireType;
}

/** @param {Packet} packet */
function isValid({ type, id, data }) {
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  switch (type) {
    case PacketType.connect:
      return data === undefined || isObject;
    case PacketType.disconnect:
      return data === undefined;
    case PacketType.connectError:
      return typeof data === 'string' || isObject;
    case PacketType.ack:
      return Array.isArray(data) && id !== undefined;
    default: {
      const name = Array.isArray(data) ? data[0] : undefined;
      return typeof name === 'number' || (typeof name === 'string' && !reservedEvents.has(name));
    }
  }
}

/**
 * A copy of `value` with placeholders for what is binary in it, depth first.
 *
 * @param {any} value
 * @param {ArrayBuffer[]} attachments  gets the binary values
 * @returns {any}
 */
function extract(value, attachments) {
  const bytes = asBuffer(value);
  if (bytes) {
    attachments.push(bytes);
    return { _placeholder: true, num: attachments.length - 1 };
  }
  if (Array.isArray(value)) return value.map((element) => extract(element, attachments));
  if (typeof value !== 'object' || value === null || typeof value.toJSON === 'function') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, extract(member, attachments)]));
}

/** @param {any} value @returns {ArrayBuffer | undefined} */
function asBuffer(value) {
  if (value instanceof ArrayBuffer) return value;
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice().buffer;
}

/**
 * `value` with the attachments where their placeholders are.
 *
 * @param {any} value
 * @param {ArrayBuffer[]} attachments
 * @returns {any}
 */
function insert(value, attachments) {
  if (Array.isArray(value)) return value.map((element) => insert(element, attachments));
  if (typeof value !== 'object' || value === null) return value;
  if (value._placeholder === true) {
    const attachment = Number.isInteger(value.num) ? attachments[value.num] : undefined;
    if (!attachment) throw new PacketError('illegal attachments');
    return attachment;
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, insert(member, attachments)]));
}
