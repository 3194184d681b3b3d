/**
 * How the connection to each peer does: its figures, and those of the last two minutes.
 *
 * @typedef {import('./grade.js').Figures} Figures
 *
 * @typedef {object} Sample
 * @property {number} time  in milliseconds, of a clock that only goes forward
 * @property {number | undefined} roundTrip
 * @property {number | undefined} lossIn
 * @property {number | undefined} lossOut
 * @property {number | undefined} bitrateIn  of sound and picture
 * @property {number | undefined} bitrateOut
 *
 * @typedef {object} PeerQuality
 * @property {Figures} figures  the newest
 * @property {readonly Sample[]} samples  the oldest first
 * @property {import('./grade.js').Graded} graded
 *
 * @typedef {ReadonlyMap<string, PeerQuality>} Quality  by the ids of peers
 *
 * @typedef {{ type: 'figures', id: string, time: number, figures: Figures }
 *   | { type: 'peers', peers: readonly { id: string }[] }
 *   | { type: 'lobby' }
 *   | { type: 'left' }} QualityEvent
 */

import { regrade, ungraded } from './grade.js';

/** How far samples go back, in milliseconds. */
export const span = 120_000;
/** The most of one peer: one a second, and some that events caused. */
const sampleLimit = 200;

/** @type {Quality} */
export const noQuality = new Map();

/** @param {Quality} quality @param {QualityEvent | { type: '' }} event @returns {Quality} */
export function reduceQuality(quality, event) {
  switch (event.type) {
    case 'figures':
      return new Map([...quality, [event.id, withFigures(quality.get(event.id), event)]]);
    case 'peers': {
      const present = new Set(event.peers.map(({ id }) => id));
      const kept = [...quality].filter(([id]) => present.has(id));
      return kept.length === quality.size ? quality : new Map(kept);
    }
    case 'lobby':
    case 'left':
      return quality.size === 0 ? quality : noQuality;
    default:
      return quality;
  }
}

/**
 * What to say of the connection to a peer, as one word: the grade, for a poor one with the reason.
 *
 * @param {Quality} quality
 * @param {string} id
 * @returns {'good' | 'fair' | `poor-${import('./grade.js').Reason | 'theirs'}` | undefined}  `theirs`: that network is
 *   likely to be the cause, since the connection to somebody else is good
 */
export function qualityWord(quality, id) {
  const graded = quality.get(id)?.graded;
  if (graded?.grade !== 'poor' || graded.reason === undefined) return graded?.grade === 'poor' ? undefined : graded?.grade;
  const isOurs = graded.reason === 'cpu' || ![...quality].some(([other, { graded }]) => other !== id && graded.grade === 'good');
  return `poor-${isOurs ? graded.reason : 'theirs'}`;
}

/** @param {PeerQuality | undefined} before @param {{ time: number, figures: Figures }} news @returns {PeerQuality} */
function withFigures(before, { time, figures }) {
  const samples = (before?.samples ?? []).filter((sample) => sample.time > time - span && sample.time <= time);
  const from = samples.at(-1)?.time ?? time;
  return {
    figures,
    samples: [...samples, sampleOf(time, figures)].slice(-sampleLimit),
    graded: regrade(before?.graded ?? ungraded, figures, { from, to: time }),
  };
}

/** @param {number} time @param {Figures} figures @returns {Sample} */
function sampleOf(time, { roundTrip, lossIn, lossOut, soundIn, soundOut, pictureIn, pictureOut }) {
  const bitrateIn = together(soundIn.bitrate, pictureIn.bitrate);
  const bitrateOut = together(soundOut.bitrate, pictureOut.bitrate);
  return { time, roundTrip, lossIn, lossOut, bitrateIn, bitrateOut };
}

/** @param {number | undefined} some @param {number | undefined} others */
function together(some, others) {
  return some === undefined && others === undefined ? undefined : (some ?? 0) + (others ?? 0);
}
