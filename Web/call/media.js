/** Microphone, camera and screen of this participant. */

import { Emitter } from '/client/emitter.js';

/**
 * @typedef {'audioinput' | 'videoinput'} DeviceKind
 *
 * @typedef {object} MediaEvents
 * @property {[]} change  other tracks, or another status
 * @property {[]} devices  other devices can be chosen
 * @property {[problem: string]} problem  in words for the person
 */

/**
 * The picture that is asked for. In a mesh it is encoded and sent once for each peer, so it is small
 * enough for a call of four over an ordinary line.
 */
const picture = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24, max: 30 } };
const sound = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** @extends {Emitter<MediaEvents>} */
export class Media extends Emitter {
  /** What senders name as the stream of their tracks. */
  stream = new MediaStream();
  /** @type {MediaDeviceInfo[]} */
  devices = [];
  /** @type {Record<DeviceKind, string | undefined>} */
  #chosen = { audioinput: undefined, videoinput: undefined };
  /** @type {MediaStreamTrack | undefined} */
  #microphone;
  /** @type {MediaStreamTrack | undefined} */
  #camera;
  /** @type {MediaStreamTrack | undefined} */
  #screen;

  /** Whether the browser gives devices to this page at all. */
  static get isAvailable() {
    return navigator.mediaDevices !== undefined;
  }

  static get canShareScreen() {
    return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
  }

  /** The microphone, muted or not. */
  get audioTrack() {
    return this.#microphone;
  }

  /** What is shown to others: the screen, or else the camera. */
  get videoTrack() {
    return this.#screen ?? this.#camera;
  }

  get status() {
    return {
      audio: this.#microphone?.enabled === true,
      video: this.#camera !== undefined,
      screen: this.#screen !== undefined,
    };
  }

  /** Asks for camera and microphone; what cannot be had is left out, and told as a problem. */
  async start() {
    if (!Media.isAvailable) {
      this.dispatch('problem', 'This page was opened without HTTPS, so the browser gives it neither camera nor microphone. You can still chat, watch and listen.');
      return;
    }
    navigator.mediaDevices.addEventListener('devicechange', () => void this.#listDevices());
    try {
      this.#take(await navigator.mediaDevices.getUserMedia({ audio: this.#sound(), video: this.#picture() }));
    } catch {
      // One of the two may be missing: each is asked for on its own, and told on its own.
      await this.#acquire('audioinput');
      await this.#acquire('videoinput');
    }
    await this.#listDevices();
    this.dispatch('change');
  }

  /**
   * Switches the microphone on or off.
   *
   * @param {boolean} on
   */
  async setMicrophone(on) {
    if (this.#microphone) this.#microphone.enabled = on;
    else if (on) await this.#acquire('audioinput');
    this.dispatch('change');
  }

  /**
   * Switches the camera on or off; off means that its light goes out.
   *
   * @param {boolean} on
   */
  async setCamera(on) {
    if (on && !this.#camera) {
      await this.#acquire('videoinput');
    } else if (!on && this.#camera) {
      this.#camera.stop();
      this.#camera = undefined;
    }
    this.dispatch('change');
  }

  /**
   * Takes another device.
   *
   * @param {DeviceKind} kind
   * @param {string} id
   */
  async choose(kind, id) {
    this.#chosen[kind] = id;
    const wasOn = kind === 'audioinput' ? this.status.audio : this.status.video;
    if (kind === 'videoinput' && !wasOn) return;
    await this.#acquire(kind);
    if (kind === 'audioinput' && this.#microphone) this.#microphone.enabled = wasOn;
    this.dispatch('change');
  }

  /**
   * The device in use.
   *
   * @param {DeviceKind} kind
   */
  chosen(kind) {
    const track = kind === 'audioinput' ? this.#microphone : this.#camera;
    return track?.getSettings().deviceId ?? this.#chosen[kind];
  }

  /** Shows the screen instead of the camera. */
  async startScreen() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false });
      const [track] = stream.getVideoTracks();
      if (!track) return;
      // Text must stay sharp; motion may suffer.
      track.contentHint = 'detail';
      track.onended = () => this.stopScreen();
      this.#screen?.stop();
      this.#screen = track;
      this.dispatch('change');
    } catch (error) {
      if (nameOf(error) !== 'NotAllowedError') this.dispatch('problem', 'The screen could not be shared.');
    }
  }

  stopScreen() {
    if (!this.#screen) return;
    this.#screen.onended = null;
    this.#screen.stop();
    this.#screen = undefined;
    this.dispatch('change');
  }

  /** Gives every device back. */
  stop() {
    for (const track of [this.#microphone, this.#camera, this.#screen]) track?.stop();
    this.#microphone = undefined;
    this.#camera = undefined;
    this.#screen = undefined;
  }

  #sound() {
    const id = this.#chosen.audioinput;
    return { ...sound, ...(id && { deviceId: { exact: id } }) };
  }

  #picture() {
    const id = this.#chosen.videoinput;
    return { ...picture, ...(id && { deviceId: { exact: id } }) };
  }

  /** @param {DeviceKind} kind */
  async #acquire(kind) {
    const isAudio = kind === 'audioinput';
    if (!Media.isAvailable) {
      this.dispatch('problem', `The browser gives no ${isAudio ? 'microphone' : 'camera'} to a page without HTTPS.`);
      return;
    }
    try {
      this.#take(await navigator.mediaDevices.getUserMedia(isAudio ? { audio: this.#sound() } : { video: this.#picture() }));
    } catch (error) {
      this.dispatch('problem', describe(error, isAudio ? 'microphone' : 'camera'));
    }
    await this.#listDevices();
  }

  /** @param {MediaStream} stream */
  #take(stream) {
    for (const track of stream.getTracks()) {
      if (track.kind === 'audio') {
        this.#microphone?.stop();
        this.#microphone = track;
      } else {
        this.#camera?.stop();
        this.#camera = track;
      }
      track.onended = () => this.#ended(track);
    }
  }

  /**
   * A device was unplugged, or its permission withdrawn.
   *
   * @param {MediaStreamTrack} track
   */
  #ended(track) {
    if (track === this.#microphone) this.#microphone = undefined;
    else if (track === this.#camera) this.#camera = undefined;
    else return;
    this.dispatch('problem', `The ${track.kind === 'audio' ? 'microphone' : 'camera'} is gone.`);
    this.dispatch('change');
  }

  async #listDevices() {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    this.devices = devices.filter(({ deviceId }) => deviceId !== '');
    this.dispatch('devices');
  }
}

/** @param {unknown} error */
function nameOf(error) {
  return error instanceof DOMException ? error.name : '';
}

/** @param {unknown} error @param {string} device */
function describe(error, device) {
  switch (nameOf(error)) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `The browser was not allowed to use the ${device}. You can allow it in the address bar, or join without.`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `No ${device} was found. You can join without.`;
    case 'NotReadableError':
    case 'AbortError':
      return `The ${device} cannot be used; another program may be using it.`;
    default:
      return `The ${device} could not be started.`;
  }
}
