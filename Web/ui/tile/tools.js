/** What can be done with one tile: its buttons. */

import { t } from '../../i18n/t.js';
import { isScreen } from '../../state/stage/tiles.js';
import { commandButton } from '../commands/button.js';
import { hideOwn } from '../commands/stage-commands.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { canFill, toggleTileFullscreen } from '../stage/fullscreen.js';

/** @typedef {Record<'zoom-in' | 'zoom-out' | 'zoom-reset', import('../commands/commands.js').Command>} Commands */

/**
 * @param {object} options
 * @param {string} options.id  of the tile
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {Commands} options.commands
 * @param {() => Element} options.tile
 * @param {AbortSignal} options.signal
 */
export function createTools({ id, store, commands, tile, signal }) {
  const pin = tool('tile-pin', 'tile.feature', 'pin', togglePin);
  const full = tool('tile-full', 'tile.full', 'enlarge', () => toggleTileFullscreen(tile()));
  const zooms = isScreen(id) ? [commands['zoom-in'], commands['zoom-out'], commands['zoom-reset']] : [];
  const zoom = zooms.map((command) => commandButton(command, { store, signal, class: 'tile-tool tile-zoom' }));
  const element = h('div', { class: 'tile-tools' }, ...zoom, pin, id === 'self' && tool('tile-hide', 'command.own-hide', 'eyeOff', () => hideOwn(store, true)), canFill() && full);
  return { element, show, doubleClick };

  /** @param {{ isPinned: boolean, isFull: boolean }} how */
  function show({ isPinned, isFull }) {
    pin.setAttribute('aria-pressed', String(isPinned));
    if (full.getAttribute('aria-pressed') === String(isFull)) return;
    full.setAttribute('aria-pressed', String(isFull));
    full.replaceChildren(icon(isFull ? 'shrink' : 'enlarge'));
  }

  function togglePin() {
    const isPinned = store.get().stage.pinned === id;
    store.apply({ type: 'pinned', id: isPinned ? undefined : id });
  }

  /** @param {MouseEvent} event */
  function doubleClick({ target }) {
    const isTool = target instanceof Element && target.closest('button, a') !== null;
    if (!isTool && canFill()) toggleTileFullscreen(tile());
  }
}

/**
 * @param {string} kind
 * @param {import('../../i18n/t.js').Key} label
 * @param {import('../icons.js').IconName} sign
 * @param {() => void} onclick
 */
function tool(kind, label, sign, onclick) {
  return h('button', { type: 'button', class: `tile-tool ${kind}`, title: t(label), 'aria-label': t(label), onclick }, icon(sign));
}
