/** Reactions: the choice of one, what is shown of those whose tile is not seen, and what is read out. */

import { t } from '../../i18n/t.js';
import { reactionCodes } from '../../state/stage/reactions.js';
import { placesOf } from '../../state/stage/stage.js';
import { h } from '../dom.js';
import { keyed } from '../keyed.js';
import { placeAbove } from '../menu/place.js';
import { throttle } from '../throttle.js';
import { pictures } from './pictures.js';
import { wordsOf } from './words.js';

/** What is shown is read out no more often, in milliseconds: applause is one thing, not a hundred. */
const speakInterval = 4000;

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {HTMLElement[]} options.openers  the buttons that the choice stands above, the best first
 * @param {AbortSignal} options.signal
 */
export function createReactions({ store, session, openers, signal }) {
  const buttons = reactionCodes.map((code) => {
    const name = t(`reaction.${code}`);
    return h('button', { type: 'button', class: 'reaction-choice', 'data-reaction': code, title: name, 'aria-label': name, onclick: () => session.react(code) }, pictures[code]);
  });
  const menu = h('dialog', { id: 'reactions', class: 'menu reactions', 'aria-label': t('command.reactions'), onclose: close, onclick: clicked, onkeydown: move }, ...buttons);
  const strip = h('ul', { class: 'reaction-strip', 'aria-hidden': 'true' });
  const spoken = h('p', { class: 'visually-hidden', role: 'status' });
  for (const opener of openers) opener.setAttribute('aria-haspopup', 'dialog');
  store.watch(({ panel }) => panel.isReactionsOpen, show, { signal });
  addEventListener('resize', close, { signal });
  const speak = throttle(() => (spoken.textContent = wordsOf(store.get())), speakInterval);
  store.watch(({ reactions }) => reactions.list, speak, { signal });
  store.watch(({ reactions }) => reactions.list, showStrip, { signal });
  store.watch(({ stage }) => stage, showStrip, { signal });
  return { menu, strip, spoken };

  /** @param {boolean} isOpen */
  function show(isOpen) {
    if (isOpen && !menu.open) {
      menu.showModal();
      placeAbove(menu, openers.find((opener) => opener.offsetParent !== null) ?? openers[0]);
    } else if (!isOpen && menu.open) {
      menu.close();
    }
  }

  function close() {
    store.apply({ type: 'reaction-menu', isOpen: false });
  }

  /** @param {MouseEvent} event */
  function clicked(event) {
    // One beside the choices closes them; after a choice one may want another.
    if (event.target === menu) close();
  }

  /** @param {KeyboardEvent} event */
  function move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const place = buttons.findIndex((button) => button === document.activeElement);
    const way = getComputedStyle(menu).direction === 'rtl' ? -step : step;
    buttons[(place + way + buttons.length) % buttons.length]?.focus();
  }

  function showStrip() {
    const state = store.get();
    const { self, list: members } = state.members;
    const { seen } = placesOf(state);
    const rows = state.reactions.list
      .filter(({ id }) => !seen.includes(id === self ? 'self' : id))
      .map(({ id, code, count }) => ({ id, code, count, name: members.find((member) => member.id === id)?.name ?? '' }));
    keyed(strip, rows.slice(-3), ({ id, code }) => `${id} ${code}`, makeRow, (row, { count, name }) => row.show(count, name));
  }
}

/** @param {{ code: import('../../state/stage/reactions.js').ReactionCode }} reaction */
function makeRow({ code }) {
  const who = h('bdi', {});
  const often = h('span', {});
  const element = h('li', {}, h('span', { class: 'reaction-picture' }, pictures[code]), who, often);
  return {
    element,
    /** @param {number} count @param {string} name */
    show(count, name) {
      who.textContent = name;
      often.textContent = count > 1 ? t('reaction.count', { count }) : '';
    },
  };
}
