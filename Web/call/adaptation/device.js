/**
 * How much this computer can do: when a picture is limited by it, all pictures get fewer frames first, then smaller.
 *
 * @typedef {object} Device
 * @property {number} level  0 for all that is wanted
 * @property {number} changed  when it did, in milliseconds
 * @property {number} limited  when a picture was limited last
 */

/** @type {readonly { frames: number, scale: number }[]} */
const levels = [
  { frames: 30, scale: 1 },
  { frames: 20, scale: 1 },
  { frames: 15, scale: 1 },
  { frames: 10, scale: 1 },
  { frames: 10, scale: 1.5 },
  { frames: 8, scale: 2 },
  { frames: 5, scale: 3 },
];
/** So long a change takes to show, in milliseconds. */
const settling = 5000;
/** So long nothing is limited before more is tried. */
const calm = 20_000;
/** The most frames a second for so many people: each picture is encoded once for each of them. */
const framesFor = [30, 30, 30, 24, 24, 20, 20];
const framesForMany = 15;

/** @type {Device} */
export const ableDevice = { level: 0, changed: -Infinity, limited: -Infinity };

/**
 * @param {Device} device
 * @param {boolean} isLimited  whether a picture is limited by the computer
 * @param {number} time  in milliseconds
 * @returns {Device}
 */
export function judgeDevice(device, isLimited, time) {
  const { level, changed } = device;
  const limited = isLimited ? time : device.limited;
  if (isLimited && time - changed >= settling && level < levels.length - 1) return { level: level + 1, changed: time, limited };
  if (level > 0 && time - Math.max(limited, changed) >= calm) return { level: level - 1, changed: time, limited };
  return limited === device.limited ? device : { ...device, limited };
}

/**
 * @param {Device} device
 * @param {number} people  in the call, this one included
 * @returns {{ frames: number, scale: number }}  the most frames a second, and how many times smaller than wanted
 */
export function limitsOf({ level }, people) {
  const { frames, scale } = levels[level] ?? { frames: 30, scale: 1 };
  return { frames: Math.min(frames, framesFor[people] ?? framesForMany), scale };
}
