/** What is said of a file: how far it is, who has it, and who ended it and why. */

import { formatBytes } from '../../i18n/format.js';
import { t } from '../../i18n/t.js';

/**
 * @typedef {import('../../files/files.js').FileRow} FileRow
 * @typedef {import('../../files/outgoing.js').Recipient} Recipient
 */

/** @param {FileRow} row */
export function describe(row) {
  return (row.isOwn ? ofOwn(row) : ofOther(row)).filter((part) => part !== '').join(' · ');
}

/** @param {FileRow} row */
function ofOwn({ state, size, progress, recipients }) {
  const total = formatBytes(size);
  const done = recipients.filter((recipient) => recipient.state === 'done').length;
  switch (state) {
    case 'waiting':
    case 'sending': {
      const part = state === 'sending' ? t('files.part', { part: formatBytes(progress), total }) : total;
      return [part, ...progressOf(recipients, done), ...endsOf(recipients)];
    }
    case 'done':
      return [t('files.sent', { total })];
    case 'partly':
      return [t('files.sent-to', { done, count: recipients.length }), ...endsOf(recipients)];
    case 'failed':
      return [t('files.failed'), ...endsOf(recipients)];
    default:
      return [t('files.cancelled'), ...endsOf(recipients)];
  }
}

/** @param {Recipient[]} recipients @param {number} done  how many have it */
function progressOf(recipients, done) {
  const named = (/** @type {string[]} */ ...states) => recipients.filter(({ state }) => states.includes(state)).map(({ name }) => name);
  const open = named('absent', 'queued', 'asked', 'sending');
  const absent = named('absent');
  const words = [];
  if (open.length === recipients.length && absent.length < open.length && named('sending').length === 0) {
    words.push(t(named('asked').length > 0 ? 'files.to-accept' : 'files.queued'));
  }
  if (recipients.length > 1 && done > 0) words.push(t('files.not-yet', { done, count: recipients.length, names: open }));
  if (absent.length > 0) words.push(t('files.to-connect', { names: absent }));
  return words;
}

/**
 * Why some do not get it, for each reason once.
 *
 * @param {Recipient[]} recipients
 */
function endsOf(recipients) {
  /** @type {Map<string, string[]>} */
  const ends = new Map();
  for (const { name, state, code } of recipients) {
    // What the person took back themselves is no news.
    if (state !== 'failed' && (state !== 'cancelled' || code === 'none')) continue;
    ends.set(code, [...(ends.get(code) ?? []), name]);
  }
  return [...ends].map(([code, names]) => t(/** @type {'files.end-none'} */ (`files.end-${code}`), { names }));
}

/** @param {FileRow} row */
function ofOther({ state, size, progress, from, waitsFor, question, code, isRecording }) {
  const total = formatBytes(size);
  if (isRecording) return [total, t('record.row')];
  const who = t('files.from', { name: from });
  switch (state) {
    case 'receiving':
      return [t('files.part', { part: formatBytes(progress), total }), who];
    case 'waiting':
      if (question) return [t('files.question', { name: from, count: question.files, size: formatBytes(question.bytes) })];
      return [total, who, t(waitsFor === 'room' ? 'files.no-room' : 'files.to-answer')];
    case 'done':
      return [total, who];
    case 'failed':
      return [t('files.failed'), whyNot(code, from)];
    default:
      return [t('files.cancelled'), code === 'cancelled' ? t('files.end-cancelled', { names: [from] }) : t('files.end-self'), who];
  }
}

/** @param {import('../../files/transfer.js').Code} code @param {string} from */
function whyNot(code, from) {
  if (code === 'lost') return t('files.end-again', { name: from });
  if (code === 'unreadable') return t('files.end-unread', { name: from });
  return t(`files.end-${code}`, { names: [from] });
}
