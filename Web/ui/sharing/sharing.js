/** Says, for as long as the screen is shared, that it is, and how it ends: whoever shares looks at other things. */

import { t } from '../../i18n/t.js';
import { commandButton } from '../commands/button.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {Record<'unshare' | 'motion' | 'screen-sound', import('../commands/commands.js').Command>} options.commands
 * @param {AbortSignal} options.signal
 */
export function createSharing({ store, commands, signal }) {
  const words = h('span', { role: 'status' });
  const options = { store, signal, hasText: true };
  const buttons = [commands['screen-sound'], commands.motion, commands.unshare].map((command) =>
    commandButton(command, { ...options, class: command.id === 'unshare' ? 'small sharing-end' : 'small' }),
  );
  const element = h('section', { class: 'sharing', 'aria-label': t('sharing.title') }, h('p', { class: 'sharing-words' }, icon('screen'), words), h('div', { class: 'sharing-tools' }, ...buttons));
  store.watch(({ media }) => (media.status.screen ? media.sharing.sound : undefined), show, { signal });
  return { element };

  /** @param {'none' | 'sent' | 'off' | undefined} sound  of what is shared, if anything is */
  function show(sound) {
    element.hidden = sound === undefined;
    // It is read aloud as it comes.
    words.textContent = sound === undefined ? '' : t(sound === 'sent' ? 'sharing.with-sound' : 'sharing.without-sound');
  }
}
