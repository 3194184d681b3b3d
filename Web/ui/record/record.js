/** Records the call: begins and ends it, says for how long it has gone on, and offers the file. */

import { leftovers } from '../../call/recording/shelf.js';
import { formatDuration } from '../../i18n/format.js';
import { t } from '../../i18n/t.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { Film } from './film.js';
import { offer } from './offer.js';

/** How often the time is written, in milliseconds. */
const clockInterval = 500;
/** Whether what earlier visits left is offered by now: once a page. */
let isShelfSeen = false;

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {AbortSignal} options.signal
 */
export function createRecord({ store, session, signal }) {
  const probe = h('span', { hidden: true });
  const time = h('span', { class: 'recording-time', 'aria-hidden': 'true' });
  const button = h('button', { type: 'button', 'data-command': 'record', title: t('command.record-stop'), 'aria-label': t('command.record-stop'), onclick: toggle }, icon('record'), time, h('span', { class: 'recording-stop' }, t('record.stop')));
  // Whoever sees the page sees the file.
  const spoken = h('span', { class: 'visually-hidden', role: 'status' });
  const element = h('div', { class: 'recording' }, spoken, probe);
  /** @type {Film | undefined} */
  let film;
  store.watch(({ recording }) => recording.phase, (phase) => {
    if (phase === 'on') element.prepend(button);
    else if (phase === 'off') button.remove();
    button.disabled = phase === 'ending';
    tell();
  }, { signal });
  store.watch(({ connection }) => connection.isElsewhere, (isElsewhere) => isElsewhere && film?.stop(), { signal });
  const timer = setInterval(tell, clockInterval);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    film?.stop();
  });
  if (!isShelfSeen) void offerLeftovers();
  return { element, toggle };

  function tell() {
    const { phase, since } = store.get().recording;
    if (phase === 'on') time.textContent = formatDuration((performance.now() - since) / 1000);
  }

  function toggle() {
    const { phase } = store.get().recording;
    if (phase === 'on') film?.stop();
    else if (phase === 'off') void begin();
  }

  async function begin() {
    spoken.textContent = '';
    film = new Film({ store, session, probe, onReady: () => (spoken.textContent = t('record.ended')) });
    await film.start();
  }

  async function offerLeftovers() {
    isShelfSeen = true;
    const found = await leftovers().catch(() => []);
    for (const kept of found) offer(store, { name: kept.name, file: await kept.read(), sink: kept });
    if (found.length > 0) store.apply({ type: 'notice', sentence: { key: 'record.left-over' } });
  }
}
