/** What whoever is alone in the call needs next: the link for the others. */

import { t } from '../../i18n/t.js';
import { h } from '../dom.js';
import { canShare, copyLink, inviteAddress, shareLink } from '../room/invite.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createAlone({ store, signal }) {
  const { room } = store.get().connection;
  const copy = h('button', { type: 'button', class: 'small', onclick: () => void copyLink(store, room) }, t('call.copy'));
  const share = canShare() && h('button', { type: 'button', class: 'small', onclick: () => void shareLink(store, room) }, t('call.share'));
  const code = h('button', { type: 'button', class: 'small', onclick: () => store.apply({ type: 'invite', isOpen: true }) }, t('invite.show-code'));
  const element = h(
    'div',
    { class: 'alone' },
    h('p', {}, t('call.alone')),
    h('p', { class: 'invite-address', dir: 'ltr' }, inviteAddress(room)),
    h('p', { class: 'invite-ways' }, copy, share, code),
  );
  // Who is called elsewhere is not alone.
  store.watch(({ peers, connection }) => peers.list.length > 0 || connection.isElsewhere, (isHidden) => (element.hidden = isHidden), { signal });
  return { element };
}
