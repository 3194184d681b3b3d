/** What this person shows of their screen. */

import { Emitter } from '../../client/emitter.js';
import { errorName } from './problem.js';

/** Frames a second: of what is read, and of what moves. */
const frameRates = { detail: 15, motion: 30 };
/** No text is sharper for more, and each peer is sent it. */
const most = { width: { max: 2560 }, height: { max: 1600 } };
/** What is asked for first is the most that there can be: some browsers only leave out frames later, and make none more. */
const wishes = { video: { ...most, frameRate: { max: frameRates.motion } }, audio: false };

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
  /** Whether motion matters more than sharp text; each time that something is shared, it does not at first. */
  isMotion = false;
  #isChoosing = false;
  #signal;

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
      const stream = await navigator.mediaDevices.getDisplayMedia(wishes);
      this.#take(stream.getTracks());
    } catch (error) {
      if (!this.#signal.aborted && !isRefusal(error)) this.dispatch('problem', { key: 'problem.screen-failed' });
    } finally {
      this.#isChoosing = false;
    }
  }

  stop() {
    const tracks = [this.track, this.sound];
    this.track = undefined;
    this.sound = undefined;
    this.isMotion = false;
    for (const track of tracks) {
      if (!track) continue;
      track.onended = null;
      track.stop();
    }
    if (tracks[0]) this.dispatch('change');
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
    this.dispatch('change');
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
 * Whether the person has not chosen anything.
 *
 * @param {unknown} error
 */
function isRefusal(error) {
  return errorName(error) === 'NotAllowedError';
}
