/** What this person shows of their screen. */

import { Emitter } from '../../client/emitter.js';
import { errorName } from './problem.js';

/** No text is sharper for more, and each peer is sent it. */
const wishes = { video: { width: { max: 2560 }, height: { max: 1600 }, frameRate: { max: 15 } }, audio: false };

/**
 * @typedef {object} ScreenEvents
 * @property {[]} change
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
    for (const track of tracks) {
      if (!track) continue;
      track.onended = null;
      track.stop();
    }
    if (tracks[0]) this.dispatch('change');
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
    track.onended = () => this.stop();
    // Text must stay sharp; motion may suffer.
    track.contentHint = 'detail';
    this.dispatch('change');
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
