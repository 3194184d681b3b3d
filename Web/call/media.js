/** Microphone, camera and screen of this participant. */

import { Emitter } from '../client/emitter.js';
import { Camera } from './devices/camera.js';
import { Device } from './devices/device.js';
import { willPrompt } from './devices/permission.js';
import { preferredAmong } from './devices/preferred.js';
import { SharedScreen } from './devices/screen.js';

/**
 * @typedef {import('./devices/device.js').DeviceKind} DeviceKind
 * @typedef {import('./devices/device.js').Preference} Preference
 * @typedef {DeviceKind | 'audiooutput'} ChoiceKind  what can be chosen: those, and what plays the others
 * @typedef {{ echoCancellation: boolean, noiseSuppression: boolean, autoGainControl: boolean }} Processing  what is done to
 *   a voice before it is sent
 *
 * @typedef {object} MediaEvents
 * @property {[]} change  other tracks, or another status
 * @property {[]} devices  other devices can be chosen
 * @property {[problem: import('../i18n/t.js').Sentence]} problem  to tell the person
 * @property {[key: import('../i18n/t.js').Key]} over  a problem that is none any more
 * @property {[note: import('../i18n/t.js').Sentence]} note  what is worth knowing, and is no problem
 */

/** @type {Processing} */
const usualProcessing = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** @extends {Emitter<MediaEvents>} */
export class Media extends Emitter {
  /** What senders name as the stream of their tracks. */
  stream = new MediaStream();
  /** @type {MediaDeviceInfo[]} */
  devices = [];
  processing;
  /**
   * What plays the others; the system's choice unless there is one.
   *
   * @type {string | undefined}
   */
  output;
  /** Whether the browser will ask the person, who is told so first; nothing is asked for until then. */
  isBeforePrompt = false;
  /** What the person chose to hear the others from. */
  #speaker;
  #end = new AbortController();
  #microphone;
  #camera;
  #screen = new SharedScreen(this.#end.signal);

  /**
   * @param {object} options
   * @param {Partial<Record<ChoiceKind, Preference>>} [options.preferred]  what was chosen on earlier visits
   * @param {Partial<Processing>} [options.processing]  all of it unless said otherwise
   */
  constructor({ preferred = {}, processing = {} } = {}) {
    super();
    this.processing = { ...usualProcessing, ...processing };
    this.#speaker = preferred.audiooutput;
    const options = { devices: () => this.devices, signal: this.#end.signal };
    this.#microphone = new Device('audioinput', { ...options, constraints: () => this.processing, preferred: preferred.audioinput });
    this.#camera = new Camera({ ...options, preferred: preferred.videoinput });
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#devicesChanged(), { signal: this.#end.signal });
    for (const device of this.#both) {
      device
        .on('change', () => this.#changed())
        .on('list', () => void this.#listDevices())
        .on('problem', (problem) => this.dispatch('problem', problem))
        .on('over', (key) => this.dispatch('over', key))
        .on('note', (note) => this.dispatch('note', note));
    }
    this.#screen
      .on('change', () => this.#changed())
      .on('problem', (problem) => this.dispatch('problem', problem))
      .on('echo', () => this.dispatch('note', { key: 'note.screen-echo' }))
      .on('ended', () => this.dispatch('note', { key: 'note.screen-ended' }));
  }

  /** Whether the browser gives devices to this page at all. */
  static get isAvailable() {
    return navigator.mediaDevices !== undefined;
  }

  static get canShareScreen() {
    return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
  }

  get #both() {
    return [this.#microphone, this.#camera];
  }

  /** The microphone, muted or not. */
  get audioTrack() {
    return this.#microphone.track;
  }

  /** The camera's. */
  get videoTrack() {
    return this.#camera.track;
  }

  /** Of the screen that is shared. */
  get screenTrack() {
    return this.#screen.track;
  }

  /** Of what the screen that is shared plays. */
  get screenSound() {
    return this.#screen.sound;
  }

  /** What senders name as the stream of these two. */
  get screenStream() {
    return this.#screen.stream;
  }

  /** How the screen is shared. */
  get sharing() {
    return { isMotion: this.#screen.isMotion, sound: this.#screen.soundStatus };
  }

  /** What others get: a device that the system has silenced sends nothing, whatever is switched on here. */
  get status() {
    const [microphone, camera] = [this.#microphone.track, this.#camera.track];
    return {
      audio: microphone?.enabled === true && !microphone.muted,
      video: camera !== undefined && !camera.muted,
      screen: this.#screen.track !== undefined,
    };
  }

  /** What is on, or was asked for and is about to be: a second click takes the first one back. */
  get wanted() {
    return {
      audio: this.#microphone.track?.enabled ?? this.#microphone.isStarting,
      video: this.#camera.track !== undefined || this.#camera.isStarting,
    };
  }

  /** Whether the browser asks the person for permission. */
  get isPrompting() {
    return this.#both.some((device) => device.isPrompting);
  }

  /** Whether the camera looks away from the person. */
  get isFacingAway() {
    return this.#camera.isFacingAway;
  }

  /** Whether the camera can blur what is behind the person, and does. */
  get blur() {
    return this.#camera.blur;
  }

  /** Asks for camera and microphone, unless the browser would ask the person, who must know why: then `start` does. */
  async prepare() {
    if (!Media.isAvailable) {
      this.dispatch('problem', { key: 'problem.no-https' });
      return;
    }
    const asks = await willPrompt(this.#both.map(({ kind }) => kind));
    // Whoever was faster has switched one on, or is gone.
    if (this.#end.signal.aborted || this.#both.some((device) => device.track || device.isStarting)) return;
    this.isBeforePrompt = asks;
    this.#changed();
    if (!asks) await this.start();
  }

  /** Asks for camera and microphone; what cannot be had is left out, and told as a problem. */
  async start() {
    this.isBeforePrompt = false;
    const requests = this.#both.map((device) => ({ device, number: device.request() }));
    for (const device of this.#both) void device.watchPermission();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: this.#microphone.constraints, video: this.#camera.constraints });
      for (const track of stream.getTracks()) {
        for (const { device, number } of requests) if (device.kind === `${track.kind}input`) device.take(track, number);
      }
    } catch {
      // One of the two may be missing: each is asked for on its own, and told on its own.
      for (const { device, number } of requests) if (device.isLatest(number)) await device.acquire();
    }
    await this.#listDevices();
    this.#changed();
    for (const device of this.#both) await device.followPreference();
    this.#changed();
  }

  /**
   * Switches the microphone on or off.
   *
   * @param {boolean} on
   */
  async setMicrophone(on) {
    this.isBeforePrompt = false;
    const { track } = this.#microphone;
    if (track) track.enabled = on;
    else if (on) await this.#microphone.acquire();
    else this.#microphone.release();
    this.#changed();
  }

  /**
   * Switches the camera on or off; off means that its light goes out.
   *
   * @param {boolean} on
   */
  async setCamera(on) {
    this.isBeforePrompt = false;
    if (!on) this.#camera.release();
    else if (!this.#camera.track) await this.#camera.acquire();
    this.#changed();
  }

  /**
   * Takes another device.
   *
   * @param {ChoiceKind} kind
   * @param {string} id
   * @returns {Preference} what to remember
   */
  choose(kind, id) {
    if (kind === 'audiooutput') {
      this.#speaker = { id, label: this.devices.find((device) => device.kind === kind && device.deviceId === id)?.label ?? '' };
      this.output = id;
      this.#changed();
      return this.#speaker;
    }
    const device = kind === 'audioinput' ? this.#microphone : this.#camera;
    const preference = device.prefer(id);
    // A camera that is off stays so.
    if (kind === 'audioinput' || device.track) void this.#replace(device);
    return preference;
  }

  /** @param {Device} device */
  async #replace(device) {
    const isOn = device.track?.enabled === true;
    await device.acquire();
    if (device === this.#microphone && device.track) device.track.enabled = isOn;
    this.#changed();
  }

  /**
   * The device in use.
   *
   * @param {ChoiceKind} kind
   */
  chosen(kind) {
    if (kind === 'audiooutput') return this.output;
    return (kind === 'audioinput' ? this.#microphone : this.#camera).id;
  }

  /** Takes the camera on the other side of a phone; of a computer, the next one. */
  async flip() {
    await this.#camera.flip();
    this.#changed();
  }

  /**
   * Changes what is done to the voice.
   *
   * @param {Partial<Processing>} changes
   */
  async setProcessing(changes) {
    this.processing = { ...this.processing, ...changes };
    this.#changed();
    // Not every browser changes it on a track that is there.
    if (this.#microphone.track) await this.#replace(this.#microphone);
  }

  /** @param {boolean} on  whether the camera is to blur what is behind the person */
  async setBlur(on) {
    await this.#camera.setBlur(on);
    this.#changed();
  }

  /** Shows a screen, beside the camera. */
  startScreen() {
    return this.#screen.start();
  }

  stopScreen() {
    this.#screen.stop();
  }

  /** @param {boolean} on  whether the others hear what is shared, where there is a sound of it */
  setScreenSound(on) {
    this.#screen.setSound(on);
  }

  /** @param {boolean} isMotion  whether what is shared is to move smoothly, rather than have sharp text */
  setMotion(isMotion) {
    return this.#screen.setMotion(isMotion);
  }

  /** Gives every device back, those too that come only now. Nothing is taken after that. */
  stop() {
    this.#end.abort();
    for (const device of this.#both) device.release();
    this.stopScreen();
  }

  #changed() {
    if (!this.#end.signal.aborted) this.dispatch('change');
  }

  async #listDevices() {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    if (this.#end.signal.aborted) return;
    this.devices = devices.filter(({ deviceId }) => deviceId !== '');
    this.#findSpeaker();
    this.dispatch('devices');
  }

  /** The speaker that was chosen, while it is there. */
  #findSpeaker() {
    const former = this.output;
    this.output = preferredAmong(this.devices, 'audiooutput', this.#speaker)?.deviceId;
    if (former !== undefined && this.output === undefined) this.dispatch('problem', { key: 'problem.speaker-gone' });
    if (former === undefined && this.output !== undefined) this.dispatch('over', 'problem.speaker-gone');
  }

  /** Something was plugged in or out. */
  async #devicesChanged() {
    await this.#listDevices();
    for (const device of this.#both) await device.regain();
  }
}
