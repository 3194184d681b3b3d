/** A test of the connection: how the page reaches the server, and what the network lets through. */

import { adviceOf, check } from '../../call/check.js';
import { t } from '../../i18n/t.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { keyed } from '../keyed.js';

/**
 * @typedef {import('../../call/check.js').Way} Way
 * @typedef {import('../../call/check.js').Outcome} Outcome
 */

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {AbortSignal} options.signal
 */
export function createCheck({ store, session, signal }) {
  const list = h('ul', { class: 'ways' });
  const advice = h('p', { class: 'advice', role: 'status' });
  const again = h('button', { type: 'button', onclick: run }, t('check.again'));
  const close = h('button', { type: 'button', class: 'primary', onclick: () => store.apply({ type: 'check', isOpen: false }) }, t('check.close'));
  const element = h(
    'dialog',
    { id: 'check', class: 'check', 'aria-labelledby': 'check-title', onclose: () => store.apply({ type: 'check', isOpen: false }) },
    h('h2', { id: 'check-title' }, t('check.title')),
    h('p', { class: 'hint' }, t('check.intro')),
    list,
    advice,
    h('div', { class: 'choices' }, again, close),
  );
  let trial = new AbortController();
  signal.addEventListener('abort', () => trial.abort());
  store.watch(({ panel }) => panel.isCheckOpen, show, { signal });
  return { element };

  /** @param {boolean} isOpen */
  function show(isOpen) {
    if (isOpen && !element.open) {
      element.showModal();
      run();
    } else if (!isOpen && element.open) {
      trial.abort();
      element.close();
    }
  }

  function run() {
    trial.abort();
    trial = new AbortController();
    void check(session.iceServers, { onChange: tell, signal: trial.signal });
  }

  /** @param {import('../../call/check.js').Outcomes} outcomes */
  function tell(outcomes) {
    const rows = [{ way: /** @type {const} */ ('server'), outcome: reached(store) }, ...[...outcomes].map(([way, outcome]) => ({ way, outcome }))];
    keyed(list, rows, ({ way }) => way, makeRow, (row, { outcome }) => row.show(outcome));
    const found = adviceOf(outcomes);
    advice.textContent = found ? t(found) : '';
  }
}

/** @param {import('../../state/state.js').PageStore} store @returns {Outcome} */
function reached(store) {
  return store.get().connection.isConnected ? 'works' : 'fails';
}

/** @param {{ way: Way | 'server' }} row */
function makeRow({ way }) {
  const mark = h('span', { class: 'outcome' });
  const element = h('li', { 'data-way': way }, h('span', {}, t(`check.${way}`)), mark);
  return {
    element,
    /** @param {Outcome} outcome */
    show(outcome) {
      element.dataset['outcome'] = outcome;
      const sign = outcome === 'tried' ? h('span', { class: 'spinner' }) : icon(outcome === 'works' ? 'check' : 'close');
      mark.replaceChildren(sign, t(`check.${outcome}`));
    },
  };
}
