/** What is said on a tile of a person, and of the connection to them. */

import { t } from '../../i18n/t.js';
import { qualityWord } from '../../state/quality/quality.js';
import { verdictOf } from '../../state/quality/verification.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';

/** A raised hand, and which of them it is. */
export function createHandMark() {
  const number = h('span', {});
  const element = h('span', { class: 'hand-mark', role: 'img', hidden: true }, icon('hand'), number);
  return { element, update };

  /** @param {number} hand  0 if it is not up */
  function update(hand) {
    element.hidden = hand === 0;
    number.textContent = String(hand);
    element.title = t('hand.mark', { count: hand });
    element.setAttribute('aria-label', element.title);
  }
}

/** That somebody records the call. */
export function createRecordMark() {
  const element = h('span', { class: 'record-mark', role: 'img', hidden: true, title: t('record.mark'), 'aria-label': t('record.mark') }, icon('record'));
  return { element };
}

/** A quiet word on the way that sound and picture take; in a small tile a sign is left of it. */
export function createRouteMark() {
  const short = h('span', { class: 'route-words' });
  const element = h('span', { class: 'route', role: 'img', hidden: true });
  /** @type {import('../../call/route.js').Route | undefined} */
  let shown;
  return { element, update };

  /** @param {import('../../call/route.js').Route | undefined} way */
  function update(way) {
    element.hidden = way === undefined;
    if (way === undefined || way === shown) return;
    shown = way;
    const transport = way.slice('relay-'.length).toUpperCase();
    const long = way === 'direct' ? t('route.direct-long') : t('route.relay-long', { transport });
    short.textContent = way === 'direct' ? t('route.direct') : t('route.relay', { transport });
    element.title = long;
    element.setAttribute('aria-label', long);
    element.replaceChildren(icon(way === 'direct' ? 'direct' : 'relay'), short);
  }
}

/**
 * How good the connection to a person is: three bars, which lead to the figures. In a small tile they are seen only when it is not good.
 *
 * @param {object} options
 * @param {string} options.id
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createQualityMark({ id, store, signal }) {
  const open = () => store.apply({ type: 'stats', isOpen: true });
  const element = h('button', { type: 'button', class: 'quality', 'data-command': 'stats', onclick: open }, h('i'), h('i'), h('i'));
  store.watch(({ quality }) => qualityWord(quality, id), show, { signal });
  return { element };

  /** @param {ReturnType<typeof qualityWord>} word */
  function show(word) {
    element.hidden = word === undefined;
    if (word === undefined) return;
    const [grade] = word.split('-');
    element.dataset['grade'] = grade;
    element.title = t(`quality.${word}`);
    element.setAttribute('aria-label', element.title);
  }
}

/**
 * Says that somebody may be between this person and oneself: the code is not the one that was compared.
 *
 * @param {object} options
 * @param {string} options.id
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createTrustMark({ id, store, signal }) {
  const open = () => store.apply({ type: 'verify', id });
  const element = h('button', { type: 'button', class: 'small tile-trust', 'data-command': 'verify', onclick: open }, icon('warning'), h('span', {}, t('verify.mark')));
  store.watch(({ verification }) => verdictOf(verification, id), (verdict) => (element.hidden = verdict !== 'changed' && verdict !== 'refused'), { signal });
  return { element };
}

/**
 * What is wrong with the connection; with the reason, if it takes long.
 *
 * @param {() => void} onCheck  the person wants to know more
 */
export function createNote(onCheck) {
  const short = h('span', {});
  const reason = h('span', { class: 'tile-reason' });
  const address = relayOnlyAddress();
  const again = h('a', { class: 'tile-again', href: address }, t('tile.relay-only'));
  const check = h('button', { type: 'button', class: 'small tile-check', onclick: onCheck }, t('command.check'));
  const element = h('div', { class: 'tile-note', hidden: true }, short, reason, again, check);
  return {
    element,
    /** @param {string} text @param {import('../../i18n/t.js').Key} [why] */
    show(text, why) {
      element.hidden = text === '';
      element.classList.toggle('has-reason', why !== undefined);
      short.textContent = text;
      reason.textContent = why ? t(why) : '';
      reason.hidden = why === undefined;
      check.hidden = why === undefined;
      // It helps where there is a relay that answers, and is not all that is tried already.
      again.hidden = why !== 'tile.no-path' || address === undefined;
    },
  };
}

/** This page, connecting through the server alone; nothing if it does so. */
function relayOnlyAddress() {
  const query = new URLSearchParams(location.search);
  if (query.get('relay') === 'only') return undefined;
  query.set('relay', 'only');
  return `${location.pathname}?${query}`;
}
