/**
 * One recording of the call, with what it takes: the others are told first, then picture and sound are mixed and written
 * until it ends, by the person, with the call, or because something fails.
 */

import { DiskSink } from '../../call/recording/disk-sink.js';
import { ownFormat, recordingName } from '../../call/recording/format.js';
import { MemorySink } from '../../call/recording/memory-sink.js';
import { Mixer } from '../../call/recording/mixer.js';
import { Recording } from '../../call/recording/recording.js';
import { tickEvery } from '../../call/recording/ticker.js';
import { t } from '../../i18n/t.js';
import { sceneOf } from '../../state/stage/scene.js';
import { screenOf } from '../../state/stage/tiles.js';
import { offer } from './offer.js';
import { framesPerSecond, Painter } from './painter.js';

/**
 * @typedef {import('../../call/recording/recording.js').Sink} Sink
 * @typedef {import('../../call/recording/format.js').Format} Format
 * @typedef {import('../../i18n/t.js').Sentence} Sentence
 */

/** So many seconds sound may need to begin. */
const patience = 4;

export class Film {
  #store;
  #session;
  #probe;
  #onReady;
  /** Aborts when it is to end. */
  #end = new AbortController();
  /** Aborts when nothing of what it takes is needed any more. */
  #gear = new AbortController();
  /** Own camera, and own screen: the state does not hold them. */
  #own = { camera: new MediaStream(), screen: new MediaStream() };

  /**
   * @param {object} options
   * @param {import('../../state/state.js').PageStore} options.store
   * @param {import('../../session.js').Session} options.session
   * @param {HTMLElement} options.probe  where an avatar can stand unseen
   * @param {() => void} options.onReady  it has ended as it should, and its file is among those that have come
   */
  constructor({ store, session, probe, onReady }) {
    this.#store = store;
    this.#session = session;
    this.#probe = probe;
    this.#onReady = onReady;
  }

  /** How it goes stands in the store. */
  async start() {
    const format = ownFormat();
    if (!format) return;
    this.#tell('beginning');
    const name = recordingName(this.#store.get().connection.room, new Date(), format.ending);
    /** @type {Sink | undefined} */
    let sink;
    let isTold = true;
    try {
      // Mixed from the click on: some browsers let no sound begin later.
      const mixer = new Mixer();
      this.#gear.signal.addEventListener('abort', () => mixer.close());
      sink = await openSink(name, format);
      // Nothing is taken of those who do not know.
      isTold = !this.#isOver && (await this.#session.setRecording(true));
      if (isTold && !this.#isOver) {
        this.#roll({ mixer, sink, format, name });
        this.#tell('on');
        this.#note({ key: 'record.begun' });
        return;
      }
    } catch (error) {
      console.warn('recording', error);
    }
    this.#gear.abort();
    void sink?.remove();
    void this.#session.setRecording(false);
    this.#tell('off');
    if (!this.#isOver) this.#note({ key: isTold ? 'record.cannot' : 'record.untold' });
  }

  stop() {
    this.#end.abort();
  }

  get #isOver() {
    return this.#end.signal.aborted;
  }

  /**
   * Throws if the browser does not.
   *
   * @param {{ mixer: Mixer, sink: Sink, format: Format, name: string }} parts
   */
  #roll({ mixer, sink, format, name }) {
    const painter = new Painter(this.#probe);
    this.#gear.signal.addEventListener('abort', () => painter.close());
    const recording = new Recording({ picture: painter.track, sound: mixer.track, format, sink });
    recording.on('ended', (ended) => this.#ended({ ...ended, name, sink }));
    this.#direct(painter, mixer);
    recording.start();
    this.#end.signal.addEventListener('abort', () => {
      this.#tell('ending');
      recording.stop();
    });
  }

  /** @param {Painter} painter @param {Mixer} mixer */
  #direct(painter, mixer) {
    const store = this.#store;
    const { signal } = this.#gear;
    const show = () => {
      const state = store.get();
      this.#takeOwn();
      painter.show(sceneOf(state).map((shot) => ({ ...shot, stream: shot.stream ?? this.#ownOf(shot.id), label: shot.isScreen ? t('tile.screen', { name: shot.name }) : shot.name })), state.colours);
    };
    for (const part of /** @type {const} */ (['peers', 'members', 'media', 'colours'])) store.watch((state) => state[part], show, { signal });
    let count = 0;
    const tick = () => {
      // Streams get other tracks without being others.
      if (count % framesPerSecond === 0) mixer.hear(this.#soundsNow());
      if (count === patience * framesPerSecond && !mixer.isRunning) this.#note({ key: 'record.silent' });
      count += 1;
      painter.draw();
    };
    tick();
    tickEvery(1000 / framesPerSecond, tick, signal);
  }

  #takeOwn() {
    const { videoTrack, screenTrack } = this.#session.media;
    for (const [stream, track] of /** @type {const} */ ([[this.#own.camera, videoTrack], [this.#own.screen, screenTrack]])) {
      for (const old of stream.getTracks()) if (old !== track) stream.removeTrack(old);
      if (track && stream.getTracks().length === 0) stream.addTrack(track);
    }
  }

  /** @param {string} id */
  #ownOf(id) {
    return id === screenOf('self') ? this.#own.screen : this.#own.camera;
  }

  /** All that can be heard in the call, one's own voice included. */
  #soundsNow() {
    const { audioTrack, screenSound } = this.#session.media;
    const others = this.#store.get().peers.list.flatMap(({ stream, screen }) => [...stream.getAudioTracks(), ...(screen?.getAudioTracks() ?? [])]);
    return [audioTrack, screenSound, ...others].flatMap((track) => (track ? [track] : []));
  }

  /** @param {import('../../call/recording/recording.js').Ended & { name: string, sink: Sink }} ended */
  #ended({ file, problem, name, sink }) {
    this.#end.abort();
    this.#gear.abort();
    void this.#session.setRecording(false);
    this.#tell('off');
    if (file) offer(this.#store, { name, file, sink });
    if (problem || !file) this.#note(problem ?? { key: 'record.ended-empty' });
    else this.#onReady();
  }

  /** @param {import('../../state/stage/recording.js').Recording['phase']} phase */
  #tell(phase) {
    this.#store.apply({ type: 'recording', phase, now: performance.now() });
  }

  /** @param {Sentence} sentence */
  #note(sentence) {
    this.#store.apply({ type: 'notice', sentence });
  }
}

/** @param {string} name @param {Format} format @returns {Promise<Sink>} the disk, where the browser gives the page one */
async function openSink(name, { type }) {
  try {
    return await DiskSink.open(name);
  } catch {
    return new MemorySink(type.replace(/;.*/, ''));
  }
}
