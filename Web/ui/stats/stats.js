/** How the connection to each person does: figures, their course over two minutes, and a copy for a report. */

import { t } from '../../i18n/t.js';
import { qualityWord } from '../../state/quality/quality.js';
import { h } from '../dom.js';
import { keyed } from '../keyed.js';
import { createPlot } from './plot.js';
import { plots, reportOf, rowsOf } from './words.js';

/**
 * @typedef {import('../../state/quality/quality.js').PeerQuality} PeerQuality
 * @typedef {{ id: string, name: string, quality: PeerQuality | undefined, word: ReturnType<typeof qualityWord> }} Row
 */

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createStats({ store, signal }) {
  const list = h('div', { class: 'stats-list scrolls', tabindex: 0 });
  const alone = h('p', { class: 'hint' }, t('stats.alone'));
  const copied = h('p', { class: 'hint copied', role: 'status' });
  // Where there is no clipboard, it is copied by hand.
  const text = h('textarea', { class: 'stats-text', readonly: true, rows: 6, 'aria-label': t('stats.copy'), hidden: true });
  const copy = h('button', { type: 'button', class: 'stats-copy', onclick: () => void copyText() }, t('stats.copy'));
  const close = h('button', { type: 'button', class: 'primary', autofocus: true, onclick: () => store.apply({ type: 'stats', isOpen: false }) }, t('stats.close'));
  const element = h(
    'dialog',
    { id: 'stats', class: 'stats', 'aria-labelledby': 'stats-title', onclose: () => store.apply({ type: 'stats', isOpen: false }) },
    h('h2', { id: 'stats-title' }, t('stats.title')),
    alone, list, text, copied,
    h('div', { class: 'choices' }, copy, close),
  );
  store.watch(({ panel }) => panel.isStatsOpen, open, { signal });
  store.watch(({ quality }) => quality, show, { signal });
  store.watch(({ peers }) => peers.list, show, { signal });
  return { element };

  /** @param {boolean} isOpen */
  function open(isOpen) {
    if (isOpen && !element.open) {
      copied.textContent = '';
      text.hidden = true;
      element.showModal();
      show();
    } else if (!isOpen && element.open) {
      element.close();
    }
  }

  function show() {
    const { quality, peers, panel } = store.get();
    // Nobody sees it, and figures come all the time.
    if (!panel.isStatsOpen) return;
    /** @type {Row[]} */
    const rows = peers.list.map(({ id, name }) => ({ id, name, quality: quality.get(id), word: qualityWord(quality, id) }));
    keyed(list, rows, ({ id }) => id, (row) => makeSection(row, (id) => store.apply({ type: 'verify', id })), (section, row) => section.show(row));
    list.hidden = rows.length === 0;
    alone.hidden = rows.length > 0;
    copy.disabled = quality.size === 0;
  }

  async function copyText() {
    const report = reportOf([...store.get().quality.values()], { time: new Date(), browser: navigator.userAgent });
    try {
      await navigator.clipboard.writeText(report);
      copied.textContent = t('stats.copied');
    } catch {
      text.value = report;
      text.hidden = false;
      text.select();
      copied.textContent = t('stats.copy-by-hand');
    }
  }
}

/** @param {Row} row @param {(id: string) => void} verify */
function makeSection({ id }, verify) {
  const name = h('bdi', {});
  const compare = h('button', { type: 'button', class: 'small', 'data-command': 'verify', onclick: () => verify(id) }, t('verify.compare'));
  const word = h('p', { class: 'hint' });
  const table = h('tbody', {});
  const drawn = plots.map(createPlot);
  const element = h(
    'section',
    { class: 'stats-peer', 'data-peer': id },
    h('header', {}, h('h3', {}, name), compare),
    word,
    h('table', {}, table),
    h('div', { class: 'plots' }, ...drawn.map(({ element }) => element)),
  );
  return {
    element,
    /** @param {Row} row */
    show({ name: called, quality, word: grade }) {
      name.textContent = called;
      compare.setAttribute('aria-label', t('verify.compare-one', { name: called }));
      word.textContent = quality === undefined ? t('stats.nothing-yet') : grade === undefined ? '' : t(`quality.${grade}`);
      word.hidden = word.textContent === '';
      const rows = quality === undefined ? [] : rowsOf(quality.figures);
      keyed(table, rows, ({ label }) => label, makeRow, (row, { value }) => row.show(value));
      for (const plot of drawn) plot.show(quality?.samples ?? []);
    },
  };
}

/** @param {{ label: string }} row */
function makeRow({ label }) {
  const cell = h('td', {});
  return {
    element: h('tr', {}, h('th', { scope: 'row' }, label), cell),
    /** @param {string} value */
    show: (value) => (cell.textContent = value),
  };
}
