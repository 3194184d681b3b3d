/** Before the call: how one looks and sounds, and under which name one joins. */

import { say, t, tParts } from '../../i18n/t.js';
import { nameLimit, nameProblem, personFrom } from '../../state/names.js';
import { commandButton } from '../commands/button.js';
import { createAvatar, field } from '../controls/controls.js';
import { createMeter, createProblems, deviceField } from '../controls/devices.js';
import { h } from '../dom.js';

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
  const choose = (/** @type {import('../../call/media.js').ChoiceKind} */ kind) => deviceField(kind, { store, session, signal, prefix: 'choose-' });
  const asks = h('p', { class: 'asks', role: 'status' });
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
      asks,
      choose('audioinput'),
      createMeter(store, signal),
      choose('videoinput'),
      commandButton(commands.devices, { store, signal, class: 'quiet small', hasText: true }),
      h(
        'div',
        { class: 'option' },
        relayOnly,
        h('label', { for: 'relay-only' }, t('lobby.hide-address')),
        h('p', { id: 'relay-only-hint', class: 'hint' }, t('lobby.hide-address-hint')),
      ),
      createProblems(store, signal),
      enter,
    ),
  );
  const room = h('strong', {}, h('bdi', {}, store.get().connection.room));
  const element = h('main', { id: 'lobby', class: 'page' }, h('h1', {}, ...tParts('lobby.title', { room })), form);
  name.addEventListener('input', () => mirror.showName());
  store.watch(({ media }) => media.isPrompting, (isPrompting) => (asks.textContent = isPrompting ? t('lobby.asks') : ''), { signal });
  return { element, submit: () => form.requestSubmit() };

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
  const permit = h('div', { class: 'permit' }, h('p', {}, t('lobby.permit')), commandButton(commands.permit, { store, signal, class: 'primary', hasText: true }));
  const element = h('div', { class: 'mirror' }, preview, avatar.element, permit, bar);
  store.watch(({ media }) => (media.status.video ? media.videoTrack : undefined), show, { signal });
  store.watch(({ media }) => media.isFacingAway, (isFacingAway) => preview.classList.toggle('mirrored', !isFacingAway), { signal });
  store.watch(({ media }) => media.isBeforePrompt, (isBefore) => element.classList.toggle('asks-first', isBefore), { signal });
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
