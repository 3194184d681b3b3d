/**
 * How good a connection is, of its figures: with patience, so that what is shown does not flicker.
 *
 * @typedef {'good' | 'fair' | 'poor'} Grade
 * @typedef {'loss' | 'delay' | 'frozen' | 'cpu'} Reason  what is worst: packets get lost, sound and picture come late, the
 *   picture stands still, or this computer is too slow to send a better one
 *
 * @typedef {object} Graded
 * @property {Grade | undefined} grade  nothing while nothing is known
 * @property {Reason | undefined} reason  why it is not good
 * @property {{ isWorse: boolean, since: number } | undefined} change  to another grade that shows in the figures, and since when
 *
 * @typedef {import('../../call/quality/figures.js').Figures} Figures
 */

const grades = /** @type {const} */ (['good', 'fair', 'poor']);

/**
 * From where on a measure is fair, and from where on poor. Opus conceals a few losses, and conversation suffers from 250 ms
 * there and back on (ITU-T G.114 has 150 ms one way for what nobody notices, 400 ms for what is not to be planned).
 */
const limits = { loss: [0.02, 0.08], delay: [300, 600], frozen: [0.03, 0.2] };
/** What was not good has to be better than its limit by so much. */
const margin = 0.7;
/** So long, in milliseconds, it has to be worse, or better, to be called so. */
const patience = { worse: 4000, better: 10_000 };
/** A picture that this computer sends with fewer frames a second, since it can't do more, hardly moves. */
const leastFrames = 8;

/** @type {Graded} */
export const ungraded = { grade: undefined, reason: undefined, change: undefined };

/**
 * @param {Graded} before
 * @param {Figures} figures
 * @param {{ from: number, to: number }} time  that the figures tell of, in milliseconds
 * @returns {Graded}
 */
export function regrade(before, figures, { from, to }) {
  const shown = before.grade === undefined ? 0 : grades.indexOf(before.grade);
  const found = worst(figures, shown);
  if (found === undefined) return ungraded;
  const next = { grade: grades[found.level], reason: found.level > 0 ? found.reason : undefined, change: undefined };
  if (before.grade === undefined || found.level === shown) return next;
  const isWorse = found.level > shown;
  const since = before.change?.isWorse === isWorse ? before.change.since : from;
  if (to - since >= (isWorse ? patience.worse : patience.better)) return next;
  return { ...before, change: { isWorse, since } };
}

/**
 * @param {Figures} figures
 * @param {number} shown  the level that is shown at present
 * @returns {{ level: number, reason: Reason } | undefined}
 */
function worst(figures, shown) {
  const { lossIn, lossOut, roundTrip, pictureIn, pictureOut } = figures;
  const loss = lossIn === undefined || lossOut === undefined ? lossIn ?? lossOut : Math.max(lossIn, lossOut);
  /** @type {[Reason, number | undefined][]} the first of the worst is the reason */
  const levels = [
    ['cpu', levelOfLimitation(pictureOut)],
    ['loss', levelOf(loss, limits.loss, shown)],
    ['frozen', levelOf(pictureIn.frozen, limits.frozen, shown)],
    ['delay', levelOf(roundTrip, limits.delay, shown)],
  ];
  /** @type {{ level: number, reason: Reason } | undefined} */
  let found;
  for (const [reason, level] of levels) if (level !== undefined && !(found && found.level >= level)) found = { level, reason };
  return found;
}

/** @param {number | undefined} value @param {number[]} limits @param {number} shown */
function levelOf(value, limits, shown) {
  if (value === undefined) return undefined;
  return limits.filter((limit, index) => value > (shown > index ? margin * limit : limit)).length;
}

/** @param {Figures['pictureOut']} picture */
function levelOfLimitation({ limitation, framesPerSecond = leastFrames }) {
  if (limitation !== 'cpu') return undefined;
  return framesPerSecond < leastFrames ? 2 : 1;
}
