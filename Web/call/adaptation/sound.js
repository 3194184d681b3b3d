/** How sound is sent: with repetition against losses, next to nothing while nobody speaks, and before pictures. */

const opusMap = /^a=rtpmap:(\d{1,3}) opus\/48000\/2\r?$/gim;

/** A description has one; a peer that gives a thousand must not cost a thousand passes. */
const mostTypes = 4;

/**
 * Asks this browser to send Opus with forward error correction, and nothing in silence: both are what the receiver has to
 * ask for (RFC 7587, section 6.1). It is said to the own browser of the peer's description, since no browser offers
 * silence by itself, and what is changed in an own description may be refused.
 *
 * @param {string} sdp  the peer's description
 */
export function withSparseSound(sdp) {
  // Each line of sound has it once more.
  const types = [...new Set([...sdp.matchAll(opusMap)].map(([, type]) => type))].slice(0, mostTypes);
  return types.reduce((text, type) => withParameters(text, type ?? '', ['useinbandfec=1', 'usedtx=1']), sdp);
}

/** @param {string} sdp @param {string} type  of the payload @param {string[]} wanted */
function withParameters(sdp, type, wanted) {
  const line = new RegExp(`^a=fmtp:${type} ([^\\r\\n]*)`, 'gm');
  if (!line.test(sdp)) return sdp.replace(new RegExp(`^a=rtpmap:${type} [^\\r\\n]*`, 'gm'), (map) => `${map}\r\na=fmtp:${type} ${wanted.join(';')}`);
  return sdp.replace(line, (whole, parameters) => {
    const missing = wanted.filter((each) => !new RegExp(`(^|;)\\s*${each.split('=')[0]}=`).test(parameters));
    return [whole, ...missing].join(';');
  });
}

/**
 * Prefers sound that says everything twice (RFC 2198), where this browser and the peer can: a packet that is lost is heard
 * all the same.
 *
 * @param {RTCRtpTransceiver | undefined} transceiver  before the next description
 */
export function preferRedundancy(transceiver) {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.('audio')?.codecs ?? [];
  const redundant = codecs.filter(isRedundant);
  if (redundant.length === 0) return;
  try {
    transceiver?.setCodecPreferences?.([...redundant, ...codecs.filter((codec) => !isRedundant(codec))]);
  } catch {
    // A browser that does not take the list keeps its own.
  }
}

/** @param {{ mimeType: string }} codec */
function isRedundant({ mimeType }) {
  return mimeType.toLowerCase() === 'audio/red';
}
