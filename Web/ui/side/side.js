/** The panel beside the call: the chat, and who is in the room. On a phone it is a sheet over the call. */

import { h } from '../dom.js';
import { colourIndex, initials } from '../../state/format.js';
import { createChatPanel } from '../chat/chat.js';
import { personName } from '../controls/controls.js';
import { icon } from '../icons.js';

/**
 * @param {object} options
 * @param {import('../../net/chat.js').Chat} options.chat
 * @param {(files: FileList) => void} options.onFiles
 * @param {(unread: number) => void} options.onUnread
 * @param {(isOpen: boolean) => void} options.onToggle
 */
export function createSide({ chat, onFiles, onUnread, onToggle }) {
  const panel = createChatPanel({ chat, onFiles });
  const people = h('ul', { id: 'people', class: 'people', 'aria-label': 'People in the room' });
  const chatTab = tab('tab-chat', 'Chat', () => select(chatTab));
  const peopleTab = tab('tab-people', 'People', () => select(peopleTab));
  const chatPane = h('div', { class: 'pane', role: 'tabpanel', 'aria-labelledby': 'tab-chat' }, panel.element);
  const peoplePane = h('div', { class: 'pane', role: 'tabpanel', 'aria-labelledby': 'tab-people' }, people);
  const hide = h('button', { type: 'button', class: 'quiet square', 'aria-label': 'Close the panel', title: 'Close', onclick: () => setOpen(false) }, icon('close'));
  const tabs = h('div', { role: 'tablist', class: 'tabs', onkeydown: moveAlongTabs }, chatTab, peopleTab);
  const element = h('aside', { class: 'side', 'aria-label': 'Chat and people', onkeydown: escape }, h('header', {}, tabs, hide), chatPane, peoplePane);
  let unread = 0;

  chat.on('people', showPeople);
  chat.on('arrived', () => {
    if (isOpen() && !chatPane.hidden && document.hasFocus()) return;
    unread += 1;
    onUnread(unread);
  });
  window.addEventListener('focus', read);
  select(chatTab);
  return { element, isOpen, setOpen, focus: panel.focus };

  function isOpen() {
    return !element.hidden;
  }

  /** @param {boolean} open */
  function setOpen(open) {
    element.hidden = !open;
    onToggle(open);
    if (!open) return;
    panel.toEnd();
    read();
  }

  function read() {
    if (!isOpen() || chatPane.hidden || unread === 0) return;
    unread = 0;
    onUnread(0);
  }

  /** @param {HTMLElement} chosen */
  function select(chosen) {
    for (const each of [chatTab, peopleTab]) {
      each.setAttribute('aria-selected', String(each === chosen));
      each.tabIndex = each === chosen ? 0 : -1;
    }
    chatPane.hidden = chosen !== chatTab;
    peoplePane.hidden = chosen !== peopleTab;
    if (chosen === chatTab) read();
  }

  /** @param {KeyboardEvent} event */
  function moveAlongTabs(event) {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = chatPane.hidden ? chatTab : peopleTab;
    select(other);
    other.focus();
  }

  /** @param {KeyboardEvent} event */
  function escape(event) {
    if (event.key === 'Escape') setOpen(false);
  }

  function showPeople() {
    const { named, count, others } = chat.people;
    peopleTab.textContent = `People · ${count}`;
    people.replaceChildren(
      ...named.map(({ id, name }) =>
        h('li', {}, h('span', { class: 'avatar', 'aria-hidden': 'true', 'data-colour': colourIndex(name) }, initials(name)), ...personName(name, { class: 'name', isSelf: id === chat.self })),
      ),
      ...(others > 0 ? [h('li', { class: 'others' }, `and ${others} more`)] : []),
    );
  }
}

/** @param {string} id @param {string} label @param {() => void} onclick */
function tab(id, label, onclick) {
  return h('button', { id, type: 'button', role: 'tab', onclick }, label);
}
