/** What can be done in a call and has no place on the toolbar: a list that its button opens, and a choice closes. */

import { t } from '../../i18n/t.js';
import { commandButton } from '../commands/button.js';
import { h } from '../dom.js';
import { placeAbove } from './place.js';

/** @typedef {import('../commands/commands.js').CommandId} CommandId */

/**
 * What stands in it, from above.
 *
 * @type {readonly CommandId[]}
 */
const choices = ['reactions', 'devices', 'record', 'layout', 'pin', 'own', 'fullscreen', 'pip', 'stats'];

/** What one may want several times in a row. */
const lasting = new Set(['layout']);

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {Record<CommandId, import('../commands/commands.js').Command>} options.commands
 * @param {HTMLElement} options.opener  the button that it stands above
 * @param {AbortSignal} options.signal
 */
export function createMenu({ store, commands, opener, signal }) {
  const rows = choices.map((id) => commandButton(commands[id], { store, signal, class: 'quiet menu-row', hasText: true }));
  const element = h('dialog', { id: 'menu', class: 'menu', 'aria-label': t('command.more'), onclose: close, onclick: chosen }, ...rows);
  opener.setAttribute('aria-haspopup', 'dialog');
  store.watch(({ panel }) => panel.isMenuOpen, show, { signal });
  addEventListener('resize', close, { signal });
  return { element };

  /** @param {boolean} isOpen */
  function show(isOpen) {
    opener.setAttribute('aria-expanded', String(isOpen));
    if (isOpen && !element.open) {
      element.showModal();
      placeAbove(element, opener);
    } else if (!isOpen && element.open) {
      element.close();
    }
  }

  function close() {
    store.apply({ type: 'menu', isOpen: false });
  }

  /** @param {MouseEvent} event */
  function chosen(event) {
    // What was clicked may have been drawn anew by now: the path is that of the click.
    const path = event.composedPath();
    const row = rows.find((button) => path.includes(button));
    // A click beside it is one on the dialog itself.
    const isDone = path[0] === element || (row !== undefined && !lasting.has(row.dataset['command'] ?? ''));
    if (isDone) close();
  }
}
