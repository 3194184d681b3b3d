/**
 * Whether somebody talks, by how loud a microphone is over time: arithmetic alone.
 *
 * @typedef {{ time: number, loud: number }} Sound  `loud`: for how long it was, before that time, in milliseconds
 * @typedef {{ sounds: readonly Sound[], time: number, quietUntil: number }} Speech
 */

/** Louder than that, on a scale from 0 to 1, is a voice nearby. */
const loudLevel = 0.04;
/** So much of the last while must be loud, in milliseconds: a cough is shorter, and speech has its pauses. */
const enough = 2000;
const span = 4000;
/** A level says nothing of a longer time before it. */
const longestStep = 1000;
/** Whoever was told is left in peace for so long. */
const peace = 30_000;

/** @type {Speech} */
export const silence = { sounds: [], time: Infinity, quietUntil: -Infinity };

/**
 * @param {Speech} speech  what was heard so far
 * @param {number} time  now, in milliseconds
 * @param {number} level  0 to 1
 * @returns {{ speech: Speech, isTold: boolean }} `isTold`: whether this is the moment to tell
 */
export function hear({ sounds, time: before, quietUntil }, time, level) {
  const step = Math.min(Math.max(time - before, 0), longestStep);
  const recent = sounds.filter((sound) => sound.time > time - span);
  const now = level > loudLevel ? [...recent, { time, loud: step }] : recent;
  const isTold = time >= quietUntil && now.reduce((sum, { loud }) => sum + loud, 0) >= enough;
  return { speech: isTold ? { ...silence, time, quietUntil: time + peace } : { sounds: now, time, quietUntil }, isTold };
}

/**
 * What was heard does not count any more; whoever was told is still left in peace.
 *
 * @param {Speech} speech
 * @returns {Speech}
 */
export function forget({ quietUntil }) {
  return { ...silence, quietUntil };
}
