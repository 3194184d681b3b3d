/** Before the call, where somebody has to let this member in. */

import { t } from '../../i18n/t.js';
import { heroPage } from '../controls/controls.js';
import { h } from '../dom.js';

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {() => void} options.onLeave
 */
export function createWaiting({ store, onLeave }) {
  const { room } = store.get().connection;
  const leave = h('button', { type: 'button', onclick: onLeave }, t('waiting.leave'));
  const spinner = h('span', { class: 'spinner' });
  const element = heroPage('waiting', t('waiting.title'), t('waiting.words', { room }), h('div', { class: 'choices', role: 'status' }, spinner, leave));
  return { element, focus: () => leave.focus() };
}
