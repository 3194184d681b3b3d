/** The line to write in. */

import { t } from '../../i18n/t.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';

/** As many characters as the server takes. */
export const textLimit = 4000;
/** From so many on it is said how many are left. */
const warnFrom = 3500;
/** The line grows to this height, in pixels. */
const heightLimit = 140;

/**
 * What to say of the length of a text, in code points as the server counts.
 *
 * @param {string} text
 * @returns {{ left: number } | undefined}  less than nothing is left of a text that is too long
 */
export function lengthOf(text) {
  if (text.length < warnFrom) return undefined;
  const count = [...text].length;
  return count < warnFrom ? undefined : { left: textLimit - count };
}

/**
 * @param {object} options
 * @param {import('../../session.js').Session} options.session
 * @param {(text: string) => void} options.onSay
 */
export function createComposer({ session, onSay }) {
  const message = h('textarea', {
    id: 'message',
    rows: 1,
    dir: 'auto',
    placeholder: t('chat.write'),
    'aria-label': t('chat.message'),
    'aria-describedby': 'message-length',
    enterkeyhint: 'send',
    onkeydown: keyDown,
    oninput: changed,
    onblur: () => session.setTyping(false),
  });
  const words = h('span', { id: 'message-length', role: 'status' });
  const asFile = h('button', { type: 'button', class: 'quiet small', onclick: sendAsFile }, t('chat.as-file'));
  const length = h('p', { class: 'message-length', hidden: true }, words, asFile);
  const file = h('input', { id: 'file', type: 'file', multiple: true, class: 'visually-hidden', tabindex: -1, 'aria-label': t('chat.files'), onchange: sendFiles });
  const attach = h('button', { type: 'button', class: 'quiet square', title: t('chat.attach-long'), 'aria-label': t('chat.attach'), onclick: () => file.click() }, icon('clip'));
  const send = h('button', { type: 'submit', class: 'primary square', title: t('chat.send'), 'aria-label': t('chat.send') }, icon('send'));
  const form = h('form', { id: 'composer', class: 'composer', onsubmit: submit }, file, attach, message, send);
  const element = h('div', {}, length, form);
  return { element, focus: () => message.focus() };

  /** @param {KeyboardEvent} event */
  function keyDown(event) {
    // While an input method composes a word, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const text = message.value.trim();
    if (text === '' || (lengthOf(text)?.left ?? 0) < 0) return;
    onSay(text);
    clear();
  }

  function sendAsFile() {
    session.sendFiles([new File([message.value], t('chat.file-name'), { type: 'text/plain' })]);
    clear();
  }

  function sendFiles() {
    if (file.files && file.files.length > 0) session.sendFiles(file.files);
    file.value = '';
  }

  function clear() {
    message.value = '';
    changed();
    message.focus();
  }

  function changed() {
    message.style.height = 'auto';
    message.style.height = `${Math.min(message.scrollHeight, heightLimit)}px`;
    session.setTyping(message.value.trim() !== '');
    const { left } = lengthOf(message.value.trim()) ?? { left: Infinity };
    length.hidden = left === Infinity;
    asFile.hidden = left >= 0;
    send.disabled = left < 0;
    message.setAttribute('aria-invalid', String(left < 0));
    if (left < 0) words.textContent = t('chat.too-long', { count: -left });
    else if (left < Infinity) words.textContent = t('chat.left-to-write', { count: left });
  }
}
