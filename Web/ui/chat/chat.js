/** Messages, who is typing, and the line to write in. */

import { dayLabel } from '../../i18n/format.js';
import { say, t } from '../../i18n/t.js';
import { typingNames } from '../../state/members.js';
import { movedBy, newestOf, windowOf } from '../../state/timeline.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { keyed } from '../keyed.js';
import { throttle } from '../throttle.js';
import { createComposer } from './composer.js';
import { makeRow } from './message.js';

/** So many messages have a row at once: the work for one more stays the same however many there are. */
const rowLimit = 500;
/** So many rows are taken in when the person scrolls to an end of them. */
const step = 100;
/** Who reads further up while so many come is led back to the end: they have to be kept until then. */
const keptLimit = 10_000;
/** The list is brought up to date no more often, in milliseconds. */
const updateInterval = 100;
/** So near to an end of the list, in pixels, counts as being there. */
const nearness = 60;

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {AbortSignal} options.signal
 */
export function createChat({ store, session, signal }) {
  const list = h('ol', { id: 'messages', class: 'messages', tabindex: 0, 'aria-label': t('chat.messages'), onscroll: scrolled });
  const log = h('div', { class: 'log', role: 'log', 'aria-label': t('chat.messages') }, list);
  const empty = h('p', { class: 'empty' }, t('chat.empty'));
  const newest = h('button', { type: 'button', class: 'newest', hidden: true, onclick: toEnd }, icon('down'), t('chat.newest'));
  const typing = h('p', { id: 'typing', class: 'typing', 'aria-live': 'polite' });
  const troubleWords = h('span', {});
  const again = h('button', { type: 'button', class: 'quiet small', onclick: () => session.retry() }, t('chat.retry'));
  const trouble = h('p', { id: 'chat-trouble', class: 'chat-trouble', role: 'status' }, troubleWords, again);
  const composer = createComposer({ session, onSay: submit });
  const element = h('div', { class: 'chat' }, h('div', { class: 'messages-frame' }, empty, log, newest), trouble, typing, composer.element);
  /**
   * The id of the first message shown, while the person reads further up; nothing while the newest are shown.
   *
   * @type {number | undefined}
   */
  let first;
  let newestSeen = 0;
  const updateSoon = throttle(update, updateInterval);

  store.watch(({ timeline }) => timeline, updateSoon, { signal });
  store.watch(({ members }) => members.typing, () => showTyping(typingNames(store.get().members)), { signal });
  store.watch(({ connection }) => connection.trouble, showTrouble, { signal });
  return { element, focus: composer.focus, toEnd, update };

  function update() {
    if (signal.aborted) return;
    if (store.get().timeline.messages.length > keptLimit) first = undefined;
    if (first === undefined) session.forgetOlder(rowLimit);
    const { timeline, connection } = store.get();
    const part = windowOf(timeline, rowLimit, first);
    const isFollowing = first === undefined;
    const anchor = isFollowing ? undefined : inSight(list);
    const before = anchor?.offsetTop ?? 0;
    const now = Date.now() + connection.clock;
    const items = part.items.map((item) => (item.kind === 'day' ? { ...item, label: dayLabel(item.time, now) } : item));
    keyed(list, items, ({ key }) => key, makeRow, (row, item) => row.update(item));
    empty.hidden = part.items.length > 0;
    if (isFollowing) list.scrollTop = list.scrollHeight;
    else if (anchor?.isConnected && anchor.offsetTop !== before) list.scrollTop += anchor.offsetTop - before;
    if (!isFollowing && newestOf(timeline) > newestSeen) newest.hidden = false;
    newestSeen = newestOf(timeline);
  }

  /** @param {string[]} names */
  function showTyping(names) {
    if (names.length === 0) typing.textContent = '';
    else typing.textContent = names.length > 2 ? t('chat.typing-many') : t('chat.typing', { names, count: names.length });
  }

  /** @param {import('../../i18n/t.js').Sentence | undefined} sentence */
  function showTrouble(sentence) {
    trouble.hidden = sentence === undefined;
    troubleWords.textContent = sentence ? say(sentence) : '';
  }

  function toEnd() {
    first = undefined;
    newest.hidden = true;
    update();
  }

  /** @param {string} text */
  function submit(text) {
    first = undefined;
    session.say(text);
  }

  function scrolled() {
    const { timeline } = store.get();
    const part = windowOf(timeline, rowLimit, first);
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < nearness;
    if (!isAtEnd) {
      first ??= part.first;
      if (list.scrollTop < nearness) void showEarlier();
    } else if (part.later > 0 && part.first !== undefined) {
      first = movedBy(timeline, part.first, Math.min(step, part.later));
      quietly(update);
    } else {
      first = undefined;
      newest.hidden = true;
    }
  }

  async function showEarlier() {
    if (windowOf(store.get().timeline, 0, first).earlier === 0) await session.loadOlder();
    // Meanwhile the person may have gone on.
    if (first === undefined || list.scrollTop >= nearness) return;
    const earlier = movedBy(store.get().timeline, first, -step);
    if (earlier === first) return;
    first = earlier;
    quietly(update);
  }

  /**
   * What was said long ago is no news to a screen reader.
   *
   * @param {() => void} act
   */
  function quietly(act) {
    log.setAttribute('aria-live', 'off');
    act();
    setTimeout(() => log.removeAttribute('aria-live'), updateInterval);
  }
}

/**
 * The first message that is wholly in sight: it shall not move away while the person reads. The day on top moves with
 * the window, so it is none.
 *
 * @param {HTMLElement} list
 */
function inSight(list) {
  const rows = /** @type {HTMLCollectionOf<HTMLElement>} */ (list.children);
  const top = list.scrollTop;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.offsetTop ?? Infinity) < top) low = middle + 1;
    else high = middle;
  }
  while (rows[low] && rows[low]?.dataset['id'] === undefined) low += 1;
  return rows[low];
}
