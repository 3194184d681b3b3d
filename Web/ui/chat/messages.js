/** The list of messages: a window of them, which follows the newest or stays where the person reads. */

import { dayLabel } from '../../i18n/format.js';
import { t } from '../../i18n/t.js';
import { movedBy, newestOf, windowOf } from '../../state/timeline.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { keyed } from '../keyed.js';
import { throttle } from '../throttle.js';
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

export class Messages {
  element;
  /**
   * The number of the first message shown, while the person reads further up; nothing while the newest are shown.
   *
   * @type {number | undefined}
   */
  #first;
  #newestSeen = 0;
  #list = h('ol', { id: 'messages', class: 'messages', tabindex: 0, 'aria-label': t('chat.messages'), onscroll: () => this.#scrolled() });
  #log = h('div', { class: 'log', role: 'log', 'aria-label': t('chat.messages') }, this.#list);
  #empty = h('p', { class: 'empty' }, t('chat.empty'));
  #newest = h('button', { type: 'button', class: 'newest', hidden: true, onclick: () => this.toEnd() }, icon('down'), t('chat.newest'));
  #store;
  #session;
  #signal;

  /**
   * @param {object} options
   * @param {import('../../state/state.js').PageStore} options.store
   * @param {import('../../session.js').Session} options.session
   * @param {AbortSignal} options.signal
   */
  constructor({ store, session, signal }) {
    this.#store = store;
    this.#session = session;
    this.#signal = signal;
    this.element = h('div', { class: 'messages-frame' }, this.#empty, this.#log, this.#newest);
    store.watch(({ timeline }) => timeline, throttle(() => this.update(), updateInterval), { signal });
  }

  /** Shows what is known by now. */
  update() {
    if (this.#signal.aborted) return;
    const store = this.#store;
    if (store.get().timeline.messages.length > keptLimit) this.follow();
    if (this.#first === undefined) this.#session.forgetOlder(rowLimit);
    const { timeline, connection } = store.get();
    const { items } = windowOf(timeline, rowLimit, this.#first);
    const now = Date.now() + connection.clock;
    const rows = items.map((item) => (item.kind === 'day' ? { ...item, label: dayLabel(item.time, now) } : item));
    this.#stayingInPlace(() => keyed(this.#list, rows, ({ key }) => key, makeRow, (row, item) => row.update(item)));
    this.#empty.hidden = items.length > 0;
    if (this.#first !== undefined && newestOf(timeline) > this.#newestSeen) this.#newest.hidden = false;
    this.#newestSeen = newestOf(timeline);
  }

  /** Goes to the newest message, and stays with them. */
  toEnd() {
    this.follow();
    this.#newest.hidden = true;
    this.update();
  }

  /** Shows the newest from the next message on. */
  follow() {
    this.#first = undefined;
  }

  /** @param {() => void} change  of the rows */
  #stayingInPlace(change) {
    const list = this.#list;
    if (this.#first === undefined) {
      change();
      list.scrollTop = list.scrollHeight;
      return;
    }
    const anchor = inSight(list);
    const before = anchor?.offsetTop ?? 0;
    change();
    if (anchor?.isConnected && anchor.offsetTop !== before) list.scrollTop += anchor.offsetTop - before;
  }

  #scrolled() {
    const list = this.#list;
    const { timeline } = this.#store.get();
    const part = windowOf(timeline, rowLimit, this.#first);
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < nearness;
    if (!isAtEnd) {
      this.#first ??= part.first;
      if (list.scrollTop < nearness) void this.#showEarlier();
    } else if (part.later > 0 && part.first !== undefined) {
      this.#first = movedBy(timeline, part.first, Math.min(step, part.later));
      this.#updateQuietly();
    } else {
      this.follow();
      this.#newest.hidden = true;
    }
  }

  async #showEarlier() {
    const timeline = () => this.#store.get().timeline;
    if (windowOf(timeline(), 0, this.#first).earlier === 0) await this.#session.loadOlder();
    // Meanwhile the person may have gone on.
    if (this.#first === undefined || this.#list.scrollTop >= nearness) return;
    const earlier = movedBy(timeline(), this.#first, -step);
    if (earlier === this.#first) return;
    this.#first = earlier;
    this.#updateQuietly();
  }

  /** What was said long ago is no news to a screen reader. */
  #updateQuietly() {
    this.#log.setAttribute('aria-live', 'off');
    this.update();
    setTimeout(() => this.#log.removeAttribute('aria-live'), updateInterval);
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
  while (rows[low] && rows[low]?.dataset['number'] === undefined) low += 1;
  return rows[low];
}
