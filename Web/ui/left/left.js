/** After the call: why it ended, what is not saved yet, and where to go from here. */

import { say, t } from '../../i18n/t.js';
import { basePath } from '../../state/addresses.js';
import { unsavedOf } from '../../state/transfers.js';
import { heroPage } from '../controls/controls.js';
import { h } from '../dom.js';
import { keyed } from '../keyed.js';
import { saveLink } from '../transfers/transfers.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 * @param {() => void} options.onAgain
 */
export function createLeft({ store, signal, onAgain }) {
  const { room, refusal } = store.get().connection;
  const again = h('button', { type: 'button', class: 'primary', onclick: onAgain }, t(refusal ? 'left.retry' : 'left.again'));
  const title = h('p', {});
  const list = h('ul', { class: 'unsaved-list' });
  const unsaved = h('div', { class: 'card entry unsaved' }, title, list);
  const element = heroPage(
    'left',
    t(refusal ? 'left.refused' : 'left.title'),
    refusal ? say(refusal) : t('left.open', { room }),
    unsaved,
    h('div', { class: 'choices' }, again, h('a', { class: 'button', href: basePath() }, t('left.other'))),
  );
  store.watch(({ transfers }) => transfers, show, { signal });
  return { element, focus: () => again.focus() };

  /** @param {import('../../state/transfers.js').Transfers} transfers */
  function show(transfers) {
    const files = unsavedOf(transfers);
    unsaved.hidden = files.length === 0;
    title.textContent = t('left.unsaved', { count: files.length });
    keyed(list, files, ({ id }) => id, (file) => h('li', {}, h('bdi', { class: 'file-name' }, file.name), saveLink(file, store)), () => undefined);
  }
}
