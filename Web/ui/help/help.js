/** What can be done, and with which keys. */

import { t } from '../../i18n/t.js';
import { rememberShortcuts } from '../../state/settings.js';
import { commandButton } from '../commands/button.js';
import { keyName } from '../commands/shortcuts.js';
import { h } from '../dom.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {Record<import('../commands/commands.js').CommandId, import('../commands/commands.js').Command>} options.commands
 * @param {AbortSignal} options.signal
 */
export function createHelp({ store, commands, signal }) {
  const isOn = h('input', { id: 'use-shortcuts', type: 'checkbox', onchange: switchShortcuts });
  const close = h('button', { type: 'button', class: 'primary', autofocus: true, onclick: () => store.apply({ type: 'help', isOpen: false }) }, t('help.close'));
  const rows = Object.values(commands)
    .filter(({ key }) => key !== undefined)
    .map(({ label, key }) => h('tr', {}, h('th', { scope: 'row' }, t(label)), h('td', {}, h('kbd', {}, keyName(key)))));
  const talk = h('tr', {}, h('th', { scope: 'row' }, t('help.talk')), h('td', {}, h('kbd', {}, t('help.key-space'))));
  const escape = h('tr', {}, h('th', { scope: 'row' }, t('help.escape')), h('td', {}, h('kbd', {}, t('help.key-escape'))));
  const element = h(
    'dialog',
    { id: 'help', class: 'help', 'aria-labelledby': 'help-title', onclose: () => store.apply({ type: 'help', isOpen: false }) },
    h('h2', { id: 'help-title' }, t('help.title')),
    h('p', { class: 'hint' }, t('help.intro')),
    h('div', { class: 'help-keys', tabindex: 0 }, h('table', {}, h('tbody', {}, ...rows, talk, escape))),
    h(
      'div',
      { class: 'help-foot' },
      h('div', { class: 'option' }, isOn, h('label', { for: 'use-shortcuts' }, t('help.switch'))),
      commandButton(commands.check, { store, signal, class: 'quiet', hasText: true }),
    ),
    close,
  );
  store.watch(({ panel }) => panel.hasShortcuts, (hasShortcuts) => (isOn.checked = hasShortcuts), { signal });
  store.watch(({ panel }) => panel.isHelpOpen, show, { signal });
  return { element };

  /** @param {boolean} isOpen */
  function show(isOpen) {
    if (isOpen && !element.open && element.isConnected) element.showModal();
    else if (!isOpen && element.open) element.close();
  }

  function switchShortcuts() {
    rememberShortcuts(isOn.checked);
    store.apply({ type: 'shortcuts', isOn: isOn.checked });
  }
}
