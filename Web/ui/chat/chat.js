/** Messages, who is typing, and the line to write in. */

import { say, t } from '../../i18n/t.js';
import { typingNames } from '../../state/members.js';
import { h } from '../dom.js';
import { createComposer } from './composer.js';
import { Messages } from './messages.js';

/** More names than that say less than their number. */
const namedTyping = 2;

/**
 * @typedef {object} Options
 * @property {import('../../state/state.js').PageStore} store
 * @property {import('../../session.js').Session} session
 * @property {AbortSignal} signal
 */

/** @param {Options} options */
export function createChat({ store, session, signal }) {
  const messages = new Messages({ store, session, signal });
  const composer = createComposer({ session, onSay });
  const parts = { store, session, signal };
  const element = h('div', { class: 'chat' }, messages.element, createTrouble(parts), createTyping(parts), composer.element);
  return { element, focus: composer.focus, toEnd: () => messages.toEnd(), update: () => messages.update() };

  /** @param {string} text */
  function onSay(text) {
    messages.follow();
    session.say(text);
  }
}

/** @param {Options} options */
function createTyping({ store, signal }) {
  const element = h('p', { id: 'typing', class: 'typing', 'aria-live': 'polite' });
  store.watch(({ members }) => members.typing, () => show(typingNames(store.get().members)), { signal });
  return element;

  /** @param {string[]} names */
  function show(names) {
    if (names.length === 0) element.textContent = '';
    else element.textContent = names.length > namedTyping ? t('chat.typing-many') : t('chat.typing', { names, count: names.length });
  }
}

/**
 * Why what is said is not stored.
 *
 * @param {Options} options
 */
function createTrouble({ store, session, signal }) {
  const words = h('span', {});
  const again = h('button', { type: 'button', class: 'quiet small', onclick: () => session.retry() }, t('chat.retry'));
  const element = h('p', { id: 'chat-trouble', class: 'chat-trouble', role: 'status' }, words, again);
  store.watch(({ connection }) => connection.trouble, show, { signal });
  return element;

  /** @param {import('../../i18n/t.js').Sentence | undefined} trouble */
  function show(trouble) {
    element.hidden = trouble === undefined;
    words.textContent = trouble ? say(trouble) : '';
  }
}
