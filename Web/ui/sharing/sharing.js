/** Says, for as long as the screen is shared, that it is, and how it ends: whoever shares looks at other things. */

import { t } from '../../i18n/t.js';
import { commandButton } from '../commands/button.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {Record<'unshare' | 'motion', import('../commands/commands.js').Command>} options.commands
 * @param {AbortSignal} options.signal
 */
export function createSharing({ store, commands, signal }) {
  const words = h('p', { class: 'sharing-words', role: 'status' });
  const options = { store, signal, hasText: true };
  const buttons = [commandButton(commands.motion, { ...options, class: 'small' }), commandButton(commands.unshare, { ...options, class: 'small sharing-end' })];
  const element = h('section', { class: 'sharing', 'aria-label': t('sharing.title') }, icon('screen'), words, h('div', { class: 'sharing-tools' }, ...buttons));
  store.watch(({ media }) => media.status.screen, show, { signal });
  return { element };

  /** @param {boolean} isSharing */
  function show(isSharing) {
    element.hidden = !isSharing;
    // It is read aloud as it comes.
    words.textContent = isSharing ? t('sharing.words') : '';
  }
}
