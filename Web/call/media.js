/** Microphone, camera and screen of this participant. */

import { Emitter } from '../client/emitter.js';

/**
 * @typedef {'audioinput' | 'videoinput'} DeviceKind
 * @typedef {{ kind: DeviceKind | 'screen', number: number }} Request
 *
 * @typedef {object} MediaEvents
 * @property {[]} change  other tracks, or another status
 * @property {[]} devices  other devices can be chosen
 * @property {[problem: import('../i18n/t.js').Sentence]} problem  to tell the person
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
  /**
   * The number of the last request for each: what an earlier one brings comes too late, and is given back.
   *
   * @type {Record<Request['kind'], number>}
   */
  #latest = { audioinput: 0, videoinput: 0, screen: 0 };
  /** @type {Set<Request['kind']>} */
  #starting = new Set();
  #end = new AbortController();
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

  /** What others get: a device that the system has silenced sends nothing, whatever is switched on here. */
  get status() {
    return {
      audio: this.#microphone?.enabled === true && !this.#microphone.muted,
      video: this.#camera !== undefined && !this.#camera.muted,
      screen: this.#screen !== undefined,
    };
  }

  /** What is on, or was asked for and is about to be: a second click takes the first one back. */
  get wanted() {
    return {
      audio: this.#microphone?.enabled ?? this.#starting.has('audioinput'),
      video: this.#camera !== undefined || this.#starting.has('videoinput'),
    };
  }

  /** Asks for camera and microphone; what cannot be had is left out, and told as a problem. */
  async start() {
    if (!Media.isAvailable) {
      this.#tell('problem.no-https');
      return;
    }
    const { signal } = this.#end;
    navigator.mediaDevices.addEventListener('devicechange', () => void this.#listDevices(), { signal });
    const requests = [this.#request('audioinput'), this.#request('videoinput')];
    try {
      this.#take(await navigator.mediaDevices.getUserMedia({ audio: this.#sound(), video: this.#picture() }), requests);
    } catch {
      // One of the two may be missing: each is asked for on its own, and told on its own.
      for (const request of requests) if (this.#isLatest(request)) await this.#acquire(/** @type {DeviceKind} */ (request.kind));
    }
    await this.#listDevices();
    this.#changed();
  }

  /**
   * Switches the microphone on or off.
   *
   * @param {boolean} on
   */
  async setMicrophone(on) {
    if (this.#microphone) this.#microphone.enabled = on;
    else if (on) await this.#acquire('audioinput');
    else this.#forget('audioinput');
    this.#changed();
  }

  /**
   * Switches the camera on or off; off means that its light goes out.
   *
   * @param {boolean} on
   */
  async setCamera(on) {
    if (on && !this.#camera) {
      await this.#acquire('videoinput');
    } else if (!on) {
      this.#forget('videoinput');
      this.#camera?.stop();
      this.#camera = undefined;
    }
    this.#changed();
  }

  /**
   * Takes another device.
   *
   * @param {DeviceKind} kind
   * @param {string} id
   */
  async choose(kind, id) {
    this.#chosen[kind] = id;
    const wasOn = kind === 'audioinput' ? this.#microphone?.enabled === true : this.#camera !== undefined;
    if (kind === 'videoinput' && !wasOn) return;
    await this.#acquire(kind);
    if (kind === 'audioinput' && this.#microphone) this.#microphone.enabled = wasOn;
    this.#changed();
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
    const request = this.#request('screen');
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false });
      const [track] = stream.getVideoTracks();
      if (!track) return;
      if (!this.#isLatest(request)) {
        track.stop();
        return;
      }
      // Text must stay sharp; motion may suffer.
      track.contentHint = 'detail';
      track.onended = () => this.stopScreen();
      this.#screen?.stop();
      this.#screen = track;
      this.#changed();
    } catch (error) {
      if (this.#isLatest(request) && nameOf(error) !== 'NotAllowedError') this.#tell('problem.screen-failed');
    }
  }

  stopScreen() {
    this.#forget('screen');
    if (!this.#screen) return;
    this.#screen.onended = null;
    this.#screen.stop();
    this.#screen = undefined;
    this.#changed();
  }

  /** Gives every device back, those too that come only now. Nothing is taken after that. */
  stop() {
    this.#end.abort();
    for (const kind of /** @type {const} */ (['audioinput', 'videoinput', 'screen'])) this.#forget(kind);
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
      this.#tell(isAudio ? 'problem.microphone-no-https' : 'problem.camera-no-https');
      return;
    }
    const request = this.#request(kind);
    try {
      this.#take(await this.#open(kind, request), [request]);
    } catch (error) {
      if (!this.#isLatest(request)) return;
      this.#starting.delete(kind);
      this.#tell(problemIn(error, nameFor(kind)));
    }
    await this.#listDevices();
  }

  /**
   * The chosen device, or another one where that is not there.
   *
   * @param {DeviceKind} kind
   * @param {Request} request
   */
  async #open(kind, request) {
    const ask = () => navigator.mediaDevices.getUserMedia(kind === 'audioinput' ? { audio: this.#sound() } : { video: this.#picture() });
    try {
      return await ask();
    } catch (error) {
      const isGone = this.#chosen[kind] !== undefined && ['NotFoundError', 'OverconstrainedError'].includes(nameOf(error));
      if (!isGone || !this.#isLatest(request)) throw error;
      this.#chosen[kind] = undefined;
      const stream = await ask();
      this.#tellReplaced(kind, stream, request);
      return stream;
    }
  }

  /** @param {DeviceKind} kind @param {MediaStream} stream  of another device @param {Request} request */
  #tellReplaced(kind, stream, request) {
    const device = stream.getTracks()[0]?.label ?? '';
    if (this.#isLatest(request)) this.#tell(`problem.${nameFor(kind)}-replaced`, { device });
  }

  /** @param {Request['kind']} kind @returns {Request} */
  #request(kind) {
    this.#forget(kind);
    if (!this.#end.signal.aborted) this.#starting.add(kind);
    return { kind, number: this.#latest[kind] };
  }

  /**
   * What was asked for is not wanted any more.
   *
   * @param {Request['kind']} kind
   */
  #forget(kind) {
    this.#latest[kind] += 1;
    this.#starting.delete(kind);
  }

  /** @param {Request | undefined} request */
  #isLatest(request) {
    return request !== undefined && request.number === this.#latest[request.kind] && !this.#end.signal.aborted;
  }

  /** @param {import('../i18n/t.js').Key} key @param {Record<string, string>} [values] */
  #tell(key, values) {
    this.dispatch('problem', { key, values });
  }

  #changed() {
    if (!this.#end.signal.aborted) this.dispatch('change');
  }

  /** @param {MediaStream} stream @param {Request[]} requests  that it is the answer to */
  #take(stream, requests) {
    for (const track of stream.getTracks()) {
      const kind = track.kind === 'audio' ? 'audioinput' : 'videoinput';
      if (!this.#isLatest(requests.find((request) => request.kind === kind))) {
        track.stop();
        continue;
      }
      this.#starting.delete(kind);
      if (track.kind === 'audio') {
        // Nothing is heard of who is muted, not for a moment.
        if (this.#microphone) track.enabled = this.#microphone.enabled;
        this.#microphone?.stop();
        this.#microphone = track;
      } else {
        this.#camera?.stop();
        this.#camera = track;
      }
      track.onended = () => void this.#ended(track, kind);
      track.onmute = () => this.#silenced(track, kind);
      track.onunmute = () => this.#changed();
    }
  }

  /**
   * A device was unplugged, or its permission withdrawn: another one takes its place, if there is one.
   *
   * @param {MediaStreamTrack} track
   * @param {DeviceKind} kind
   */
  async #ended(track, kind) {
    if (track === this.#microphone) this.#microphone = undefined;
    else if (track === this.#camera) this.#camera = undefined;
    else return;
    this.#chosen[kind] = undefined;
    const request = this.#request(kind);
    this.#changed();
    try {
      const stream = await this.#open(kind, request);
      // Whoever was muted stays so.
      for (const next of stream.getTracks()) next.enabled = track.enabled;
      this.#tellReplaced(kind, stream, request);
      this.#take(stream, [request]);
    } catch {
      if (!this.#isLatest(request)) return;
      this.#starting.delete(kind);
      this.#tell(`problem.${nameFor(kind)}-gone`);
    }
    await this.#listDevices();
    this.#changed();
  }

  /**
   * The system, or a switch at the device, keeps sound or picture from this page.
   *
   * @param {MediaStreamTrack} track
   * @param {DeviceKind} kind
   */
  #silenced(track, kind) {
    if (track !== this.#microphone && track !== this.#camera) return;
    this.#tell(`problem.${nameFor(kind)}-silenced`);
    this.#changed();
  }

  async #listDevices() {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    if (this.#end.signal.aborted) return;
    this.devices = devices.filter(({ deviceId }) => deviceId !== '');
    this.dispatch('devices');
  }
}

/** @param {unknown} error */
function nameOf(error) {
  return error instanceof DOMException ? error.name : '';
}

/** @param {DeviceKind} kind */
function nameFor(kind) {
  return kind === 'audioinput' ? 'microphone' : 'camera';
}

/** @param {unknown} error @param {'microphone' | 'camera'} device @returns {import('../i18n/t.js').Key} */
function problemIn(error, device) {
  switch (nameOf(error)) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `problem.${device}-denied`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `problem.${device}-missing`;
    case 'NotReadableError':
    case 'AbortError':
      return `problem.${device}-busy`;
    default:
      return `problem.${device}-failed`;
  }
}
