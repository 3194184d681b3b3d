/** A button that does what a command does, and shows what it is. */

import { t } from '../../i18n/t.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { keyName } from './shortcuts.js';

/**
 * @param {import('./commands.js').Command} command
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 * @param {string} [options.id]
 * @param {string} [options.class]
 * @param {boolean} [options.hasText]  whether the label is written beside the icon
 */
export function commandButton(command, { store, signal, id, class: kind = 'round', hasText = false }) {
  const { toggle, state } = command;
  const name = keyName(command.key);
  const label = t(command.label);
  const element = h('button', {
    id,
    type: 'button',
    class: `${kind} ${toggle?.kind ?? ''}`.trimEnd(),
    'data-command': command.id,
    'aria-label': label,
    onclick: () => command.run(),
  });
  store.watch(command.when, (isPossible) => (element.hidden = !isPossible), { signal });
  store.watch((now) => toggle?.isOn(now) ?? false, show, { signal });
  store.watch(({ panel }) => panel.hasShortcuts, () => show(toggle?.isOn(store.get()) ?? false), { signal });
  if (state) store.watch(state, () => show(false), { signal });
  return element;

  /** @param {boolean} isOn */
  function show(isOn) {
    const hasKey = name !== '' && store.get().panel.hasShortcuts;
    const chosen = state && t(state(store.get()));
    const words = t((isOn && toggle?.label) || command.label);
    element.title = hasKey ? t('command.with-key', { label: words, shortcut: name }) : words;
    if (chosen !== undefined) element.setAttribute('aria-label', t('command.with-state', { label, state: chosen }));
    // The name stays and the state changes: a screen reader says both.
    if (toggle) element.setAttribute('aria-pressed', String(isOn));
    if (hasKey) element.setAttribute('aria-keyshortcuts', name);
    else element.removeAttribute('aria-keyshortcuts');
    element.replaceChildren(icon((isOn && toggle?.icon) || command.icon), ...(hasText ? [h('span', {}, label), chosen === undefined ? '' : h('span', { class: 'state' }, chosen)] : []));
  }
}
