/** Before the call: how one looks and sounds, and under which name one joins. */

import { LevelMeter } from '../../call/level.js';
import { say, t, tParts } from '../../i18n/t.js';
import { nameLimit, nameProblem, personFrom } from '../../state/names.js';
import { commandButton } from '../commands/button.js';
import { createAvatar, field } from '../controls/controls.js';
import { h } from '../dom.js';
import { keyed } from '../keyed.js';

/**
 * @typedef {import('../../state/media.js').MediaState} MediaState
 * @typedef {import('../../call/media.js').DeviceKind} DeviceKind
 */

const meterInterval = 100;

/**
 * @typedef {object} Options
 * @property {string} name  to suggest
 * @property {boolean} relayOnly  whether to suggest connecting through the server alone
 * @property {import('../../session.js').Session} session
 * @property {import('../../state/state.js').PageStore} store
 * @property {Record<import('../commands/commands.js').CommandId, import('../commands/commands.js').Command>} commands
 * @property {AbortSignal} signal
 * @property {(name: string, relayOnly: boolean) => Promise<boolean>} onJoin  tells whether it is under way
 */

/** @param {Options} options */
export function createLobby({ name: suggested, relayOnly: isSuggested, session, store, commands, signal, onJoin }) {
  const mirror = createMirror({ store, commands, signal, nameOf: () => name.value });
  const microphones = deviceSelect('audioinput', session);
  const cameras = deviceSelect('videoinput', session);
  const meter = createMeter(store, signal);
  const problems = h('ul', { class: 'problems', role: 'status' });
  const name = h('input', { id: 'lobby-name', maxlength: nameLimit, dir: 'auto', autocomplete: 'name', required: true, placeholder: t('lobby.name-hint'), 'aria-describedby': 'lobby-name-problem' });
  name.value = suggested;
  const nameIsWrong = h('p', { id: 'lobby-name-problem', class: 'problem', role: 'alert' });
  const relayOnly = h('input', { id: 'relay-only', type: 'checkbox', 'aria-describedby': 'relay-only-hint' });
  relayOnly.checked = isSuggested;
  const enter = h('button', { id: 'join', class: 'primary wide', type: 'submit', 'data-command': 'join' }, t('lobby.join'));
  const form = h(
    'form',
    { class: 'card lobby', novalidate: true, onsubmit: join },
    mirror.element,
    h(
      'div',
      { class: 'lobby-side' },
      field(t('lobby.name'), name, nameIsWrong),
      microphones.element,
      meter.element,
      cameras.element,
      h(
        'div',
        { class: 'option' },
        relayOnly,
        h('label', { for: 'relay-only' }, t('lobby.hide-address')),
        h('p', { id: 'relay-only-hint', class: 'hint' }, t('lobby.hide-address-hint')),
      ),
      problems,
      enter,
    ),
  );
  const room = h('strong', {}, h('bdi', {}, store.get().connection.room));
  const element = h('main', { id: 'lobby', class: 'page' }, h('h1', {}, ...tParts('lobby.title', { room })), form);
  name.addEventListener('input', () => mirror.showName());
  store.watch(({ media }) => media, showDevices, { signal });
  store.watch(({ media }) => media.problems, (list) => keyed(problems, list, ({ key }) => key, (problem) => h('li', {}, say(problem)), () => undefined), { signal });
  return { element, submit: () => form.requestSubmit() };

  /** @param {MediaState} media */
  function showDevices(media) {
    microphones.update(media);
    cameras.update(media);
  }

  /** @param {SubmitEvent} event */
  async function join(event) {
    event.preventDefault();
    const problem = nameProblem(name.value);
    nameIsWrong.textContent = problem ? say(problem) : '';
    name.setAttribute('aria-invalid', String(problem !== undefined));
    if (problem !== undefined) {
      name.focus();
      return;
    }
    showJoining(true);
    if (!(await onJoin(personFrom(name.value), relayOnly.checked))) showJoining(false);
  }

  /** @param {boolean} isUnderWay  which takes a while where the server is far away */
  function showJoining(isUnderWay) {
    enter.setAttribute('aria-busy', String(isUnderWay));
    enter.textContent = t(isUnderWay ? 'lobby.joining' : 'lobby.join');
  }
}

/**
 * How others will see this member.
 *
 * @param {Pick<Options, 'store' | 'commands' | 'signal'> & { nameOf: () => string }} options
 */
function createMirror({ store, commands, signal, nameOf }) {
  const preview = h('video', { id: 'preview', class: 'mirrored', autoplay: true, playsinline: true, 'aria-label': t('lobby.preview') });
  preview.muted = true;
  const avatar = createAvatar();
  const bar = h('div', { class: 'mirror-bar' }, commandButton(commands.mute, { store, signal }), commandButton(commands.camera, { store, signal }));
  const element = h('div', { class: 'mirror' }, preview, avatar.element, bar);
  store.watch(({ media }) => (media.status.video ? media.videoTrack : undefined), show, { signal });
  signal.addEventListener('abort', () => {
    preview.srcObject = null;
  });
  queueMicrotask(showName);
  return { element, showName };

  /** @param {MediaStreamTrack | undefined} track */
  function show(track) {
    preview.hidden = track === undefined;
    avatar.element.hidden = track !== undefined;
    preview.srcObject = track ? new MediaStream([track]) : null;
  }

  function showName() {
    avatar.show(nameOf(), store.get().colours);
  }
}

/**
 * How loud the microphone is; nothing while there is none.
 *
 * @param {import('../../state/state.js').PageStore} store
 * @param {AbortSignal} signal
 */
function createMeter(store, signal) {
  const element = h('meter', { class: 'level', min: 0, max: 1, 'aria-label': t('lobby.level') });
  const levels = new LevelMeter();
  const timer = setInterval(() => {
    element.value = levels.level;
  }, meterInterval);
  store.watch(({ media }) => media.audioTrack, (track) => {
    levels.listen(track);
    element.hidden = track === undefined;
  }, { signal });
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    levels.stop();
  });
  return { element };
}

/** @param {DeviceKind} kind @param {import('../../session.js').Session} session */
function deviceSelect(kind, session) {
  const select = h('select', { id: `choose-${kind}` });
  select.addEventListener('change', () => void session.media.choose(kind, select.value));
  const isSound = kind === 'audioinput';
  const element = field(t(isSound ? 'lobby.microphone' : 'lobby.camera'), select);
  return { element, update };

  /** @param {MediaState} media */
  function update({ devices, chosen }) {
    const all = devices.filter((device) => device.kind === kind).map((device, index) => ({ ...device, number: index + 1 }));
    element.hidden = all.length === 0;
    keyed(select, all, ({ id }) => id, ({ id }) => h('option', { value: id }), (option, { label, number }) => {
      option.textContent = label || t(isSound ? 'lobby.microphone-number' : 'lobby.camera-number', { count: number });
    });
    select.value = chosen[kind] ?? all[0]?.id ?? '';
  }
}
