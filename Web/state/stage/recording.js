/**
 * Whether this page records the call. Whoever else does is among the members.
 *
 * @typedef {object} Recording
 * @property {'off' | 'beginning' | 'on' | 'ending'} phase
 * @property {number} since  when it began, in milliseconds of a clock that only goes forward
 *
 * @typedef {{ type: 'recording', phase: Recording['phase'], now: number }} RecordingEvent
 */

import { changed } from '../store.js';

/** @type {Recording} */
export const noRecording = { phase: 'off', since: 0 };

/** What may come after what: whoever leaves ends one that has hardly begun. */
const next = { off: ['beginning'], beginning: ['on', 'off'], on: ['ending', 'off'], ending: ['off'] };

/** @param {Recording} recording @param {RecordingEvent | { type: '' }} event @returns {Recording} */
export function reduceRecording(recording, event) {
  if (event.type !== 'recording' || !next[recording.phase].includes(event.phase)) return recording;
  return changed(recording, { phase: event.phase, since: event.phase === 'on' ? event.now : recording.since });
}
