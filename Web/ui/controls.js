/** Small controls that several screens use. */

import { h } from '../lib/dom.js';
import { icon } from './icons.js';

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

/** How long a note is shown, in milliseconds. */
const noteTime = 5000;

/** Short notes that pass, such as who came; read aloud by screen readers. */
export function createNotes() {
  const element = h('div', { class: 'notes', role: 'status', 'aria-live': 'polite' });
  return {
    element,
    /** @param {string} text */
    add(text) {
      const note = h('p', { class: 'note' }, text);
      element.append(note);
      while (element.children.length > 3) element.firstElementChild?.remove();
      setTimeout(() => note.remove(), noteTime);
    },
  };
}
