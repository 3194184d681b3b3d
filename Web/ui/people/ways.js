/** How one wants to hear of what happens while the page is hidden. */

import { t } from '../../i18n/t.js';
import { rememberWays } from '../../state/settings.js';
import { h } from '../dom.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {AbortSignal} options.signal
 */
export function createWays({ store, signal }) {
  const system = box('notify', () => void switchSystem());
  const whole = box('notify-whole', () => choose({ whole: whole.checked }));
  const chime = box('notify-chime', () => choose({ chime: chime.checked }));
  const wholeOption = option(whole, 'ways.whole');
  // Where the page may not ask there is nothing to choose.
  const options = canNotify() ? [option(system, 'ways.system'), wholeOption] : [];
  const element = h('div', { class: 'ways' }, ...options, option(chime, 'ways.chime'));
  store.watch(({ notices }) => notices.ways, show, { signal });
  return { element };

  /** @param {Readonly<import('../../state/notices.js').Ways>} ways */
  function show(ways) {
    system.checked = ways.system;
    whole.checked = ways.whole;
    chime.checked = ways.chime;
    wholeOption.hidden = !ways.system;
  }

  /** The browser asks the person, who has just asked for it. */
  async function switchSystem() {
    const isAllowed = system.checked && (await Notification.requestPermission()) === 'granted';
    if (signal.aborted) return;
    if (system.checked && !isAllowed) store.apply({ type: 'notice', sentence: { key: 'note.notify-denied' } });
    choose({ system: isAllowed });
    system.checked = isAllowed;
  }

  /** @param {Partial<import('../../state/notices.js').Ways>} ways */
  function choose(ways) {
    rememberWays(ways);
    store.apply({ type: 'ways', ways });
  }
}

function canNotify() {
  return window.isSecureContext && typeof Notification === 'function';
}

/** @param {string} id @param {() => void} onchange */
function box(id, onchange) {
  return h('input', { id, type: 'checkbox', onchange });
}

/** @param {HTMLInputElement} input @param {import('../../i18n/t.js').Key} label */
function option(input, label) {
  return h('div', { class: 'option' }, input, h('label', { for: input.id }, t(label)));
}
