/** Messages, who is typing, and the line to write in. */

import { arrange, h } from '../dom.js';
import { clockTime, dayLabel } from '../../i18n/format.js';
import { say, t } from '../../i18n/t.js';
import { linkify } from '../../state/format.js';
import { throttle } from '../throttle.js';
import { personName } from '../controls/controls.js';
import { icon } from '../icons.js';

/** As many characters as the server takes. */
const textLimit = 4000;
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
 * @param {import('../../net/chat.js').Chat} options.chat
 * @param {(files: FileList) => void} options.onFiles
 */
export function createChatPanel({ chat, onFiles }) {
  const list = h('ol', { id: 'messages', class: 'messages', tabindex: 0, 'aria-label': 'Messages' });
  const empty = h('p', { class: 'empty' }, 'No messages yet. Say hello!');
  const newest = h('button', { type: 'button', class: 'newest', hidden: true, onclick: toEnd }, icon('down'), 'New messages');
  const typing = h('p', { id: 'typing', class: 'typing', 'aria-live': 'polite' });
  const troubleWords = h('span', {});
  const again = h('button', { type: 'button', class: 'quiet small', onclick: () => chat.retry() }, 'Try again');
  const trouble = h('p', { id: 'chat-trouble', class: 'chat-trouble', role: 'status', hidden: true }, troubleWords, again);
  const message = h('textarea', { id: 'message', rows: 1, dir: 'auto', maxlength: textLimit, placeholder: 'Write a message', 'aria-label': 'Message', enterkeyhint: 'send' });
  const file = h('input', { id: 'file', type: 'file', multiple: true, class: 'visually-hidden', tabindex: -1, 'aria-label': 'Files to send', onchange: sendFiles });
  const attach = h('button', { type: 'button', class: 'quiet square', title: 'Send files to everyone in the call', 'aria-label': 'Send files', onclick: () => file.click() }, icon('clip'));
  const send = h('button', { type: 'submit', class: 'primary square', title: 'Send', 'aria-label': 'Send' }, icon('send'));
  const composer = h('form', { id: 'composer', class: 'composer', onsubmit: submit }, file, attach, message, send);
  const element = h('div', { class: 'chat' }, h('div', { class: 'messages-frame' }, empty, list, newest), trouble, typing, composer);
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  /**
   * The id of the first message shown, while the person reads further up; nothing while the newest are shown.
   *
   * @type {number | undefined}
   */
  let first;
  let newestSeen = 0;

  message.addEventListener('keydown', keyDown);
  message.addEventListener('input', () => {
    fit();
    chat.setTyping(message.value.trim() !== '');
  });
  message.addEventListener('blur', () => chat.setTyping(false));
  list.addEventListener('scroll', scrolled);
  chat.on('messages', throttle(update, updateInterval)).on('typing', showTyping).on('trouble', showTrouble);
  update();
  return { element, focus: () => message.focus(), toEnd };

  function update() {
    const { timeline } = chat;
    if (timeline.size > keptLimit) first = undefined;
    if (first === undefined) chat.forgetOlder(rowLimit);
    const part = timeline.window(rowLimit, first);
    const keys = new Set(part.items.map(({ key }) => key));
    for (const key of rows.keys()) if (!keys.has(key)) rows.delete(key);
    const shown = part.items.map((item) => row(item));
    const isFollowing = first === undefined;
    const anchor = isFollowing ? undefined : shown.find(staysInSight);
    const before = anchor?.offsetTop ?? 0;
    arrange(list, shown);
    empty.hidden = part.items.length > 0;
    if (isFollowing) list.scrollTop = list.scrollHeight;
    else if (anchor) list.scrollTop += anchor.offsetTop - before;
    if (!isFollowing && timeline.newest > newestSeen) newest.hidden = false;
    newestSeen = timeline.newest;
  }

  /**
   * Whether what is read shall not move away from under this one. The day on top moves with the window.
   *
   * @param {HTMLElement} element
   */
  function staysInSight(element) {
    return element.dataset['id'] !== undefined && element.isConnected && element.offsetTop >= list.scrollTop;
  }

  /** @param {import('../../state/timeline.js').Timeline['items'][number]} item */
  function row(item) {
    const known = rows.get(item.key);
    if (item.kind === 'day') {
      const day = known ?? h('li', { class: 'day' }, h('span', {}));
      const label = dayLabel(item.time, Date.now());
      if (day.firstElementChild && day.textContent !== label) day.firstElementChild.textContent = label;
      rows.set(item.key, day);
      return day;
    }
    const element = known ?? messageRow(item);
    rows.set(item.key, element);
    if (item.id !== undefined && !element.dataset['id']) element.dataset['id'] = String(item.id);
    element.classList.toggle('is-draft', item.id === undefined);
    element.classList.toggle('continues', item.continues);
    return element;
  }

  function showTyping() {
    const names = chat.typing;
    if (names.length === 0) typing.textContent = '';
    else typing.textContent = names.length > 2 ? t('chat.typing-many') : t('chat.typing', { names, count: names.length });
  }

  function showTrouble() {
    trouble.hidden = chat.trouble === undefined;
    troubleWords.textContent = chat.trouble ? say(chat.trouble) : '';
  }

  function toEnd() {
    first = undefined;
    newest.hidden = true;
    update();
  }

  function scrolled() {
    const part = chat.timeline.window(rowLimit, first);
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < nearness;
    if (!isAtEnd) {
      first ??= part.first;
      if (list.scrollTop < nearness) void showEarlier();
    } else if (part.later > 0 && part.first !== undefined) {
      first = chat.timeline.moved(part.first, Math.min(step, part.later));
      update();
    } else {
      first = undefined;
      newest.hidden = true;
    }
  }

  async function showEarlier() {
    if (chat.timeline.window(0, first).earlier === 0) await chat.loadOlder();
    // Meanwhile the person may have gone on.
    if (first === undefined || list.scrollTop >= nearness) return;
    const earlier = chat.timeline.moved(first, -step);
    if (earlier === first) return;
    first = earlier;
    update();
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
    first = undefined;
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

/** @param {import('../../state/timeline.js').MessageItem} item */
function messageRow({ name, text, time, isOwn }) {
  const parts = linkify(text).map((part) =>
    part.href ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, part.text) : part.text,
  );
  const when = h('time', { datetime: new Date(time).toISOString() }, clockTime(time));
  const head = h('p', { class: 'message-head' }, ...personName(name, { class: 'author', isSelf: isOwn }), when);
  return h('li', { class: isOwn ? 'message is-own' : 'message', title: clockTime(time) }, head, h('p', { class: 'text', dir: 'auto' }, ...parts));
}
