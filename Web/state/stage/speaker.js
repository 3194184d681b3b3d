/**
 * Who of the others speaks, with patience: whoever coughs is not shown large, and two who talk at once do not take turns.
 *
 * @typedef {object} Hearing
 * @property {string | undefined} speaker  who was the loudest for long enough
 * @property {string | undefined} next  who may become it
 * @property {number} since  when that one began to be the loudest, in milliseconds
 * @property {number} at  when it was listened last
 * @property {ReadonlyMap<string, number>} loudness  of each, over the last moments, 0 to 1
 */

/** So long somebody has to be the loudest, in milliseconds. */
export const patience = 1500;
/** What is heard counts less and less: after this many milliseconds about a third. Words have pauses between them. */
const memory = 400;
/** What is less loud than that is no speech. */
const quiet = 0.02;
/** Whoever is louder than another by less than this factor is as loud. */
const margin = 1.4;

/** @type {Hearing} */
export const silence = { speaker: undefined, next: undefined, since: 0, at: -Infinity, loudness: new Map() };

/**
 * @param {Hearing} before
 * @param {ReadonlyMap<string, number>} levels  how loud everybody else is now, 0 to 1
 * @param {number} now  in milliseconds
 * @returns {Hearing}
 */
export function hear(before, levels, now) {
  const share = 1 - Math.exp((before.at - now) / memory);
  const loudness = new Map([...levels].map(([id, level]) => [id, mix(before.loudness.get(id) ?? 0, level, share)]));
  const speaker = loudness.has(before.speaker ?? '') ? before.speaker : undefined;
  const next = challenger(loudness, speaker, before.next);
  const since = next === before.next ? before.since : now;
  // What lingers in memory is not speech: the moment comes with a word.
  const isSpeaking = (levels.get(next ?? '') ?? 0) >= quiet;
  if (isSpeaking && now - since >= patience) return { speaker: next, next: undefined, since: now, at: now, loudness };
  return { speaker, next, since, at: now, loudness };
}

/**
 * Who is clearly louder than the one who is large; the same one as before unless another is clearly louder still.
 *
 * @param {Map<string, number>} loudness
 * @param {string | undefined} speaker
 * @param {string | undefined} before
 */
function challenger(loudness, speaker, before) {
  const of = (/** @type {string | undefined} */ id) => loudness.get(id ?? '') ?? 0;
  const isLouder = (/** @type {string | undefined} */ id, /** @type {string | undefined} */ other) => of(id) >= quiet && of(id) > margin * of(other);
  const [loudest] = [...loudness.keys()].sort((one, other) => of(other) - of(one));
  if (loudest === speaker || !isLouder(loudest, speaker)) return undefined;
  const isStill = before !== undefined && before !== speaker && isLouder(before, speaker) && !isLouder(loudest, before);
  return isStill ? before : loudest;
}

/** @param {number} before @param {number} now @param {number} share  of what is now */
function mix(before, now, share) {
  return before + (now - before) * share;
}
