/** What one does in a call: the round buttons below it, and the quiet ones above. */

import { t } from '../../i18n/t.js';
import { logoPath } from '../../state/addresses.js';
import { commandButton } from '../commands/button.js';
import { h } from '../dom.js';

/**
 * @typedef {object} Options
 * @property {import('../../state/state.js').PageStore} store
 * @property {Record<import('../commands/commands.js').CommandId, import('../commands/commands.js').Command>} commands
 * @property {AbortSignal} signal
 */

/** So many unread messages are counted. */
const badgeLimit = 99;

/** @param {Options} options */
export function createToolbar({ store, commands, signal }) {
  const options = { store, signal };
  const chat = commandButton(commands.chat, { ...options, id: 'chat-toggle' });
  const badge = h('span', { class: 'badge', 'aria-hidden': 'true' });
  const element = h(
    'nav',
    { class: 'toolbar', 'aria-label': t('call.toolbar') },
    commandButton(commands.mute, { ...options, id: 'mute' }),
    commandButton(commands.camera, { ...options, id: 'camera' }),
    commandButton(commands.screen, { ...options, id: 'screen' }),
    h('div', { class: 'badged' }, chat, badge),
    commandButton(commands.leave, { ...options, id: 'leave', class: 'round danger' }),
  );
  store.watch(({ panel }) => panel.unread, showUnread, { signal });
  return { element, chat };

  /** @param {number} unread */
  function showUnread(unread) {
    badge.hidden = unread === 0;
    badge.textContent = unread > badgeLimit ? `${badgeLimit}+` : String(unread);
    chat.setAttribute('aria-label', unread === 0 ? t('command.chat') : t('command.chat-unread', { count: unread }));
  }
}

/** @param {Options} options */
export function createTop({ store, commands, signal }) {
  const { room } = store.get().connection;
  const options = { store, signal, class: 'quiet', hasText: true };
  const heading = h('h1', { dir: 'auto', tabindex: -1, title: room }, room);
  const element = h(
    'header',
    { class: 'top' },
    h('img', { src: logoPath(), alt: t('app.name'), width: 28, height: 28 }),
    heading,
    commandButton(commands.people, { ...options, id: 'people-toggle' }),
    commandButton(commands.invite, { ...options, id: 'invite' }),
    commandButton(commands.help, { ...options, id: 'help-toggle' }),
  );
  return { element, focus: () => heading.focus() };
}
