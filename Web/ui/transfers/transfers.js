/** Files on their way, and those that have come. */

import { h } from '../dom.js';
import { formatBytes } from '../../i18n/format.js';
import { isolate } from '../../i18n/isolate.js';
import { say } from '../../i18n/t.js';
import { icon } from '../icons.js';

/** So many rows are kept; of more, the oldest that have nothing to save go. */
const rowLimit = 100;

/** @param {import('../../files/files.js').Files} files */
export function createTransfers(files) {
  const element = h('ul', { id: 'transfers', class: 'transfers', 'aria-label': 'Files' });
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
  const progress = h('progress', { max: Math.max(first.size, 1), 'aria-label': `Progress of ${isolate(first.name)}` });
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
    const isOver = ['done', 'failed', 'cancelled'].includes(row.state);
    element.dataset['state'] = row.state;
    if (row.sha256) element.dataset['sha256'] = row.sha256;
    progress.max = Math.max(row.size, 1);
    progress.value = row.size === 0 && row.state === 'done' ? 1 : row.progress;
    progress.hidden = isOver || row.state === 'waiting';
    detail.textContent = describe(row);
    const label = isOver ? 'Dismiss' : `Cancel ${isolate(row.name)}`;
    end.setAttribute('aria-label', label);
    end.title = isOver ? 'Dismiss' : 'Cancel';
    if (shown === row.state) return;
    shown = row.state;
    actions.replaceChildren(...offer(row));
  }

  function stop() {
    if (!['done', 'failed', 'cancelled'].includes(file.state)) {
      file.cancel();
      return;
    }
    file.dismiss();
    element.remove();
  }
}

/** @param {import('../../files/files.js').FileRow} file @returns {HTMLElement[]} */
function offer({ state, url, name, from, accept, acceptAll }) {
  if (state === 'done' && url) {
    return [h('a', { class: 'save', href: url, download: name, 'aria-label': `Save ${isolate(name)}` }, icon('save'), 'Save')];
  }
  if (accept && acceptAll) {
    const all = `Receive this and all further files from ${isolate(from)}`;
    return [
      h('button', { type: 'button', class: 'primary small', onclick: accept }, 'Receive'),
      h('button', { type: 'button', class: 'quiet small', title: all, 'aria-label': all, onclick: acceptAll }, 'Receive all'),
    ];
  }
  return [];
}

/** @param {import('../../files/files.js').FileRow} file */
function describe({ state, size, progress, from, isOwn, note: sentence }) {
  const note = sentence ? say(sentence) : '';
  const total = formatBytes(size);
  const who = isOwn ? '' : `from ${isolate(from)}`;
  const parts = (/** @type {string[]} */ ...all) => all.filter((part) => part !== '').join(' · ');
  switch (state) {
    case 'sending':
    case 'receiving':
      return parts(progress === 0 && note !== '' ? total : `${formatBytes(progress)} of ${total}`, who, note);
    case 'waiting':
      return parts(total, who, note);
    case 'done':
      return parts(isOwn ? `Sent, ${total}` : total, who, note);
    case 'failed':
      return parts('Failed', note);
    default:
      return parts('Cancelled', note, who);
  }
}
