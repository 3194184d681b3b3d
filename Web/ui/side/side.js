/** The panel beside the call: the chat, and who is in the room. On a phone it is a sheet over the call. */

import { t } from '../../i18n/t.js';
import { createChat } from '../chat/chat.js';
import { isEscape } from '../commands/shortcuts.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { createPeople } from '../people/people.js';

/** @typedef {import('../../state/panel.js').Tab} Tab */

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {AbortSignal} options.signal
 */
export function createSide({ store, session, signal }) {
  const chat = createChat({ store, session, signal });
  const people = createPeople({ store, session, signal });
  const tabs = { chat: tab('chat', t('side.chat')), people: tab('people', '') };
  const panes = { chat: pane('chat', chat.element), people: pane('people', people.element) };
  const label = t('side.close');
  const hide = h('button', { type: 'button', class: 'quiet square', 'aria-label': label, title: label, onclick: close }, icon('close'));
  const list = h('div', { role: 'tablist', class: 'tabs', 'aria-label': t('side.title'), onkeydown: moveAlongTabs }, tabs.chat, tabs.people);
  const element = h('aside', { class: 'side', 'aria-label': t('side.title'), onkeydown: escape }, h('header', {}, list, hide), panes.chat, panes.people);
  store.watch(({ panel }) => panel.isOpen, (isOpen) => (element.hidden = !isOpen), { signal });
  store.watch(({ panel }) => (panel.isOpen ? panel.tab : undefined), show, { signal });
  store.watch(({ members: { count } }) => count, (count) => (tabs.people.textContent = t('side.people', { count })), { signal });
  return { element, focus };

  /** @param {Tab | undefined} chosen */
  function show(chosen) {
    if (chosen === undefined) return;
    for (const name of /** @type {const} */ (['chat', 'people'])) {
      tabs[name].setAttribute('aria-selected', String(name === chosen));
      tabs[name].tabIndex = name === chosen ? 0 : -1;
      panes[name].hidden = name !== chosen;
    }
    if (chosen === 'chat') chat.toEnd();
  }

  function focus() {
    if (store.get().panel.tab === 'chat') chat.focus();
    else tabs.people.focus();
  }

  function close() {
    store.apply({ type: 'panel', isOpen: false });
  }

  /** @param {KeyboardEvent} event */
  function moveAlongTabs(event) {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = store.get().panel.tab === 'chat' ? 'people' : 'chat';
    store.apply({ type: 'panel', isOpen: true, tab: other });
    tabs[other].focus();
  }

  /** @param {KeyboardEvent} event */
  function escape(event) {
    if (isEscape(event)) close();
  }

  /** @param {Tab} name @param {string} words */
  function tab(name, words) {
    const onclick = () => store.apply({ type: 'panel', isOpen: true, tab: name });
    return h('button', { id: `tab-${name}`, type: 'button', role: 'tab', 'aria-controls': `pane-${name}`, onclick }, words);
  }
}

/** @param {Tab} name @param {HTMLElement} content */
function pane(name, content) {
  return h('div', { id: `pane-${name}`, class: 'pane', role: 'tabpanel', 'aria-labelledby': `tab-${name}` }, content);
}
