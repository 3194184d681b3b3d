/** Messages, who is typing, and the line to write in. */

import { arrange, h } from '../lib/dom.js';
import { clockTime, dayLabel, linkify, typingLabel } from '../lib/format.js';
import { personName } from './controls.js';
import { icon } from './icons.js';

/** As many characters as the server takes. */
const textLimit = 4000;
/** So near to an end of the list, in pixels, counts as being there. */
const nearness = 60;

/**
 * @param {object} options
 * @param {import('../chat/chat.js').Chat} options.chat
 * @param {(files: FileList) => void} options.onFiles
 */
export function createChatPanel({ chat, onFiles }) {
  const list = h('ol', { id: 'messages', class: 'messages', tabindex: 0, 'aria-label': 'Messages' });
  const empty = h('p', { class: 'empty' }, 'No messages yet. Say hello!');
  const newest = h('button', { type: 'button', class: 'newest', hidden: true, onclick: toEnd }, icon('down'), 'New messages');
  const typing = h('p', { id: 'typing', class: 'typing', 'aria-live': 'polite' });
  const message = h('textarea', { id: 'message', rows: 1, dir: 'auto', maxlength: textLimit, placeholder: 'Write a message', 'aria-label': 'Message', enterkeyhint: 'send' });
  const file = h('input', { id: 'file', type: 'file', multiple: true, class: 'visually-hidden', tabindex: -1, 'aria-label': 'Files to send', onchange: sendFiles });
  const attach = h('button', { type: 'button', class: 'quiet square', title: 'Send files to everyone in the call', 'aria-label': 'Send files', onclick: () => file.click() }, icon('clip'));
  const send = h('button', { type: 'submit', class: 'primary square', title: 'Send', 'aria-label': 'Send' }, icon('send'));
  const composer = h('form', { id: 'composer', class: 'composer', onsubmit: submit }, file, attach, message, send);
  const element = h('div', { class: 'chat' }, h('div', { class: 'messages-frame' }, empty, list, newest), typing, composer);
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  let isAtEnd = true;

  message.addEventListener('keydown', keyDown);
  message.addEventListener('input', () => {
    fit();
    chat.setTyping(message.value.trim() !== '');
  });
  message.addEventListener('blur', () => chat.setTyping(false));
  list.addEventListener('scroll', scrolled);
  chat.on('messages', update).on('typing', showTyping);
  update();
  return { element, focus: () => message.focus(), toEnd };

  function update() {
    const before = list.scrollHeight - list.scrollTop;
    const oldest = list.firstElementChild?.nextElementSibling;
    const last = list.lastElementChild;
    const items = chat.timeline.items;
    const shown = items.map((item) => row(item));
    for (const key of [...rows.keys()]) if (!items.some((item) => item.key === key)) rows.delete(key);
    arrange(list, shown);
    empty.hidden = items.length > 0;
    const grewAbove = oldest !== undefined && oldest !== list.firstElementChild?.nextElementSibling;
    if (isAtEnd) toEnd();
    else if (grewAbove) list.scrollTop = list.scrollHeight - before;
    else if (list.lastElementChild !== last) newest.hidden = false;
  }

  /** @param {import('../chat/timeline.js').Timeline['items'][number]} item */
  function row(item) {
    const known = rows.get(item.key);
    if (item.kind === 'day') {
      const day = known ?? h('li', { class: 'day' }, h('span', {}));
      if (day.firstElementChild) day.firstElementChild.textContent = dayLabel(item.time, Date.now());
      rows.set(item.key, day);
      return day;
    }
    const element = known ?? messageRow(item);
    rows.set(item.key, element);
    if (item.id !== undefined) element.dataset['id'] = String(item.id);
    element.classList.toggle('is-draft', item.id === undefined);
    element.classList.toggle('continues', item.continues);
    return element;
  }

  function showTyping() {
    typing.textContent = typingLabel(chat.typing);
  }

  function toEnd() {
    list.scrollTop = list.scrollHeight;
    isAtEnd = true;
    newest.hidden = true;
  }

  function scrolled() {
    isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < nearness;
    if (isAtEnd) newest.hidden = true;
    if (list.scrollTop < nearness) void chat.loadOlder();
  }

  /** @param {KeyboardEvent} event */
  function keyDown(event) {
    // While an input method composes a word, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    composer.requestSubmit();
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const text = message.value.trim();
    if (text === '') return;
    isAtEnd = true;
    chat.say(text);
    message.value = '';
    fit();
    message.focus();
  }

  function sendFiles() {
    if (file.files && file.files.length > 0) onFiles(file.files);
    file.value = '';
  }

  function fit() {
    message.style.height = 'auto';
    message.style.height = `${Math.min(message.scrollHeight, 140)}px`;
  }
}

/** @param {import('../chat/timeline.js').MessageItem} item */
function messageRow({ name, text, time, isOwn }) {
  const parts = linkify(text).map((part) =>
    part.href ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, part.text) : part.text,
  );
  const when = h('time', { datetime: new Date(time).toISOString() }, clockTime(time));
  const head = h('p', { class: 'message-head' }, ...personName(name, { class: 'author', isSelf: isOwn }), when);
  return h('li', { class: isOwn ? 'message is-own' : 'message', title: clockTime(time) }, head, h('p', { class: 'text', dir: 'auto' }, ...parts));
}
