/** Choosing a microphone, a camera and a speaker, and what is wrong with them. */

import { adviceFor, browserOf } from '../../call/devices/advice.js';
import { LevelMeter } from '../../call/level.js';
import { say, t } from '../../i18n/t.js';
import { h } from '../dom.js';
import { keyed } from '../keyed.js';
import { field } from './controls.js';

/**
 * @typedef {import('../../call/media.js').ChoiceKind} ChoiceKind
 * @typedef {import('../../i18n/t.js').Key} Key
 */

const meterInterval = 100;

/** @type {Record<ChoiceKind, { label: Key, numbered: Key }>} */
const words = {
  audioinput: { label: 'lobby.microphone', numbered: 'lobby.microphone-number' },
  videoinput: { label: 'lobby.camera', numbered: 'lobby.camera-number' },
  audiooutput: { label: 'devices.speaker', numbered: 'devices.speaker-number' },
};

/**
 * A list of the devices of a kind; nothing where there is nothing to choose.
 *
 * @param {ChoiceKind} kind
 * @param {object} options
 * @param {import('../../state/state.js').PageStore} options.store
 * @param {import('../../session.js').Session} options.session
 * @param {AbortSignal} options.signal
 * @param {string} options.prefix  of the id, which is followed by the kind
 */
export function deviceField(kind, { store, session, signal, prefix }) {
  const select = h('select', { id: `${prefix}${kind}` });
  select.addEventListener('change', () => session.chooseDevice(kind, select.value));
  const element = field(t(words[kind].label), select);
  // Also when nothing has changed: what was chosen may not be there.
  store.watch(({ media }) => media, show, { signal });
  return element;

  /** @param {import('../../state/media.js').MediaState} media */
  function show({ devices, chosen }) {
    const all = devices.filter((device) => device.kind === kind).map((device, index) => ({ ...device, number: index + 1 }));
    element.hidden = all.length === 0;
    keyed(select, all, ({ id }) => id, ({ id }) => h('option', { value: id }), (option, { label, number }) => {
      option.textContent = label || t(words[kind].numbered, { count: number });
    });
    select.value = chosen[kind] ?? all[0]?.id ?? '';
  }
}

/**
 * How loud the microphone is; nothing while there is none.
 *
 * @param {import('../../state/state.js').PageStore} store
 * @param {AbortSignal} signal
 */
export function createMeter(store, signal) {
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
  return element;
}

/**
 * What is wrong with the devices, and what to do about it in this browser.
 *
 * @param {import('../../state/state.js').PageStore} store
 * @param {AbortSignal} signal
 */
export function createProblems(store, signal) {
  const element = h('ul', { class: 'problems', role: 'status' });
  const browser = browserOf(navigator.userAgent);
  store.watch(({ media }) => media.problems, (list) => keyed(element, list, ({ key }) => key, makeRow, () => undefined), { signal });
  return element;

  /** @param {import('../../i18n/t.js').Sentence} problem */
  function makeRow(problem) {
    const advice = adviceFor(problem.key, browser);
    return h('li', {}, say(problem), advice && h('p', { class: 'advice' }, t(advice)));
  }
}
