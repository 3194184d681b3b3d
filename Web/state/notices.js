/**
 * Short notes that pass, such as who came, and what is worth telling somebody who has another page before them.
 *
 * @typedef {import('../i18n/t.js').Sentence} Sentence
 * @typedef {{ id: number, sentence: Sentence }} Notice
 *
 * @typedef {object} News  of one kind, from others
 * @property {'message' | 'came' | 'waits' | 'hand' | 'records'} kind  `came`: into a call in which nobody else was
 * @property {string} name  of who it comes from, the last if there are several
 * @property {string} text  what was written, of a message
 * @property {number} count
 *
 * @typedef {object} Ways  how news are told
 * @property {boolean} chime  by a quiet sound
 * @property {boolean} system  by the system, while the page is hidden
 * @property {boolean} whole  there with what happened, not the name alone
 *
 * @typedef {object} Notices
 * @property {readonly Notice[]} list
 * @property {number} last  the number of the newest
 * @property {boolean} isHidden  whether the page is
 * @property {number} unseen  how much has happened since it is
 * @property {News | undefined} news  the last that there were; another object each time
 * @property {Readonly<Ways>} ways
 *
 * @typedef {{ type: 'notice', sentence: Sentence }
 *   | { type: 'notice-over', id: number }
 *   | { type: 'visibility', isHidden: boolean }
 *   | { type: 'ways', ways: Partial<Ways> }
 *   | { type: 'messages', messages: readonly import('./timeline.js').Message[], news?: number }
 *   | { type: 'member', member: import('./members.js').Member }
 *   | { type: 'waiting-list', members: readonly import('./members.js').Waiting[] }
 *   | { type: 'left' }} NoticesEvent
 *
 * @typedef {Pick<import('./state.js').State, 'connection' | 'members' | 'peers' | 'timeline'>} Known
 */

import { hasBegunToRecord, hasRaised } from './members.js';
import { changed } from './store.js';
import { isOwn } from './timeline.js';

/** More at once would cover the call. */
const limit = 3;

/** @type {Notices} */
export const noNotices = { list: [], last: 0, isHidden: false, unseen: 0, news: undefined, ways: { chime: true, system: false, whole: false } };

/**
 * @param {Notices} notices
 * @param {NoticesEvent | { type: '' }} event
 * @param {Known} known  all that was known before the event
 * @returns {Notices}
 */
export function reduceNotices(notices, event, known) {
  switch (event.type) {
    case 'notice': {
      const last = notices.last + 1;
      return { ...notices, list: [...notices.list, { id: last, sentence: event.sentence }].slice(-limit), last };
    }
    case 'notice-over': {
      const list = notices.list.filter(({ id }) => id !== event.id);
      return list.length === notices.list.length ? notices : { ...notices, list };
    }
    case 'visibility':
      return changed(notices, { isHidden: event.isHidden, unseen: event.isHidden ? notices.unseen : 0 });
    case 'ways':
      return changed(notices, { ways: changed(notices.ways, event.ways) });
    case 'left':
      return changed(notices, { list: notices.list.length === 0 ? notices.list : [], unseen: 0, news: undefined });
    case 'messages':
    case 'member':
    case 'waiting-list': {
      const news = newsIn(event, known);
      return news ? { ...notices, news, unseen: notices.isHidden ? notices.unseen + news.count : 0 } : notices;
    }
    default:
      return notices;
  }
}

/**
 * What somebody who has another page before them wants to hear of.
 *
 * @param {Extract<NoticesEvent, { type: 'messages' | 'member' | 'waiting-list' }>} event
 * @param {Known} known  before the event
 * @returns {News | undefined}
 */
export function newsIn(event, { connection, members, peers, timeline }) {
  if (connection.screen !== 'call') return undefined;
  if (event.type === 'messages') {
    const message = event.news ? event.messages.filter((each) => !isOwn(timeline, each)).at(-1) : undefined;
    return message && { kind: 'message', name: message.name, text: message.text, count: event.news ?? 0 };
  }
  if (event.type === 'waiting-list') {
    const others = event.members.filter(({ id }) => members.waiting.every((each) => each.id !== id));
    const last = others.at(-1);
    return last && { kind: 'waits', name: last.name, text: '', count: others.length };
  }
  const { member } = event;
  if (hasRaised(members, member)) return { kind: 'hand', name: member.name, text: '', count: 1 };
  if (hasBegunToRecord(members, member)) return { kind: 'records', name: member.name, text: '', count: 1 };
  // Those with a connection came before, whatever the server knows of them.
  const isOther = members.self !== undefined && member.id !== members.self;
  const isFirst = peers.list.length === 0 && members.list.every(({ id, call }) => !call || id === members.self);
  return isOther && isFirst && member.call ? { kind: 'came', name: member.name, text: '', count: 1 } : undefined;
}
