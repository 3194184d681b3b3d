/**
 * Adapts what is sent in a call to the line, the computer, the number of people, and to what each of them looks at. It
 * gathers figures, asks the machines of this folder, and tells the senders.
 */

import { ableDevice, judgeDevice, limitsOf } from './device.js';
import { firstBudget, nextBudget } from './budget.js';
import { Setting } from './setting.js';
import { divide, keyOf, wantedBy } from './shares.js';

/**
 * @typedef {import('../quality/figures.js').Figures} Figures
 * @typedef {import('./shares.js').PictureKind} PictureKind
 * @typedef {import('./shares.js').Size} Size
 *
 * @typedef {object} Target  a peer, as far as what is sent to it is concerned
 * @property {string} id
 * @property {boolean} isConnected
 * @property {Partial<Record<'microphone' | 'screenSound' | PictureKind, RTCRtpSender>>} senders
 * @property {Partial<Record<PictureKind, Size>>} sees  in which size it shows each picture; what is missing, it may show in any
 * @property {(held: readonly PictureKind[]) => void} [hold]  which pictures that it wants are not sent, to save the sound
 */

/** How often all is weighed, in milliseconds. */
const interval = 1000;
/**
 * What sound with its repetition takes while somebody speaks, packets' heads included; and at least, since it may begin at any
 * moment; and what that of a screen takes.
 */
const sound = { spoken: 90_000, reserved: 40_000, shared: 80_000 };
/** What a voice takes where there is not even room for all of it, and usually, in bits a second; its repetition takes the same again. */
const voice = { narrow: 14_000, usual: 32_000 };
/** The same of the sound of a screen, which may be music, and is not repeated. */
const played = { narrow: 24_000, usual: 64_000 };
/** What is expected of a track that does not tell. */
const usual = { camera: { width: 640, height: 360 }, screen: { width: 1280, height: 720 } };

export class Adaptation {
  #targets;
  #budget = firstBudget;
  #device = ableDevice;
  /** @type {Map<string, import('./shares.js').Share>} */
  #shares = new Map();
  /** @type {Map<string, Figures>} those that are not weighed yet */
  #news = new Map();
  /** @type {Map<string, number>} what is sent of sound to each, in bits a second */
  #sounds = new Map();
  /** Whether there is not even room for all sound. */
  #isNarrow = false;
  /** @type {WeakMap<RTCRtpSender, Setting>} */
  #settings = new WeakMap();
  /** @type {any} */
  #timer;
  #clock;

  /**
   * @param {object} options
   * @param {() => Iterable<Target>} options.targets  all peers
   * @param {() => number} [options.now]  in milliseconds
   * @param {(callback: () => void, delay: number) => any} [options.setInterval]
   * @param {(timer: any) => void} [options.clearInterval]
   */
  constructor({ targets, now = () => performance.now(), setInterval = globalThis.setInterval.bind(globalThis), clearInterval = globalThis.clearInterval.bind(globalThis) }) {
    this.#targets = targets;
    this.#clock = { now, setInterval, clearInterval };
  }

  start() {
    this.#timer = this.#clock.setInterval(() => this.#weigh(), interval);
  }

  /** @param {string} id @param {Figures} figures  new ones */
  take(id, figures) {
    this.#news.set(id, figures);
  }

  /** Divides anew, since somebody came, went, or looks at something else. */
  apply() {
    const targets = [...this.#targets()];
    const device = limitsOf(this.#device, targets.length + 1);
    const demands = this.#demandsOf(targets);
    this.#shares = divide(demands, { room: this.#budget.total - this.#soundOf(targets), device, before: this.#shares });
    for (const target of targets) this.#tell(target);
  }

  /**
   * Sends whole pictures to a peer that was cut off: browsers ask for one three seconds after they can't go on.
   *
   * @param {Target} target
   */
  refresh({ senders: { camera, screen } }) {
    for (const sender of [camera, screen]) if (sender?.track) void this.#settingOf(sender).refresh();
  }

  stop() {
    this.#clock.clearInterval(this.#timer);
  }

  #weigh() {
    const targets = [...this.#targets()];
    if (targets.length === 0) return;
    const time = this.#clock.now();
    const isLimited = [...this.#news.values()].some(({ pictureOut }) => pictureOut.limitation === 'cpu');
    this.#device = judgeDevice(this.#device, isLimited, time);
    const readings = new Map([...this.#news].map(([id, figures]) => [id, this.#readingOf(id, figures)]));
    this.#news.clear();
    const present = new Set(targets.map(({ id }) => id));
    for (const id of this.#sounds.keys()) if (!present.has(id)) this.#sounds.delete(id);
    const wanted = wantedBy(this.#demandsOf(targets), limitsOf(this.#device, targets.length + 1)) + this.#soundOf(targets);
    this.#budget = nextBudget(this.#budget, readings, { time, present, wanted });
    const most = targets.reduce((sum, target) => sum + mostSoundOf(target), 0);
    this.#isNarrow = this.#budget.total < most * (this.#isNarrow ? 1.2 : 0.9);
    this.apply();
  }

  /** @param {string} id @param {Figures} figures @returns {import('./budget.js').Reading} */
  #readingOf(id, { availableOut, roundTrip, lossOut, soundOut, pictureOut }) {
    this.#sounds.set(id, soundOut.bitrate ?? 0);
    const pictures = [...this.#shares].filter(([key]) => key.endsWith(` ${id}`)).reduce((sum, [, { bitrate }]) => sum + bitrate, 0);
    return {
      available: availableOut,
      roundTrip,
      loss: lossOut,
      soundLoss: soundOut.loss,
      sent: (soundOut.bitrate ?? 0) + (pictureOut.bitrate ?? 0),
      given: pictures,
    };
  }

  /** @param {readonly Target[]} targets */
  #soundOf(targets) {
    return targets.reduce((sum, target) => sum + Math.max(Math.min(1.3 * (this.#sounds.get(target.id) ?? 0), mostSoundOf(target)), sound.reserved), 0);
  }

  /** @param {readonly Target[]} targets */
  #demandsOf(targets) {
    return targets.flatMap((target) =>
      /** @type {const} */ (['camera', 'screen']).flatMap((kind) => {
        const track = target.senders[kind]?.track;
        if (!track || !target.isConnected) return [];
        return [{ peer: target.id, kind, captured: capturedBy(track, kind), seen: target.sees[kind], isMotion: isMotion(kind, track), limit: this.#budget.lines.get(target.id)?.limit ?? Infinity }];
      }),
    );
  }

  /** @param {Target} target */
  #tell(target) {
    const { microphone, screenSound } = target.senders;
    if (microphone) void this.#settingOf(microphone).want({ priority: 'high', networkPriority: 'high', maxBitrate: this.#isNarrow ? voice.narrow : voice.usual });
    if (screenSound?.track) void this.#settingOf(screenSound).want({ maxBitrate: this.#isNarrow ? played.narrow : played.usual });
    /** @type {PictureKind[]} */
    const held = [];
    for (const kind of /** @type {const} */ (['camera', 'screen'])) {
      const share = this.#shares.get(keyOf({ peer: target.id, kind }));
      const sender = target.senders[kind];
      if (!share || !sender) continue;
      if (share.isHeld) held.push(kind);
      void this.#settingOf(sender).want(encodingOf(share), preferenceFor(kind, sender.track));
    }
    target.hold?.(held);
  }

  /** @param {RTCRtpSender} sender */
  #settingOf(sender) {
    const known = this.#settings.get(sender) ?? new Setting(sender);
    this.#settings.set(sender, known);
    return known;
  }
}

/** @param {Target} target */
function mostSoundOf({ senders: { screenSound } }) {
  return sound.spoken + (screenSound?.track ? sound.shared : 0);
}

/** @param {import('./shares.js').Share} share @returns {import('./setting.js').Encoding} */
function encodingOf({ bitrate, scale, frames }) {
  // What nobody sees keeps its size, so that it comes back as it was.
  return bitrate === 0 ? { active: false } : { active: true, maxBitrate: bitrate, scaleResolutionDownBy: scale, maxFramerate: frames };
}

/**
 * Whether what is shown of a screen is to move smoothly.
 *
 * @param {PictureKind} kind
 * @param {MediaStreamTrack | null} track
 */
function isMotion(kind, track) {
  return kind === 'screen' && track?.contentHint === 'motion';
}

/** @param {PictureKind} kind @param {MediaStreamTrack | null} track @returns {import('./setting.js').Preference} */
function preferenceFor(kind, track) {
  if (kind === 'camera') return 'balanced';
  return isMotion(kind, track) ? 'maintain-framerate' : 'maintain-resolution';
}

/** @param {MediaStreamTrack} track @param {PictureKind} kind */
function capturedBy(track, kind) {
  const { width = 0, height = 0 } = track.getSettings?.() ?? {};
  return width > 0 && height > 0 ? { width, height } : usual[kind];
}
