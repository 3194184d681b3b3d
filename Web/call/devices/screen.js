/** What this person shows of their screen: its picture, and its sound where the browser gives it. */

import { Emitter } from '../../client/emitter.js';
import { giveBack } from './give-back.js';
import { errorName } from './problem.js';

/** Frames a second: of what is read, and of what moves. */
const frameRates = { detail: 15, motion: 30 };
/** No text is sharper for more, and each peer is sent it. */
const most = { width: { max: 2560 }, height: { max: 1600 } };
/** What is asked for first is the most that there can be: some browsers only leave out frames later, and make none more. */
const pictureWishes = { ...most, frameRate: { max: frameRates.motion } };
/** It is no voice: nothing is done to it. Whoever shares hears it too; what the call itself plays is left out of it. */
const soundWishes = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, suppressLocalAudioPlayback: false, restrictOwnAudio: true };
/** Of the surfaces: not the page of the call, which would be a hall of mirrors, and another one at any time. */
const surfaces = { selfBrowserSurface: 'exclude', surfaceSwitching: 'include', systemAudio: 'include' };

/**
 * @typedef {object} ScreenEvents
 * @property {[]} change
 * @property {[]} ended  by the browser, or by what was shown
 * @property {[]} echo  its sound is not taken: it would hold the voices of the call
 * @property {[problem: import('../../i18n/t.js').Sentence]} problem
 *
 * @extends {Emitter<ScreenEvents>}
 */
export class SharedScreen extends Emitter {
  /** What senders name as the stream of its tracks. */
  stream = new MediaStream();
  /** @type {MediaStreamTrack | undefined} */
  track;
  /** @type {MediaStreamTrack | undefined} */
  sound;
  /** Whether motion matters more than sharp text; each time that something is shared, it does not at first. */
  isMotion = false;
  #isChoosing = false;
  /** Where sound cannot be had, some browsers give no picture either. */
  #wantsSound = true;
  #signal;
  /** Ends what is listened to of the present one. */
  #present = new AbortController();

  /** @param {AbortSignal} signal  of the end */
  constructor(signal) {
    super();
    this.#signal = signal;
  }

  /** Lets the person choose what to show. */
  async start() {
    if (this.#isChoosing) return;
    this.#isChoosing = true;
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: pictureWishes, audio: this.#wantsSound && soundWishes, ...surfaces });
      this.#wantsSound = true;
      this.#take(stream.getTracks());
    } catch (error) {
      if (this.#signal.aborted || isRefusal(error)) return;
      this.dispatch('problem', { key: this.#wantsSound ? 'problem.screen-failed-with-sound' : 'problem.screen-failed' });
      this.#wantsSound = !this.#wantsSound;
    } finally {
      this.#isChoosing = false;
    }
  }

  stop() {
    const tracks = [this.track, this.sound];
    this.track = undefined;
    this.sound = undefined;
    this.isMotion = false;
    this.#present.abort();
    for (const track of tracks) giveBack(track);
    if (tracks[0]) this.dispatch('change');
  }

  /**
   * What the others hear of it.
   *
   * @returns {'none' | 'sent' | 'off'}
   */
  get soundStatus() {
    if (!this.sound || this.sound.muted) return 'none';
    return this.sound.enabled ? 'sent' : 'off';
  }

  /** @param {boolean} on  whether the others hear it */
  setSound(on) {
    if (!this.sound) return;
    this.sound.enabled = on;
    this.dispatch('change');
  }

  /** @param {boolean} isMotion */
  async setMotion(isMotion) {
    if (!this.track) return;
    this.isMotion = isMotion;
    const told = this.#tellPurpose(this.track);
    this.dispatch('change');
    await told;
  }

  /** @param {MediaStreamTrack[]} tracks */
  #take(tracks) {
    const track = tracks.find(({ kind }) => kind === 'video');
    if (!track || this.#signal.aborted) {
      for (const each of tracks) each.stop();
      return;
    }
    this.stop();
    this.track = track;
    track.onended = () => {
      this.stop();
      this.dispatch('ended');
    };
    void this.#tellPurpose(track);
    this.#takeSound(tracks.find(({ kind }) => kind === 'audio'));
    // Some browsers let another surface be chosen, and its sound comes by the same track.
    this.#present = new AbortController();
    const { signal } = this.#present;
    track.addEventListener?.('configurationchange', () => this.track === track && this.#takeSound(this.sound), { signal });
    this.dispatch('change');
  }

  /** @param {MediaStreamTrack | undefined} sound  of the picture that was taken */
  #takeSound(sound) {
    this.sound = sound;
    if (!sound || !this.track) return;
    const drop = () => {
      giveBack(sound);
      this.sound = undefined;
      this.dispatch('change');
    };
    sound.contentHint = 'music';
    sound.onended = drop;
    sound.onmute = sound.onunmute = () => this.dispatch('change');
    if (!holdsVoices(this.track, sound)) return;
    drop();
    this.dispatch('echo');
  }

  /**
   * Tells the encoder what must not suffer, and the browser how many pictures are of use.
   *
   * @param {MediaStreamTrack} track
   */
  async #tellPurpose(track) {
    const purpose = this.isMotion ? 'motion' : 'detail';
    track.contentHint = purpose;
    // A browser that cannot goes on as it is: each sender knows its own limit.
    await track.applyConstraints({ ...most, frameRate: { max: frameRates[purpose] } }).catch(() => undefined);
  }
}

/**
 * Whether the others would hear themselves: the sound of a whole system has that of the call in it, unless the browser
 * leaves it out; that of a tab has not.
 *
 * @param {MediaStreamTrack} track @param {MediaStreamTrack} sound
 */
function holdsVoices(track, sound) {
  // The type checker's library is older than both.
  const { displaySurface = 'browser' } = /** @type {{ displaySurface?: string }} */ (track.getSettings());
  const { restrictOwnAudio = false } = /** @type {{ restrictOwnAudio?: boolean }} */ (sound.getSettings());
  return displaySurface !== 'browser' && !restrictOwnAudio;
}

/**
 * Whether the person has not chosen anything.
 *
 * @param {unknown} error
 */
function isRefusal(error) {
  return errorName(error) === 'NotAllowedError';
}
