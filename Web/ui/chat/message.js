/** The rows of the chat: a message, or the day of those below. */

import { clockTime } from '../../i18n/format.js';
import { t } from '../../i18n/t.js';
import { personName } from '../controls/controls.js';
import { h } from '../dom.js';
import { linkify } from './linkify.js';

/**
 * @typedef {import('../../state/timeline.js').MessageItem} MessageItem
 * @typedef {import('../../state/timeline.js').DayItem & { label: string }} DayItem
 * @typedef {{ element: HTMLElement, update: (item: DayItem | MessageItem) => void }} Row
 */

/** @param {DayItem | MessageItem} item @returns {Row} */
export function makeRow(item) {
  return item.kind === 'day' ? makeDay() : makeMessage(item);
}

/** @returns {Row} */
function makeDay() {
  const label = h('span', {});
  return {
    element: h('li', { class: 'day' }, label),
    update(item) {
      if (item.kind === 'day') label.textContent = item.label;
    },
  };
}

/** @param {MessageItem} first @returns {Row} */
function makeMessage({ name, isOwn }) {
  const when = h('time', { dir: 'auto' });
  const head = h('p', { class: 'message-head' }, ...personName(name, { class: 'author', isSelf: isOwn }), when);
  const bubble = h('p', { class: 'text', dir: 'auto' });
  const element = h('li', { class: isOwn ? 'message is-own' : 'message' }, head, bubble);
  /** @type {string | undefined} */
  let shown;
  return { element, update };

  /** @param {DayItem | MessageItem} item */
  function update(item) {
    if (item.kind === 'day') return;
    const words = item.isDeleted ? t('chat.deleted') : item.text;
    if (words !== shown) bubble.replaceChildren(...(item.isDeleted ? [words] : partsOf(words)));
    shown = words;
    element.classList.toggle('is-deleted', item.isDeleted);
    if (item.number !== undefined) element.dataset['number'] = String(item.number);
    element.classList.toggle('is-draft', item.number === undefined);
    element.classList.toggle('continues', item.continues);
    // The server's time takes the place of this machine's, whose clock may be wrong.
    const time = clockTime(item.time);
    when.dateTime = new Date(item.time).toISOString();
    when.textContent = time;
    bubble.title = time;
  }
}

/** @param {string} text */
function partsOf(text) {
  return linkify(text).map((part) =>
    part.href ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, part.text) : part.text,
  );
}
