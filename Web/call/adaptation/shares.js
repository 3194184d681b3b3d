/**
 * Who gets which picture, how large and how often, out of what may be sent together: sound is taken off first, then comes
 * the screen, then the cameras, by the size in which they are seen.
 *
 * @typedef {'camera' | 'screen'} PictureKind
 * @typedef {{ width: number, height: number }} Size  in pixels
 *
 * @typedef {object} Demand  of one picture by one peer
 * @property {string} peer
 * @property {PictureKind} kind
 * @property {Size} captured
 * @property {Size | undefined} seen  the tile in which it is shown; all of it unless that is known, nothing where one side is 0
 * @property {boolean} isMotion  of a screen: whether it is to move smoothly, as a camera does, rather than have sharp text
 * @property {number} limit  the most that goes to that peer, in bits a second
 *
 * @typedef {object} Share
 * @property {boolean} isWanted  whether anybody looks
 * @property {boolean} isHeld  whether it is wanted, but there is no room for it beside the sound
 * @property {number} bitrate
 * @property {number} scale  how many times smaller than captured
 * @property {number} frames  a second, at most
 *
 * @typedef {Demand & { least: number, most: number, weight: number }} Claim
 */

/** How many times smaller than captured. Few steps: each change makes a whole frame anew. */
const scales = [1, 1.5, 2, 3, 4, 6, 8];
/** More than that is not seen, in bits a second. */
const mostOf = { camera: 2_500_000, screen: 2_500_000 };
/** What is worse than that is not worth looking at. */
const leastOf = { camera: 35_000, screen: 100_000 };
/** A picture of that part of its best bitrate is good enough; more than that, to become it again. */
const enough = { down: 0.3, up: 0.42 };
/** To come back after it was held takes so much more. */
const back = 1.6;
/** No more of a picture is cut off than this, so that it is shown larger than it fits. */
const crop = 0.15;
const framesOfText = 15;

/**
 * @param {readonly Demand[]} demands
 * @param {object} options
 * @param {number} options.room  for pictures, in bits a second
 * @param {{ frames: number, scale: number }} options.device
 * @param {ReadonlyMap<string, Share>} options.before  by `keyOf`
 * @returns {Map<string, Share>}
 */
export function divide(demands, { room, device, before }) {
  const claims = demands.filter(({ seen }) => !seen || (seen.width > 0 && seen.height > 0)).map((demand) => claimOf(demand, device, before.get(keyOf(demand))));
  /** @type {Map<string, number>} */
  const given = new Map();
  let left = room;
  const leastFor = (/** @type {PictureKind} */ kind) => claims.filter((claim) => claim.kind === kind).reduce((sum, { least }) => sum + least, 0);
  // A screen takes what there is, but not the faces: each may stay as small as it can be.
  const forScreens = Math.max(left - leastFor('camera'), Math.min(left, leastFor('screen')));
  for (const kind of /** @type {const} */ (['screen', 'camera'])) {
    const some = withinLimits(claims.filter((claim) => claim.kind === kind), given);
    for (const [claim, bitrate] of pour(some, kind === 'screen' ? forScreens : left)) {
      given.set(keyOf(claim), bitrate);
      left -= bitrate;
    }
  }
  return new Map(demands.map((demand) => [keyOf(demand), shareOf(demand, given.get(keyOf(demand)), { device, before: before.get(keyOf(demand)) })]));
}

/** @param {Pick<Demand, 'peer' | 'kind'>} demand */
export function keyOf({ peer, kind }) {
  return `${kind} ${peer}`;
}

/**
 * The most that is of use to all of them.
 *
 * @param {readonly Demand[]} demands
 * @param {{ frames: number, scale: number }} device
 */
export function wantedBy(demands, device) {
  return demands.filter(({ seen }) => !seen || seen.width * seen.height > 0).reduce((sum, demand) => sum + best(demand, sizedScale(demand, device), device), 0);
}

/** @param {Demand} demand @param {{ frames: number, scale: number }} device @param {Share | undefined} before @returns {Claim} */
function claimOf(demand, device, before) {
  const most = best(demand, sizedScale(demand, device), device);
  const least = Math.min(leastOf[demand.kind] * (before?.isHeld ? back : 1), most);
  return { ...demand, least, most, weight: Math.sqrt(most) };
}

/** @param {readonly Claim[]} claims @param {ReadonlyMap<string, number>} given  of the screens, to the same peers */
function withinLimits(claims, given) {
  return claims.map((claim) => {
    const left = claim.limit - (claim.kind === 'camera' ? (given.get(keyOf({ peer: claim.peer, kind: 'screen' })) ?? 0) : 0);
    return { ...claim, most: Math.min(claim.most, Math.max(left, 0)) };
  });
}

/**
 * Fills all claims alike, by their weight, up to what each needs. Where that is too little to be seen, the smallest go
 * without.
 *
 * @param {readonly Claim[]} claims
 * @param {number} room
 * @returns {Map<Claim, number>}
 */
function pour(claims, room) {
  let some = [...claims].filter(({ least, most }) => most >= least).sort((a, b) => b.weight - a.weight || (a.peer < b.peer ? -1 : 1));
  for (;;) {
    const filled = fill(some, room);
    const short = last(some, (claim) => (filled.get(claim) ?? 0) < claim.least);
    if (!short) return filled;
    some = some.filter((claim) => claim !== short);
  }
}

/** @param {readonly Claim[]} claims @param {number} room @returns {Map<Claim, number>} */
function fill(claims, room) {
  /** @type {Map<Claim, number>} */
  const filled = new Map();
  let left = Math.max(room, 0);
  let weight = claims.reduce((sum, claim) => sum + claim.weight, 0);
  for (const claim of [...claims].sort((a, b) => a.most / a.weight - b.most / b.weight)) {
    const bitrate = Math.min(claim.most, (left * claim.weight) / weight);
    filled.set(claim, bitrate);
    left -= bitrate;
    weight -= claim.weight;
  }
  return filled;
}

/**
 * @param {Demand} demand
 * @param {number | undefined} bitrate
 * @param {{ device: { frames: number, scale: number }, before: Share | undefined }} options
 * @returns {Share}
 */
function shareOf(demand, bitrate, { device, before }) {
  const wanted = sizedScale(demand, device);
  const isWanted = !demand.seen || demand.seen.width * demand.seen.height > 0;
  if (!isWanted || bitrate === undefined) return { isWanted, isHeld: isWanted, bitrate: 0, scale: before?.scale ?? wanted, frames: before?.frames ?? device.frames };
  const scale = isText(demand) ? wanted : scaleFor(demand, bitrate, { wanted, device, before });
  return { isWanted, isHeld: false, bitrate: steady(Math.round(bitrate), before?.bitrate ?? 0), scale, frames: framesFor(demand, bitrate, scale, device) };
}

/**
 * What hardly differs need not be told.
 *
 * @param {number} bitrate
 * @param {number} before
 */
function steady(bitrate, before) {
  return bitrate <= before * 1.06 && bitrate >= before * 0.97 ? before : bitrate;
}

/**
 * The largest that is good enough at that bitrate.
 *
 * @param {Demand} demand
 * @param {number} bitrate
 * @param {{ wanted: number, device: { frames: number, scale: number }, before: Share | undefined }} options
 */
function scaleFor(demand, bitrate, { wanted, device, before }) {
  const isGood = (/** @type {number} */ scale) => {
    const isLarger = before !== undefined && before.bitrate > 0 && scale < before.scale;
    return bitrate >= best(demand, scale, device) * (isLarger ? enough.up : enough.down);
  };
  return scales.find((scale) => scale >= wanted && isGood(scale)) ?? Math.max(wanted, scales.at(-1) ?? 1);
}

/**
 * Text stays sharp, and moves less instead; all else moves less where it cannot be smaller.
 *
 * @param {Demand} demand
 * @param {number} bitrate
 * @param {number} scale
 * @param {{ frames: number }} device
 */
function framesFor(demand, bitrate, scale, device) {
  const most = isText(demand) ? Math.min(device.frames, framesOfText) : device.frames;
  const part = bitrate / best(demand, scale, device);
  if (isText(demand)) return part > 0.4 ? most : Math.min(most, part > 0.15 ? 8 : 5);
  return part >= enough.down ? most : Math.min(most, 10);
}

/**
 * The best bitrate of a picture that is so many times smaller than captured.
 *
 * @param {Demand} demand
 * @param {number} scale
 * @param {{ frames: number }} device
 */
function best(demand, scale, { frames }) {
  const { kind, captured: { width, height } } = demand;
  const pixels = (width * height) / scale ** 2;
  const rate = isText(demand) ? 200_000 + 1.2 * pixels : 40_000 + 3.5 * pixels * Math.sqrt(Math.min(frames, 24) / 24);
  return Math.min(rate, mostOf[kind]);
}

/**
 * How many times smaller a picture may be and still have a pixel for each of the tile.
 *
 * @param {Demand} demand
 * @param {{ scale: number }} device
 */
function sizedScale(demand, device) {
  const { kind, captured, seen } = demand;
  const fit = seen ? fitting(captured, seen, kind === 'screen' ? 0 : crop) : 1;
  return isText(demand) ? textScale(fit) : sceneScale(fit * device.scale);
}

/** @param {number} fit */
function sceneScale(fit) {
  return last(scales, (scale) => scale <= fit) ?? 1;
}

/**
 * Text is sent whole unless it is shown in less than half its size: nobody reads it then.
 *
 * @param {number} fit
 */
function textScale(fit) {
  return fit < 2 ? 1 : Math.min(fit, 4);
}

/**
 * Whether a picture is there to be read.
 *
 * @param {Pick<Demand, 'kind' | 'isMotion'>} demand
 */
function isText({ kind, isMotion }) {
  return kind === 'screen' && !isMotion;
}

/** @param {Size} captured @param {Size} seen @param {number} crop */
function fitting(captured, seen, crop) {
  const [across, down] = [seen.width / captured.width, seen.height / captured.height];
  const shown = Math.min(Math.max(across, down), Math.min(across, down) / (1 - crop));
  const fit = 1 / shown;
  return last(scales, (scale) => scale <= fit) ?? 1;
}

/**
 * @template Element
 * @param {readonly Element[]} list
 * @param {(element: Element) => boolean} isIt
 */
function last(list, isIt) {
  return [...list].reverse().find(isIt);
}
