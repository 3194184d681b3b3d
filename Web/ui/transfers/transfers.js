/** Files on their way, and those that have come. */

import { t } from '../../i18n/t.js';
import { isOver, unsavedOf } from '../../state/transfers.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { keyed } from '../keyed.js';
import { describe } from './words.js';

/**
 * @typedef {import('../../state/transfers.js').Transfer} Transfer
 * @typedef {import('../../state/state.js').PageStore} PageStore
 */

/** In a smaller window rows would cover the faces. */
const roomy = '(min-width: 900px) and (min-height: 501px)';

/**
 * @param {object} options
 * @param {PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createTransfers({ store, signal }) {
  const rows = h('ul', { id: 'transfers', class: 'transfer-list', 'aria-label': t('files.title') });
  const fold = h('button', { type: 'button', class: 'small fold', 'aria-controls': 'transfers', onclick: () => setFolded(!isFolded) });
  const element = h('div', { class: 'transfers' }, fold, rows);
  const make = (/** @type {Transfer} */ transfer) => createRow(transfer, store);
  let isFolded = !matchMedia(roomy).matches;
  setFolded(isFolded);
  store.watch(({ transfers }) => transfers.list, show, { signal });
  return { element };

  /** @param {readonly Transfer[]} list */
  function show(list) {
    fold.hidden = list.length < 2;
    fold.textContent = t('files.count', { count: list.length });
    rows.classList.toggle('is-one', list.length === 1);
    keyed(rows, questionsFirst(list), ({ id }) => id, make, (row, transfer) => row.update(transfer));
  }

  /** @param {boolean} isNow  whether only those are seen that need the person */
  function setFolded(isNow) {
    isFolded = isNow;
    fold.setAttribute('aria-expanded', String(!isNow));
    rows.classList.toggle('is-folded', isNow);
  }
}

/** @param {readonly Transfer[]} list */
function questionsFirst(list) {
  return [...list].sort((a, b) => Number(b.question !== undefined) - Number(a.question !== undefined));
}

/**
 * Saves a file that has come.
 *
 * @param {Transfer} file
 * @param {PageStore} store
 */
export function saveLink({ id, url, name, save }, store) {
  const label = t('files.save-one', { name });
  const onclick = () => {
    save?.();
    store.apply({ type: 'transfer-saved', id });
  };
  return h('a', { class: 'save', href: url, download: name, 'aria-label': label, onclick }, icon('save'), t('files.save'));
}

/** @param {Transfer} first @param {PageStore} store */
function createRow(first, store) {
  const detail = h('span', { class: 'detail' });
  const progress = h('progress', { max: Math.max(first.size, 1), 'aria-label': t('files.progress', { name: first.name }) });
  const actions = h('div', { class: 'actions' });
  const end = h('button', { type: 'button', class: 'quiet small square', onclick: stop }, icon('close'));
  const name = h('bdi', { class: 'file-name', title: first.name }, first.name);
  const body = h('div', { class: 'transfer-body' }, name, detail, progress);
  const element = h('li', { class: 'transfer' }, h('span', { class: 'file-mark' }, icon('file')), body, actions, end);
  let file = first;
  let shown = '';
  return { element, update };

  /** @param {Transfer} row */
  function update(row) {
    file = row;
    const isEnded = isOver(row);
    element.dataset['state'] = row.state;
    element.classList.toggle('needs-person', row.question !== undefined || (row.state === 'done' && row.url !== undefined));
    if (row.digest) element.dataset['digest'] = row.digest;
    progress.max = Math.max(row.size, 1);
    progress.value = row.size === 0 && row.state === 'done' ? 1 : row.progress;
    progress.hidden = isEnded || row.state === 'waiting';
    detail.textContent = describe(row);
    end.setAttribute('aria-label', isEnded ? t('files.dismiss') : t('files.cancel-one', { name: row.name }));
    end.title = t(isEnded ? 'files.dismiss' : 'files.cancel');
    const offered = `${row.state} ${row.question === undefined ? '' : row.question.files}`;
    if (shown === offered) return;
    shown = offered;
    actions.replaceChildren(...offer(row, store));
  }

  function stop() {
    if (!isOver(file)) {
      file.cancel();
      return;
    }
    const isUnsaved = unsavedOf(store.get().transfers).some(({ id }) => id === file.id);
    if (isUnsaved && !confirm(t('files.confirm-dismiss', { name: file.name }))) return;
    file.dismiss();
    store.apply({ type: 'transfer-dismissed', id: file.id });
  }
}

/** @param {Transfer} file @param {PageStore} store @returns {HTMLElement[]} */
function offer(file, store) {
  const { state, url, from, question } = file;
  if (state === 'done' && url) return [saveLink(file, store)];
  if (!question) return [];
  const answer = (/** @type {string} */ kind, /** @type {string} */ label, /** @type {string} */ long, /** @type {() => void} */ onclick) =>
    h('button', { type: 'button', class: `${kind} small`, title: long, 'aria-label': long, onclick }, label);
  const receive = t('files.receive');
  return [
    answer('primary', receive, receive, question.accept),
    answer('quiet', t('files.always'), t('files.always-long', { name: from }), question.acceptAlways),
    answer('quiet', t('files.refuse'), t('files.refuse-long', { name: from }), question.refuse),
  ];
}
