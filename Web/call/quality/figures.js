/**
 * What two successive reports of a connection's statistics say of it (W3C WebRTC Statistics). A figure that a browser does
 * not give, or that cannot be told yet, is undefined.
 *
 * @typedef {object} StreamFigures  of all that is sent, or received, of one kind
 * @property {number | undefined} bitrate  in bits a second
 * @property {number | undefined} loss  the share of packets that are lost, 0 to 1
 * @property {number | undefined} jitter  in milliseconds
 * @property {string | undefined} codec  such as `opus`
 * @property {number | undefined} width  of a frame
 * @property {number | undefined} height
 * @property {number | undefined} framesPerSecond
 * @property {number | undefined} frozen  the share of the time in which the picture stood still, 0 to 1
 * @property {string | undefined} limitation  what keeps the picture from being better: `none`, `cpu`, `bandwidth` or `other`
 *
 * @typedef {object} Figures
 * @property {import('../route.js').Route | undefined} route
 * @property {number | undefined} roundTrip  in milliseconds
 * @property {number | undefined} availableOut  what the browser thinks can be sent, in bits a second
 * @property {number | undefined} lossIn  of sound and picture together
 * @property {number | undefined} lossOut
 * @property {StreamFigures} soundIn
 * @property {StreamFigures} soundOut
 * @property {StreamFigures} pictureIn
 * @property {StreamFigures} pictureOut
 *
 * @typedef {Record<string, any> & { id: string, type: string }} Stats
 * @typedef {{ forEach: (visit: (stats: any) => void) => void }} Report  an `RTCStatsReport`
 * @typedef {{ now: Stats, before: Stats | undefined, remote: Stats | undefined, codec: Stats | undefined }} Stream
 *   its statistics, those of the report before, what the other side reports of it, and its codec
 */

import { pathIn, selectedPair } from '../route.js';

/** None of these ever goes back while it counts the same thing. */
const counters = ['bytesReceived', 'bytesSent', 'packetsReceived', 'packetsSent', 'framesDecoded', 'framesEncoded'];

/**
 * @param {Report | undefined} before  of the same connection; without it nothing is known that needs an interval
 * @param {Report} now
 * @returns {Figures}
 */
export function figuresOf(before, now) {
  const all = byId(now);
  const old = before ? byId(before) : new Map();
  const [soundIn, pictureIn, soundOut, pictureOut] = [
    streams(all, old, 'inbound-rtp', 'audio'),
    streams(all, old, 'inbound-rtp', 'video'),
    streams(all, old, 'outbound-rtp', 'audio'),
    streams(all, old, 'outbound-rtp', 'video'),
  ];
  return {
    route: pathIn(now)?.route,
    roundTrip: milliseconds(roundTrip(all)),
    availableOut: number(selectedPair(/** @type {Map<string, any>} */ (all))?.['availableOutgoingBitrate']),
    lossIn: lossOfReceived([...soundIn, ...pictureIn]),
    lossOut: lossOfSent([...soundOut, ...pictureOut]),
    soundIn: streamFigures(soundIn, 'bytesReceived', lossOfReceived),
    soundOut: streamFigures(soundOut, 'bytesSent', lossOfSent),
    pictureIn: streamFigures(pictureIn, 'bytesReceived', lossOfReceived),
    pictureOut: streamFigures(pictureOut, 'bytesSent', lossOfSent),
  };
}

/** @param {Report} report @returns {Map<string, Stats>} */
function byId(report) {
  const all = new Map();
  report.forEach((stats) => all.set(stats.id, stats));
  return all;
}

/**
 * @param {Map<string, Stats>} all
 * @param {Map<string, Stats>} old
 * @param {'inbound-rtp' | 'outbound-rtp'} type
 * @param {'audio' | 'video'} kind
 * @returns {Stream[]}
 */
function streams(all, old, type, kind) {
  const remotes = [...all.values()].filter(({ type }) => type === 'remote-inbound-rtp');
  return [...all.values()]
    .filter((stats) => stats.type === type && (stats.kind ?? stats['mediaType']) === kind)
    .map((now) => ({
      now,
      before: comparable(old.get(now.id), now),
      remote: type === 'outbound-rtp' ? remotes.find(({ localId }) => localId === now.id) : undefined,
      codec: all.get(now['codecId'] ?? ''),
    }));
}

/**
 * The statistics of before, if what has been counted since can be told from them.
 *
 * @param {Stats | undefined} before
 * @param {Stats} now
 */
function comparable(before, now) {
  if (!before || !(now['timestamp'] > before['timestamp'])) return undefined;
  return counters.every((name) => !(now[name] < before[name])) ? before : undefined;
}

/**
 * @param {Stream[]} all  of one kind and direction
 * @param {string} bytes  the name of what is counted
 * @param {(streams: Stream[]) => number | undefined} lossOf
 * @returns {StreamFigures}
 */
function streamFigures(all, bytes, lossOf) {
  const main = largest(all, bytes);
  const rates = all.map((stream) => rate(stream, bytes));
  const bytesPerSecond = sum(rates);
  return {
    bitrate: bytesPerSecond === undefined ? undefined : Math.round(8 * bytesPerSecond),
    loss: lossOf(all),
    jitter: milliseconds(number(main?.now['jitter'])),
    codec: codecName(main?.codec),
    width: number(main?.now['frameWidth']),
    height: number(main?.now['frameHeight']),
    framesPerSecond: framesPerSecond(main),
    frozen: share(main && rate(main, 'totalFreezesDuration')),
    limitation: typeof main?.now['qualityLimitationReason'] === 'string' ? main.now['qualityLimitationReason'] : undefined,
  };
}

/** @param {Stream[]} all @param {string} bytes @returns {Stream | undefined} the one with the largest frames, or the most bytes */
function largest(all, bytes) {
  const size = (/** @type {Stream} */ { now }) => (number(now['frameWidth']) ?? 0) * (number(now['frameHeight']) ?? 0);
  const weight = (/** @type {Stream} */ { now }) => number(now[bytes]) ?? 0;
  return [...all].sort((a, b) => size(b) - size(a) || weight(b) - weight(a))[0];
}

/** @param {Stream | undefined} stream */
function framesPerSecond(stream) {
  if (!stream) return undefined;
  const said = number(stream.now['framesPerSecond']);
  if (said !== undefined) return said;
  const counted = rate(stream, 'framesDecoded') ?? rate(stream, 'framesEncoded');
  return counted === undefined ? undefined : Math.round(counted);
}

/** @param {Stats | undefined} codec */
function codecName(codec) {
  const type = codec?.['mimeType'];
  return typeof type === 'string' ? type.split('/').at(-1) : undefined;
}

/** @param {Stream[]} all */
function lossOfReceived(all) {
  const lost = sum(all.map((stream) => growth(stream, 'packetsLost')));
  const received = sum(all.map((stream) => growth(stream, 'packetsReceived')));
  if (lost === undefined || received === undefined) return undefined;
  // What came late is taken off what was lost (RFC 3550, section 6.4.1).
  const missing = Math.max(0, lost);
  return missing + received > 0 ? missing / (missing + received) : undefined;
}

/**
 * What the other side has reported last of each stream, by what was sent of it.
 *
 * @param {Stream[]} all
 */
function lossOfSent(all) {
  let lost = 0;
  let sent = 0;
  for (const stream of all) {
    const fraction = number(stream.remote?.['fractionLost']);
    const packets = growth(stream, 'packetsSent');
    if (fraction === undefined || !packets) continue;
    lost += fraction * packets;
    sent += packets;
  }
  return sent > 0 ? share(lost / sent) : undefined;
}

/** @param {Map<string, Stats>} all @returns {number | undefined} in seconds */
function roundTrip(all) {
  const ofPair = number(selectedPair(/** @type {Map<string, any>} */ (all))?.['currentRoundTripTime']);
  if (ofPair !== undefined) return ofPair;
  const reported = [...all.values()].filter(({ type }) => type === 'remote-inbound-rtp').map(({ roundTripTime }) => number(roundTripTime));
  const known = reported.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : (sum(known) ?? 0) / known.length;
}

/**
 * How much a counter has grown.
 *
 * @param {Stream} stream
 * @param {string} name
 */
function growth({ now, before }, name) {
  const [value, old] = [number(now[name]), number(before?.[name])];
  return value === undefined || old === undefined ? undefined : value - old;
}

/**
 * The same by the second.
 *
 * @param {Stream} stream
 * @param {string} name
 */
function rate(stream, name) {
  const more = growth(stream, name);
  if (more === undefined || !stream.before) return undefined;
  return (1000 * more) / (stream.now['timestamp'] - stream.before['timestamp']);
}

/** @param {(number | undefined)[]} values @returns {number | undefined} the sum of those that are known */
function sum(values) {
  return values.reduce((total, value) => (value === undefined ? total : (total ?? 0) + value), undefined);
}

/** @param {unknown} value */
function number(value) {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** @param {number | undefined} seconds */
function milliseconds(seconds) {
  return seconds === undefined ? undefined : Math.round(1000 * seconds);
}

/** @param {number | undefined} value */
function share(value) {
  return value === undefined ? undefined : Math.min(1, Math.max(0, value));
}
