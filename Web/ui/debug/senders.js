/** Narrows what is sent, or stops it, without a word to anybody: the page believes that it sends as it likes. */

/**
 * @typedef {object} Narrowing
 * @property {number} limit  of each picture and each voice, in bits a second
 * @property {boolean} isFrozen
 */

/**
 * Takes the place of the browser's own setting, from now on.
 *
 * @param {Iterable<RTCPeerConnection>} connections  the present ones
 */
export function wrapSenders(connections) {
  const plain = RTCRtpSender.prototype.setParameters;
  /** @type {WeakMap<RTCRtpSender, RTCRtpEncodingParameters[]>} what the page asked for */
  const wanted = new WeakMap();
  /** @type {Narrowing} */
  const narrowing = { limit: Infinity, isFrozen: false };

  /** @this {RTCRtpSender} @param {RTCRtpSendParameters} parameters */
  RTCRtpSender.prototype.setParameters = function (parameters) {
    wanted.set(this, parameters.encodings.map((encoding) => ({ ...encoding })));
    return plain.call(this, narrowed(parameters, narrowing));
  };

  return {
    /** @param {Partial<Narrowing>} changes */
    async change(changes) {
      Object.assign(narrowing, changes);
      const senders = [...connections].flatMap((connection) => connection.getSenders());
      await Promise.allSettled(senders.map((sender) => {
        const parameters = sender.getParameters();
        const encodings = (wanted.get(sender) ?? parameters.encodings).map((encoding) => ({ ...encoding }));
        wanted.set(sender, encodings);
        return plain.call(sender, narrowed({ ...parameters, encodings }, narrowing));
      }));
    },
  };
}

/** @param {RTCRtpSendParameters} parameters @param {Narrowing} narrowing @returns {RTCRtpSendParameters} */
export function narrowed(parameters, { limit, isFrozen }) {
  const encodings = parameters.encodings.map((encoding) => ({
    ...encoding,
    ...(limit < Infinity ? { maxBitrate: Math.min(encoding.maxBitrate ?? Infinity, limit) } : {}),
    ...(isFrozen ? { active: false } : {}),
  }));
  return { ...parameters, encodings };
}
