/** What this person shows of their screen: its picture, and its sound where the browser gives it. */

import { Emitter } from '../../client/emitter.js';
import { errorName } from './problem.js';

/** Frames a second: of what is read, and of what moves. */
const frameRates = { detail: 15, motion: 30 };
/** No text is sharper for more, and each peer is sent it. */
const most = { width: { max: 2560 }, height: { max: 1600 } };

/**
 * @typedef {object} ScreenEvents
 * @property {[]} change
 * @property {[]} ended  by the browser, or by what was shown
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
  /** Whether motion matters more than sharp text. */
  isMotion = false;
  isChoosing = false;
  #signal;

  /** @param {AbortSignal} signal  of the end */
  constructor(signal) {
    super();
    this.#signal = signal;
  }

  /** Lets the person choose what to show. */
  async start() {
    if (this.isChoosing) return;
    this.isChoosing = true;
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia(this.#wishes);
      this.#take(stream.getTracks());
    } catch (error) {
      if (!this.#signal.aborted && !isRefusal(error)) this.dispatch('problem', { key: 'problem.screen-failed' });
    } finally {
      this.isChoosing = false;
    }
  }

  stop() {
    const tracks = [this.track, this.sound];
    this.track = undefined;
    this.sound = undefined;
    for (const track of tracks) {
      if (!track) continue;
      track.onended = null;
      track.stop();
    }
    if (tracks[0]) this.dispatch('change');
  }

  /** @param {boolean} isMotion */
  async setMotion(isMotion) {
    this.isMotion = isMotion;
    this.#hint();
    this.dispatch('change');
    await this.track?.applyConstraints({ ...most, frameRate: { max: this.#frameRate } }).catch(() => undefined);
  }

  get #frameRate() {
    return this.isMotion ? frameRates.motion : frameRates.detail;
  }

  get #wishes() {
    return {
      video: { ...most, frameRate: { max: this.#frameRate } },
      audio: false,
    };
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
    this.#hint();
    this.dispatch('change');
  }

  /** Tells the encoder what must not suffer. */
  #hint() {
    if (this.track) this.track.contentHint = this.isMotion ? 'motion' : 'detail';
  }
}

/**
 * Whether the person has not chosen anything.
 *
 * @param {unknown} error
 */
function isRefusal(error) {
  return errorName(error) === 'NotAllowedError';
}
