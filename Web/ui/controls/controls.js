/** Small elements that several screens use. */

import { t } from '../../i18n/t.js';
import { logoPath } from '../../state/addresses.js';
import { initials } from './initials.js';
import { colourOf } from '../../state/colours.js';
import { h } from '../dom.js';

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
  return isSelf ? [text, h('span', { class: 'you' }, t('tile.you'))] : [text];
}

/** A circle with initials; `show` says whose. */
export function createAvatar() {
  const element = h('div', { class: 'avatar', 'aria-hidden': 'true' });
  return {
    element,
    /** @param {string} name @param {import('../../state/colours.js').Colours} colours */
    show(name, colours) {
      element.textContent = initials(name) || '?';
      element.dataset['colour'] = String(colourOf(colours, name));
    },
  };
}

/**
 * A field with its label above.
 *
 * @param {string} label
 * @param {HTMLElement} input  with an id
 * @param {import('../dom.js').Child[]} rest
 */
export function field(label, input, ...rest) {
  return h('div', { class: 'field' }, h('label', { for: input.id }, label), input, ...rest);
}

/**
 * A page of its own with a title, a sentence and what follows.
 *
 * @param {string} id
 * @param {string} title
 * @param {string} words
 * @param {import('../dom.js').Child[]} rest
 */
export function heroPage(id, title, words, ...rest) {
  const logo = h('img', { src: logoPath(), alt: '', width: 56, height: 56 });
  const head = h('header', { class: 'hero' }, logo, h('h1', { tabindex: -1 }, title), h('p', {}, words));
  return h('main', { id, class: 'page' }, head, ...rest);
}
