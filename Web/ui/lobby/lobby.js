/** Before the call: how one looks and sounds, and under which name one joins. */

import { LevelMeter } from '../../call/level.js';
import { say } from '../../i18n/t.js';
import { h } from '../dom.js';
import { colourIndex, initials } from '../../state/format.js';
import { nameProblem, personFrom } from '../../state/names.js';
import { toggle } from '../controls/controls.js';

/**
 * @param {object} options
 * @param {string} options.room
 * @param {string} options.name
 * @param {boolean} options.relayOnly  whether to suggest connecting through the server alone
 * @param {import('../../call/media.js').Media} options.media
 * @param {(name: string, relayOnly: boolean) => void} options.onJoin
 * @returns {{ element: HTMLElement, close: () => void }}
 */
export function createLobby({ room, name: suggested, relayOnly: isSuggested, media, onJoin }) {
  const preview = h('video', { id: 'preview', class: 'mirrored', autoplay: true, playsinline: true, 'aria-label': 'Your camera' });
  preview.muted = true;
  const avatar = h('div', { class: 'avatar' });
  const meter = h('meter', { class: 'level', min: 0, max: 1, 'aria-label': 'Level of your microphone' });
  const microphone = toggle({ icon: 'microphone', pressedIcon: 'microphoneOff', label: 'Mute', shortcut: 'M', onclick: () => void media.setMicrophone(!media.wanted.audio) });
  const camera = toggle({ icon: 'camera', pressedIcon: 'cameraOff', label: 'Camera off', shortcut: 'V', onclick: () => void media.setCamera(!media.wanted.video) });
  const microphones = deviceSelect('Microphone', 'audioinput', media);
  const cameras = deviceSelect('Camera', 'videoinput', media);
  const problems = h('ul', { class: 'problems', role: 'status' });
  const name = h('input', { id: 'lobby-name', maxlength: 64, dir: 'auto', autocomplete: 'name', required: true, placeholder: 'How others see you' });
  name.value = suggested;
  const nameIsWrong = h('p', { class: 'problem', role: 'alert' });
  const relayOnly = h('input', { id: 'relay-only', type: 'checkbox', 'aria-describedby': 'relay-only-hint' });
  relayOnly.checked = isSuggested;
  const levels = new LevelMeter();

  const element = h(
    'main',
    { id: 'lobby', class: 'page' },
    h('h1', {}, 'Ready to join ', h('strong', {}, room), '?'),
    h(
      'form',
      { class: 'card lobby', novalidate: true, onsubmit: join },
      h('div', { class: 'mirror' }, preview, avatar, h('div', { class: 'mirror-bar' }, microphone.element, camera.element)),
      h(
        'div',
        { class: 'lobby-side' },
        h('div', { class: 'field' }, h('label', { for: 'lobby-name' }, 'Your name'), name, nameIsWrong),
        microphones.element,
        meter,
        cameras.element,
        h(
          'div',
          { class: 'option' },
          relayOnly,
          h('label', { for: 'relay-only' }, 'Hide my address'),
          h('p', { id: 'relay-only-hint', class: 'hint' }, 'Connect only through the server. A little slower, but others do not learn your IP address.'),
        ),
        problems,
        h('button', { id: 'join', class: 'primary wide', type: 'submit' }, 'Join the call'),
      ),
    ),
  );

  name.addEventListener('input', update);
  media.on('change', update);
  media.on('devices', update);
  media.on('problem', tell);
  const timer = setInterval(() => {
    meter.value = levels.level;
  }, 100);
  update();
  return { element, close };

  function update() {
    const { audio, video } = media.status;
    microphone.setPressed(!audio);
    camera.setPressed(!video);
    levels.listen(media.audioTrack);
    if (audio) clear('microphone');
    if (video) clear('camera');
    microphones.update();
    cameras.update();
    preview.hidden = !video;
    avatar.hidden = video;
    avatar.dataset['colour'] = String(colourIndex(name.value));
    avatar.textContent = initials(name.value) || '?';
    const track = video ? media.videoTrack : undefined;
    const shown = /** @type {MediaStream | null} */ (preview.srcObject)?.getVideoTracks()[0];
    if (shown !== track) preview.srcObject = track ? new MediaStream([track]) : null;
  }

  /** @param {import('../../i18n/t.js').Sentence} problem */
  function tell(problem) {
    const text = say(problem);
    const isKnown = [...problems.children].some((item) => item.textContent === text);
    if (!isKnown) problems.append(h('li', { 'data-key': problem.key }, text));
  }

  /**
   * What is said of a device that works by now; that it is another one stays.
   *
   * @param {'microphone' | 'camera'} device
   */
  function clear(device) {
    for (const item of problems.querySelectorAll(`[data-key^="problem.${device}-"]`)) {
      if (!item.matches('[data-key$="-replaced"]')) item.remove();
    }
  }

  /** @param {SubmitEvent} event */
  function join(event) {
    event.preventDefault();
    const problem = nameProblem(name.value);
    nameIsWrong.textContent = problem ? say(problem) : '';
    if (problem === undefined) onJoin(personFrom(name.value), relayOnly.checked);
    else name.focus();
  }

  function close() {
    clearInterval(timer);
    levels.stop();
    media.off('change', update).off('devices', update).off('problem', tell);
    preview.srcObject = null;
  }
}

/**
 * @param {string} label
 * @param {import('../../call/media.js').DeviceKind} kind
 * @param {import('../../call/media.js').Media} media
 */
function deviceSelect(label, kind, media) {
  const select = h('select', { id: `choose-${kind}` });
  select.addEventListener('change', () => void media.choose(kind, select.value));
  const element = h('div', { class: 'field' }, h('label', { for: `choose-${kind}` }, label), select);
  return {
    element,
    update() {
      const devices = media.devices.filter((device) => device.kind === kind);
      element.hidden = devices.length === 0;
      select.replaceChildren(
        ...devices.map((device, index) => h('option', { value: device.deviceId }, device.label || `${label} ${index + 1}`)),
      );
      select.value = media.chosen(kind) ?? devices[0]?.deviceId ?? '';
    },
  };
}
