/** Which camera, microphone and speaker, and what is done to the voice. */

import { playTestSound } from '../../call/devices/test-sound.js';
import { t } from '../../i18n/t.js';
import { commandButton } from '../commands/button.js';
import { createMeter, createProblems, deviceField } from '../controls/devices.js';
import { h } from '../dom.js';

/** What is done to the voice, by the words for it. */
const processing = /** @type {const} */ ([
  ['noiseSuppression', 'command.noise'],
  ['echoCancellation', 'devices.echo'],
  ['autoGainControl', 'devices.gain'],
]);

/**
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {Record<import('../commands/commands.js').CommandId, import('../commands/commands.js').Command>} options.commands
 * @param {AbortSignal} options.signal
 */
export function createDevices({ store, session, commands, signal }) {
  const isOpen = (/** @type {boolean} */ value) => store.apply({ type: 'devices', isOpen: value });
  const content = h('div', { class: 'devices-content scrolls' });
  const element = h(
    'dialog',
    { id: 'devices', class: 'devices', 'aria-labelledby': 'devices-title', onclose: () => isOpen(false) },
    h('h2', { id: 'devices-title' }, t('devices.title')),
    content,
    h('button', { type: 'button', class: 'primary', autofocus: true, onclick: () => isOpen(false) }, t('devices.close')),
  );
  // Meter and picture are there while somebody looks at them.
  let opening = new AbortController();
  signal.addEventListener('abort', () => opening.abort());
  // When it is in the page: it may have been asked for while it was loaded.
  queueMicrotask(() => store.watch(({ panel }) => panel.isDevicesOpen, show, { signal }));
  return { element };

  /** @param {boolean} isWanted */
  function show(isWanted) {
    if (isWanted && !element.open) {
      opening = new AbortController();
      content.replaceChildren(...createContent({ store, session, commands, signal: opening.signal }));
      element.showModal();
    } else if (!isWanted && element.open) {
      opening.abort();
      content.replaceChildren();
      element.close();
    }
  }
}

/** @param {Parameters<typeof createDevices>[0]} options */
function createContent({ store, session, commands, signal }) {
  const choose = (/** @type {import('../../call/media.js').ChoiceKind} */ kind) => deviceField(kind, { store, session, signal, prefix: 'devices-' });
  const heard = h('p', { class: 'hint', role: 'status' });
  const test = h('button', { type: 'button', class: 'small', onclick: play }, t('devices.test'));
  const switches = processing.map(([name, label]) => {
    const id = `devices-${name}`;
    /** @type {HTMLInputElement} */
    const input = h('input', { id, type: 'checkbox', onchange: () => session.setProcessing({ [name]: input.checked }) });
    store.watch(({ media }) => media.processing[name], (isOn) => (input.checked = isOn), { signal });
    return h('div', { class: 'option' }, input, h('label', { for: id }, t(label)));
  });
  const quiet = { store, signal, class: 'small', hasText: true };
  return [
    createPreview(store, signal),
    createProblems(store, signal),
    choose('videoinput'),
    h('div', { class: 'devices-row' }, commandButton(commands.flip, quiet), commandButton(commands.blur, quiet)),
    choose('audioinput'),
    createMeter(store, signal),
    choose('audiooutput'),
    h('div', { class: 'devices-row' }, test, heard),
    h('fieldset', {}, h('legend', {}, t('devices.voice')), ...switches),
  ];

  async function play() {
    heard.textContent = t('devices.test-playing');
    await playTestSound(store.get().media.chosen.audiooutput, signal);
    heard.textContent = '';
  }
}

/**
 * How others see this member.
 *
 * @param {import('../../state/state.js').PageStore} store
 * @param {AbortSignal} signal
 */
function createPreview(store, signal) {
  const video = h('video', { class: 'devices-preview', autoplay: true, playsinline: true, 'aria-label': t('lobby.preview') });
  video.muted = true;
  store.watch(({ media }) => (media.status.video ? media.videoTrack : undefined), show, { signal });
  store.watch(({ media }) => media.isFacingAway, (isFacingAway) => video.classList.toggle('mirrored', !isFacingAway), { signal });
  signal.addEventListener('abort', () => show(undefined));
  return video;

  /** @param {MediaStreamTrack | undefined} track */
  function show(track) {
    video.hidden = track === undefined;
    video.srcObject = track ? new MediaStream([track]) : null;
  }
}
