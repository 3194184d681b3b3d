/** What whoever is alone in the call needs next: the link for the others. */

import { t } from '../../i18n/t.js';
import { roomPath } from '../../state/addresses.js';
import { h } from '../dom.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createAlone({ store, signal }) {
  const address = `${location.origin}${roomPath(store.get().connection.room)}`;
  const element = h('div', { class: 'alone' }, h('p', {}, t('call.alone')), h('p', { class: 'invite-address', dir: 'ltr' }, address));
  // Who is called elsewhere is not alone.
  store.watch(({ peers, connection }) => peers.list.length > 0 || connection.isElsewhere, (isHidden) => (element.hidden = isHidden), { signal });
  return { element };
}
