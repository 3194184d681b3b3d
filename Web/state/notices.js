/**
 * Short notes that pass, such as who came.
 *
 * @typedef {import('../i18n/t.js').Sentence} Sentence
 * @typedef {{ id: number, sentence: Sentence }} Notice
 * @typedef {{ list: readonly Notice[], last: number }} Notices  `last`: the number of the newest
 *
 * @typedef {{ type: 'notice', sentence: Sentence } | { type: 'notice-over', id: number } | { type: 'left' }} NoticesEvent
 */

/** More at once would cover the call. */
const limit = 3;

/** @type {Notices} */
export const noNotices = { list: [], last: 0 };

/** @param {Notices} notices @param {NoticesEvent | { type: '' }} event @returns {Notices} */
export function reduceNotices(notices, event) {
  switch (event.type) {
    case 'notice': {
      const last = notices.last + 1;
      return { list: [...notices.list, { id: last, sentence: event.sentence }].slice(-limit), last };
    }
    case 'notice-over': {
      const list = notices.list.filter(({ id }) => id !== event.id);
      return list.length === notices.list.length ? notices : { ...notices, list };
    }
    case 'left':
      return notices.list.length === 0 ? notices : { ...notices, list: [] };
    default:
      return notices;
  }
}
