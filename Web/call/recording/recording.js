/** One recording, from its first frame to a file. */

import { Emitter } from '../../client/emitter.js';
import { EndOfRoom } from './end-of-room.js';
import { WebmHeader } from './webm.js';

/**
 * @typedef {object} Sink  where it goes
 * @property {(bytes: Uint8Array, position: number) => Promise<void>} write  one after the other; rejects with `EndOfRoom` where
 *   there is no more room
 * @property {() => Promise<Blob>} close  what was written
 * @property {() => unknown} remove  throws it away
 * @property {() => unknown} markSaved  the person has it
 *
 * @typedef {object} Ended
 * @property {Blob | undefined} file  nothing if nothing was recorded
 * @property {import('../../i18n/t.js').Sentence | undefined} problem  why, if nobody stopped it
 *
 * @typedef {object} RecordingEvents
 * @property {[ended: Ended]} ended
 */

/** How often something is written, in milliseconds: no more than that is lost with a page that ends. */
const slice = 1000;
const bitsPerSecond = { videoBitsPerSecond: 2_000_000, audioBitsPerSecond: 96_000 };

/** @extends {Emitter<RecordingEvents>} */
export class Recording extends Emitter {
  #recorder;
  #sink;
  #header;
  #size = 0;
  #startedAt = 0;
  /** @type {Promise<void>} */
  #written = Promise.resolve();
  /** @type {import('../../i18n/t.js').Sentence | undefined} */
  #problem;

  /**
   * @param {object} options
   * @param {MediaStreamTrack} options.picture
   * @param {MediaStreamTrack} options.sound
   * @param {import('./format.js').Format} options.format
   * @param {Sink} options.sink
   */
  constructor({ picture, sound, format, sink }) {
    super();
    this.#sink = sink;
    this.#header = format.ending === 'webm' ? new WebmHeader() : undefined;
    this.#recorder = new MediaRecorder(new MediaStream([picture, sound]), { mimeType: format.type, ...bitsPerSecond });
    this.#recorder.ondataavailable = ({ data }) => this.#take(data, performance.now());
    this.#recorder.onerror = () => this.#fail(new Error('the recorder has failed'));
    this.#recorder.onstop = () => void this.#finish();
  }

  /** Throws what the browser says if it cannot. */
  start() {
    this.#startedAt = performance.now();
    this.#recorder.start(slice);
  }

  /** `ended` comes when all is written. */
  stop() {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
  }

  /** @param {Blob} data @param {number} now */
  #take(data, now) {
    this.#written = this.#written.then(async () => {
      if (this.#problem) return;
      const bytes = new Uint8Array(await data.arrayBuffer());
      await this.#append(this.#header ? this.#header.take(bytes) : bytes);
      const length = this.#header?.say(now - this.#startedAt);
      if (length) await this.#sink.write(length.bytes, length.position);
    }).catch((error) => this.#fail(error));
  }

  /** @param {Uint8Array} bytes */
  async #append(bytes) {
    if (bytes.length === 0) return;
    await this.#sink.write(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof EndOfRoom)) console.warn('recording', error);
    this.#problem ??= error instanceof EndOfRoom ? error.sentence : { key: 'record.ended-failed' };
    this.stop();
  }

  async #finish() {
    await this.#written;
    if (!this.#problem) await this.#append(this.#header?.rest() ?? new Uint8Array()).catch((error) => this.#fail(error));
    const file = await this.#sink.close().catch(() => undefined);
    if (!file?.size) await this.#sink.remove();
    this.dispatch('ended', { file: file?.size ? file : undefined, problem: this.#problem });
  }
}
