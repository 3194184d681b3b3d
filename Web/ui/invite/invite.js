/** How others are invited: the link of the room, copied, shared, or as a code for the camera of a phone. */

import { t } from '../../i18n/t.js';
import { h } from '../dom.js';
import { canShare, codeAddress, copyLink, inviteAddress, shareLink } from '../room/invite.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createInvite({ store, signal }) {
  const { room } = store.get().connection;
  const close = () => store.apply({ type: 'invite', isOpen: false });
  const done = (/** @type {(store: import('../../state/state.js').PageStore, room: string) => Promise<void>} */ pass) => () => {
    close();
    void pass(store, room);
  };
  const address = inviteAddress(room);
  // A server of another version may have none.
  /** @type {HTMLImageElement} */
  const picture = h('img', { class: 'invite-code', alt: t('invite.code', { address }), width: 220, height: 220, onerror: () => (picture.hidden = true) });
  const copy = h('button', { type: 'button', class: 'primary', autofocus: true, onclick: done(copyLink) }, t('call.copy'));
  const share = canShare() && h('button', { type: 'button', onclick: done(shareLink) }, t('call.share'));
  const element = h(
    'dialog',
    { id: 'invite-panel', class: 'invite', 'aria-labelledby': 'invite-title', onclose: close },
    h('h2', { id: 'invite-title' }, t('invite.title')),
    h('div', { class: 'scrolls' }, h('p', { class: 'hint' }, t('invite.intro')), picture, h('p', { class: 'invite-link', dir: 'ltr' }, address)),
    h('div', { class: 'invite-foot' }, copy, share, h('button', { type: 'button', class: 'quiet', onclick: close }, t('invite.close'))),
  );
  store.watch(({ panel }) => panel.isInviteOpen, show, { signal });
  return { element };

  /** @param {boolean} isOpen */
  function show(isOpen) {
    if (isOpen && !element.open) {
      if (!picture.hasAttribute('src')) picture.src = codeAddress(room);
      element.showModal();
    } else if (!isOpen && element.open) {
      element.close();
    }
  }
}
