/**
 * How much may be sent to all peers together. In a mesh all connections leave by one line, and each measures it as if it
 * were alone: what several of them suffer from at once is the line of this side, what one suffers from is the way to that
 * peer. Down fast, up slowly.
 *
 * @typedef {object} Reading  the newest of one connection; what a browser does not tell is undefined
 * @property {number | undefined} available  what the browser thinks can be sent there, in bits a second
 * @property {number | undefined} roundTrip  in milliseconds
 * @property {number | undefined} loss  the share of all packets that is lost, 0 to 1
 * @property {number | undefined} soundLoss  the same of sound
 * @property {number} sent  in bits a second
 * @property {number} given  the most that it was allowed to
 *
 * @typedef {object} Line
 * @property {number} since  when it was seen first, in milliseconds
 * @property {number} best  the shortest round trip of late
 * @property {0 | 1 | 2} trouble  none, some, much
 * @property {boolean} isLossy  whether that is packets that are lost
 * @property {number} sent
 * @property {number} limit  the most that goes there, in bits a second
 * @property {number} cut  when the limit was lowered last
 *
 * @typedef {object} Budget
 * @property {number} total  in bits a second
 * @property {number} time
 * @property {number} cut  when it was lowered last
 * @property {number} troubled  when several connections suffered last
 * @property {ReadonlyMap<string, Line>} lines
 */

/** What is tried first, in bits a second: an ordinary line of an ordinary home takes it. */
const first = 1_500_000;
/** It never gets less: more than that, the sound of a few needs. */
export const least = 60_000;
/**
 * Nor, while nothing is lost, less than that for each of the others. A busy computer is late too, which fewer pictures do
 * not mend, and a line that is only long the browser finds out by itself: pictures stay, small ones, beside the sound.
 */
const leastOfEach = 300_000;
/** So long it takes until less sent shows in the figures, in milliseconds. */
const settling = 2000;
/** So long all is well before more is tried. */
const calm = 4000;
/** How much more in a second. */
const growth = 1.06;
/** What a new connection finds out of the line says nothing yet. */
const finding = 8000;
const limits = { loss: [0.08, 0.2], soundLoss: [0.06, 0.15], delay: [120, 400] };

/** @type {Budget} */
export const firstBudget = { total: first, time: -Infinity, cut: -Infinity, troubled: -Infinity, lines: new Map() };

/**
 * @param {Budget} before
 * @param {ReadonlyMap<string, Reading>} readings  of those whose figures are new
 * @param {{ time: number, present: ReadonlySet<string>, wanted: number }} now  who is in the call, and how much would be
 *   sent if all could be
 * @returns {Budget}
 */
export function nextBudget(before, readings, { time, present, wanted }) {
  const seconds = Math.min(Math.max(time - before.time, 0), 5000) / 1000;
  const lines = new Map([...before.lines].filter(([id]) => present.has(id)));
  for (const [id, reading] of readings) if (present.has(id)) lines.set(id, nextLine(lines.get(id), reading, time));
  const sent = sumOf(lines, () => true);
  const suffering = sumOf(lines, ({ trouble }) => trouble > 0);
  const isShared = suffering > 0 && suffering >= sent / 2;
  const budget = { ...before, time, lines };
  if (isShared) return readings.size > 0 ? lowered(budget, sent, time) : budget;
  for (const [id, line] of lines) lines.set(id, withLimit(line, seconds, time));
  const isCalm = time - Math.max(budget.troubled, budget.cut) >= calm;
  // What is not used proves nothing.
  const proved = Math.max(1.5 * sent + 300_000, first);
  const more = Math.min(budget.total * growth ** seconds, Math.max(wanted, first), Math.max(proved, budget.total));
  return isCalm && more > budget.total ? { ...budget, total: Math.round(more) } : budget;
}

/** @param {Budget} budget @param {number} sent @param {number} time @returns {Budget} */
function lowered(budget, sent, time) {
  const isMuch = [...budget.lines.values()].some(({ trouble }) => trouble === 2);
  if (time - budget.cut < settling) return { ...budget, troubled: time };
  const target = Math.min(sent * (isMuch ? 0.7 : 0.85), budget.total * 0.9);
  const lines = [...budget.lines.values()];
  const floor = lines.some(({ isLossy }) => isLossy) ? least : Math.min(leastOfEach * lines.length, budget.total);
  const total = Math.max(target, budget.total * (isMuch ? 0.45 : 0.6), floor);
  return { ...budget, total: Math.round(total), cut: time, troubled: time };
}

/** @param {Line | undefined} before @param {Reading} reading @param {number} time @returns {Line} */
function nextLine(before, { roundTrip, sent, ...reading }, time) {
  const { since = time, limit = Infinity, cut = -Infinity } = before ?? {};
  // A way that has become longer for good is no trouble for ever.
  const best = Math.min(roundTrip ?? Infinity, (before?.best ?? Infinity) * 1.03 + 1);
  const delay = roundTrip === undefined || best === Infinity ? undefined : roundTrip - best;
  const losses = [levelOf(reading.loss, limits.loss), levelOf(reading.soundLoss, limits.soundLoss)];
  const levels = [...losses, levelOf(delay, limits.delay)];
  if (time - since >= finding && isSqueezed({ ...reading, sent })) levels.push(1);
  return { since, best, trouble: /** @type {0 | 1 | 2} */ (Math.max(...levels)), isLossy: Math.max(...losses) > 0, sent, limit, cut };
}

/**
 * Whether the browser finds the line too narrow for what it would like to send.
 *
 * @param {{ available: number | undefined, given: number, sent: number }} reading
 */
function isSqueezed({ available, given, sent }) {
  return available !== undefined && available < 0.7 * given && sent > 0.6 * available;
}

/**
 * The way to one peer alone: less goes there, and the others get it.
 *
 * @param {Line} line
 * @param {number} seconds
 * @param {number} time
 * @returns {Line}
 */
function withLimit(line, seconds, time) {
  if (line.trouble > 0) {
    if (time - line.cut < settling) return line;
    return { ...line, limit: Math.max(Math.min(line.sent, line.limit) * (line.trouble === 2 ? 0.6 : 0.85), least), cut: time };
  }
  if (line.limit === Infinity || time - line.cut < calm) return line;
  const limit = line.limit * growth ** seconds;
  return { ...line, limit: limit > 10_000_000 ? Infinity : limit };
}

/** @param {number | undefined} value @param {readonly number[]} steps */
function levelOf(value, steps) {
  return value === undefined ? 0 : steps.filter((step) => value > step).length;
}

/** @param {ReadonlyMap<string, Line>} lines @param {(line: Line) => boolean} counts */
function sumOf(lines, counts) {
  return [...lines.values()].filter(counts).reduce((sum, { sent }) => sum + sent, 0);
}
