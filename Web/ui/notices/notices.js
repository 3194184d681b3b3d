/** Short notes that pass, such as who came; read aloud by screen readers. */

import { say } from '../../i18n/t.js';
import { h } from '../dom.js';
import { keyed } from '../keyed.js';

/** How long a note is shown, in milliseconds. */
const noteTime = 5000;

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createNotices({ store, signal }) {
  const element = h('div', { class: 'notes', role: 'status', 'aria-live': 'polite' });
  store.watch(({ notices }) => notices.list, (list) => keyed(element, list, ({ id }) => String(id), make, () => undefined), { signal });
  return { element };

  /** @param {import('../../state/notices.js').Notice} notice */
  function make({ id, sentence }) {
    const timer = setTimeout(() => store.apply({ type: 'notice-over', id }), noteTime);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    return h('p', { class: 'note' }, say(sentence));
  }
}
