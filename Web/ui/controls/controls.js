/** Small controls that several screens use. */

import { say } from '../../i18n/t.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';

/** @typedef {Parameters<typeof icon>[0]} IconName */

/**
 * A round button that is on or off, and says so to a screen reader.
 *
 * @param {object} options
 * @param {IconName} options.icon
 * @param {IconName} [options.pressedIcon]
 * @param {string} options.label  what pressing it does
 * @param {string} [options.shortcut]
 * @param {string} [options.id]
 * @param {string} [options.kind]  more classes
 * @param {() => void} options.onclick
 */
export function toggle({ icon: name, pressedIcon = name, label, shortcut, id, kind = '', onclick }) {
  const title = shortcut ? `${label} (${shortcut})` : label;
  const element = h('button', { id, type: 'button', class: `round ${kind}`, title, 'aria-label': label, 'aria-pressed': 'false', 'aria-keyshortcuts': shortcut, onclick }, icon(name));
  return {
    element,
    /** @param {boolean} isPressed */
    setPressed(isPressed) {
      if (element.getAttribute('aria-pressed') === String(isPressed)) return;
      element.setAttribute('aria-pressed', String(isPressed));
      element.replaceChildren(icon(isPressed ? pressedIcon : name));
    },
  };
}

/**
 * The name of a person, which they chose: a text that changes nothing around it. One's own carries a mark that is no
 * part of the text, so that no name can look like it.
 *
 * @param {string} name
 * @param {object} options
 * @param {string} options.class
 * @param {boolean} options.isSelf
 */
export function personName(name, { class: kind, isSelf }) {
  const text = h('bdi', { class: kind }, name);
  return isSelf ? [text, h('span', { class: 'you' }, 'you')] : [text];
}

/** How long a note is shown, in milliseconds. */
const noteTime = 5000;

/** Short notes that pass, such as who came; read aloud by screen readers. */
export function createNotes() {
  const element = h('div', { class: 'notes', role: 'status', 'aria-live': 'polite' });
  return {
    element,
    /** @param {import('../../i18n/t.js').Sentence} sentence */
    add(sentence) {
      const note = h('p', { class: 'note' }, say(sentence));
      element.append(note);
      while (element.children.length > 3) element.firstElementChild?.remove();
      setTimeout(() => note.remove(), noteTime);
    },
  };
}
