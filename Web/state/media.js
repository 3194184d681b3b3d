/**
 * The devices of this member, and what is wrong with them.
 *
 * @typedef {import('../i18n/t.js').Sentence} Sentence
 * @typedef {import('./peers.js').Status} Status
 *
 * @typedef {object} Device
 * @property {import('../call/media.js').ChoiceKind} kind
 * @property {string} id
 * @property {string} label
 *
 * @typedef {object} MediaState
 * @property {Status} status  what is sent
 * @property {MediaStreamTrack | undefined} audioTrack
 * @property {MediaStreamTrack | undefined} videoTrack
 * @property {readonly Device[]} devices
 * @property {Readonly<Record<Device['kind'], string | undefined>>} chosen
 * @property {boolean} isPrompting  whether the browser asks for permission
 * @property {boolean} isBeforePrompt  whether it will, once the person says so
 * @property {boolean} isFacingAway  whether the camera looks away from the person, as that on the back of a phone
 * @property {Readonly<{ isPossible: boolean, isOn: boolean }>} blur  of what is behind the person
 * @property {Readonly<{ isMotion: boolean, sound: 'none' | 'sent' | 'off' }>} sharing  how the screen is shared: `isMotion` if it
 *   is to move smoothly, rather than have sharp text; `sound`: what the others hear of it, `off` if it could be heard
 * @property {Readonly<import('../call/media.js').Processing>} processing  what is done to the voice
 * @property {readonly Sentence[]} problems  each of them once, until its device works
 *
 * @typedef {{ type: 'media' } & Omit<MediaState, 'problems'>} MediaChange
 * @typedef {MediaChange | { type: 'problem', problem: Sentence } | { type: 'problem-over', key: string } | { type: 'lobby' }} MediaEvent
 */

import { keepEqual } from './store.js';

/** @type {MediaState} */
export const noMedia = {
  status: { audio: false, video: false, screen: false },
  audioTrack: undefined,
  videoTrack: undefined,
  devices: [],
  chosen: { audioinput: undefined, videoinput: undefined, audiooutput: undefined },
  isPrompting: false,
  isBeforePrompt: false,
  isFacingAway: false,
  blur: { isPossible: false, isOn: false },
  sharing: { isMotion: false, sound: 'none' },
  processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  problems: [],
};

/** @param {MediaState} media @param {MediaEvent | { type: '' }} event @returns {MediaState} */
export function reduceMedia(media, event) {
  switch (event.type) {
    case 'media': {
      const { type, ...now } = event;
      const devices = keepEqual(media.devices, now.devices, ({ kind, id }) => `${kind} ${id}`);
      const problems = media.problems.filter(({ key }) => !isMended(key, now.status));
      return { ...now, devices, problems: problems.length === media.problems.length ? media.problems : problems };
    }
    case 'problem':
      if (media.problems.some(({ key }) => key === event.problem.key)) return media;
      return { ...media, problems: [...media.problems, event.problem] };
    case 'problem-over':
      return media.problems.some(({ key }) => key === event.key) ? { ...media, problems: media.problems.filter(({ key }) => key !== event.key) } : media;
    case 'lobby':
      return noMedia;
    default:
      return media;
  }
}

/** @param {string} key @param {Status} status */
function isMended(key, { audio, video }) {
  // That it is another one stays worth knowing.
  if (key.endsWith('-replaced')) return false;
  return (audio && key.startsWith('problem.microphone-')) || (video && key.startsWith('problem.camera-'));
}
