/** Files on their way, and those that have come. */

import { h } from '../dom.js';
import { t } from '../../i18n/t.js';
import { icon } from '../icons.js';
import { describe } from './words.js';

/** So many rows are kept; of more, the oldest that have nothing to save go. */
const rowLimit = 100;
/** What nothing more comes of by itself. */
const over = new Set(['done', 'partly', 'failed', 'cancelled']);

/** @param {import('../../files/files.js').Files} files */
export function createTransfers(files) {
  const element = h('ul', { id: 'transfers', class: 'transfers', 'aria-label': t('files.title') });
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  const rows = new Map();
  files.on('change', (file) => {
    let row = rows.get(file.id);
    if (!row) {
      row = createRow(file);
      rows.set(file.id, row);
      element.prepend(row.element);
      dropOld();
    }
    row.update(file);
  });
  return { element };

  /** Peers may offer and take back without end. */
  function dropOld() {
    for (const [id, { element: old }] of rows) {
      if (rows.size <= rowLimit) break;
      const isOver = !old.isConnected || old.dataset['state'] === 'failed' || old.dataset['state'] === 'cancelled';
      if (!isOver) continue;
      old.remove();
      rows.delete(id);
    }
  }
}

/** @param {import('../../files/files.js').FileRow} first */
function createRow(first) {
  const detail = h('span', { class: 'detail' });
  const progress = h('progress', { max: Math.max(first.size, 1), 'aria-label': t('files.progress', { name: first.name }) });
  const actions = h('div', { class: 'actions' });
  const end = h('button', { type: 'button', class: 'quiet small square', onclick: stop }, icon('close'));
  const element = h(
    'li',
    { class: 'transfer' },
    h('span', { class: 'file-mark' }, icon('file')),
    h('div', { class: 'transfer-body' }, h('bdi', { class: 'file-name', title: first.name }, first.name), detail, progress),
    actions,
    end,
  );
  let file = first;
  let shown = '';
  return { element, update };

  /** @param {import('../../files/files.js').FileRow} row */
  function update(row) {
    file = row;
    const isOver = over.has(row.state);
    element.dataset['state'] = row.state;
    if (row.digest) element.dataset['digest'] = row.digest;
    progress.max = Math.max(row.size, 1);
    progress.value = row.size === 0 && row.state === 'done' ? 1 : row.progress;
    progress.hidden = isOver || row.state === 'waiting';
    detail.textContent = describe(row);
    end.setAttribute('aria-label', isOver ? t('files.dismiss') : t('files.cancel-one', { name: row.name }));
    end.title = t(isOver ? 'files.dismiss' : 'files.cancel');
    const offered = `${row.state} ${row.question === undefined ? '' : row.question.files}`;
    if (shown === offered) return;
    shown = offered;
    actions.replaceChildren(...offer(row));
  }

  function stop() {
    if (!over.has(file.state)) {
      file.cancel();
      return;
    }
    file.dismiss();
    element.remove();
  }
}

/** @param {import('../../files/files.js').FileRow} file @returns {HTMLElement[]} */
function offer({ state, url, name, from, question }) {
  if (state === 'done' && url) {
    const long = t('files.save-one', { name });
    return [h('a', { class: 'save', href: url, download: name, 'aria-label': long }, icon('save'), t('files.save'))];
  }
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
