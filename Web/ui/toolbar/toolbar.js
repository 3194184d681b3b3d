/** What one does in a call: the round buttons below it, and the quiet ones above. */

import { t } from '../../i18n/t.js';
import { logoPath } from '../../state/addresses.js';
import { recorderNames } from '../../state/members.js';
import { commandButton } from '../commands/button.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';

/**
 * @typedef {object} Options
 * @property {import('../../state/state.js').PageStore} store
 * @property {Record<import('../commands/commands.js').CommandId, import('../commands/commands.js').Command>} commands
 * @property {AbortSignal} signal
 */

/** So many unread messages, or people, are counted. */
const badgeLimit = 99;

/** @param {Options} options */
export function createToolbar({ store, commands, signal }) {
  const options = { store, signal };
  const chat = badged(commandButton(commands.chat, { ...options, id: 'chat-toggle' }), 'command.chat', 'command.chat-unread');
  const reactions = commandButton(commands.reactions, { ...options, id: 'reactions-toggle' });
  const more = commandButton(commands.more, { ...options, id: 'more' });
  const element = h(
    'nav',
    { class: 'toolbar', 'aria-label': t('call.toolbar') },
    commandButton(commands.mute, { ...options, id: 'mute' }),
    commandButton(commands.camera, { ...options, id: 'camera' }),
    commandButton(commands.screen, { ...options, id: 'screen' }),
    commandButton(commands.hand, { ...options, id: 'hand' }),
    reactions,
    chat.element,
    more,
    commandButton(commands.leave, { ...options, id: 'leave', class: 'round danger' }),
  );
  store.watch(({ panel }) => panel.unread, chat.show, { signal });
  const unfill = commandButton(commands.fullscreen, { ...options, class: 'round leave-full' });
  // The menu has it as well: on the toolbar it takes room only while there is something to leave.
  store.watch(({ stage }) => stage.full === 'call', (isFull) => (isFull ? more.after(unfill) : unfill.remove()), { signal });
  return { element, chat: chat.button, more, reactions };
}

/**
 * A button with a number at its corner.
 *
 * @param {HTMLElement} button
 * @param {import('../../i18n/t.js').Key} label
 * @param {import('../../i18n/t.js').Key} counted  its label while there is something to count
 */
function badged(button, label, counted) {
  const badge = h('span', { class: 'badge', 'aria-hidden': 'true' });
  const element = h('div', { class: 'badged' }, button, badge);
  return { element, button, show };

  /** @param {number} count */
  function show(count) {
    badge.hidden = count === 0;
    badge.textContent = count > badgeLimit ? `${badgeLimit}+` : String(count);
    button.setAttribute('aria-label', count === 0 ? t(label) : t(counted, { count }));
  }
}

/** @param {Options & { recording: HTMLElement }} options  `recording`: that one records oneself */
export function createTop({ store, commands, signal, recording }) {
  const { room } = store.get().connection;
  const options = { store, signal, class: 'quiet', hasText: true };
  const people = badged(commandButton(commands.people, { ...options, id: 'people-toggle' }), 'command.people', 'command.people-waiting');
  const heading = h('h1', { tabindex: -1, title: room }, h('bdi', { dir: 'auto' }, room));
  const element = h(
    'header',
    { class: 'top' },
    h('img', { src: logoPath(), alt: t('app.name'), width: 28, height: 28 }),
    heading,
    createRecorders({ store, signal }),
    recording,
    people.element,
    commandButton(commands.invite, { ...options, id: 'invite' }),
    commandButton(commands.help, { ...options, id: 'help-toggle' }),
  );
  store.watch(({ members }) => members.waiting.length, people.show, { signal });
  return { element, focus: () => heading.focus() };
}

/**
 * Who records the call, for as long as anybody does: a tile may be out of view.
 *
 * @param {Pick<Options, 'store' | 'signal'>} options
 */
function createRecorders({ store, signal }) {
  const element = h('span', { class: 'recorders', role: 'img' }, icon('record'), h('span', {}, t('record.short')));
  store.watch(({ members }) => recorderNames(members).join('\n'), show, { signal });
  return element;

  /** @param {string} lines */
  function show(lines) {
    const names = lines.split('\n');
    element.hidden = lines === '';
    element.title = t('record.by', { names, count: names.length });
    element.setAttribute('aria-label', element.title);
  }
}
