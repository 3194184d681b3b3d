/** A microphone or a camera: the one in use, and what takes its place. */

import { Emitter } from '../../client/emitter.js';
import { giveBack } from './give-back.js';
import { errorName, nameFor, problemIn } from './problem.js';
import { preferredAmong } from './preferred.js';

/**
 * @typedef {'audioinput' | 'videoinput'} DeviceKind
 * @typedef {import('./preferred.js').Preference} Preference
 *
 * @typedef {object} DeviceEvents
 * @property {[]} change  another track, or another status, that nobody has asked for
 * @property {[]} list  others may be there, or their names
 * @property {[problem: import('../../i18n/t.js').Sentence]} problem  to tell the person
 * @property {[key: import('../../i18n/t.js').Key]} over  a problem that is none any more
 * @property {[note: import('../../i18n/t.js').Sentence]} note  good news
 */

/** @extends {Emitter<DeviceEvents>} */
export class Device extends Emitter {
  /** @type {MediaStreamTrack | undefined} */
  track;
  isStarting = false;
  /** Whether the browser is about to ask the person for permission. */
  isPrompting = false;
  #kind;
  #name;
  #devices;
  #constraints;
  #signal;
  /** What to ask for, and nothing else. */
  #chosen = /** @type {string | undefined} */ (undefined);
  /** What the person chose, also on an earlier visit. */
  #preferred;
  /**
   * What is in use took the place of what the person chose, or there is nothing to take it.
   *
   * @type {{ wasOn: boolean } | undefined}
   */
  #stray;
  /** Something was plugged in while another device was about to take the place. */
  #isLookDue = false;
  #wasDenied = false;
  /** The number of the last request: what an earlier one brings comes too late, and is given back. */
  #latest = 0;

  /**
   * @param {DeviceKind} kind
   * @param {object} options
   * @param {() => readonly MediaDeviceInfo[]} options.devices  those that there are
   * @param {() => MediaTrackConstraints} options.constraints  what is asked of any of them
   * @param {Preference | undefined} options.preferred
   * @param {AbortSignal} options.signal  nothing is taken after it
   */
  constructor(kind, { devices, constraints, preferred, signal }) {
    super();
    this.#kind = kind;
    this.#name = nameFor(kind);
    this.#devices = devices;
    this.#constraints = constraints;
    this.#preferred = preferred;
    this.#signal = signal;
  }

  get kind() {
    return this.#kind;
  }

  /** The id of the device in use, or of the one that is to be. */
  get id() {
    return this.track?.getSettings().deviceId ?? this.#chosen;
  }

  /** What to ask the browser for. */
  get constraints() {
    const preferred = this.#preferred?.id;
    const device = this.#chosen ? { deviceId: { exact: this.#chosen } } : preferred ? { deviceId: { ideal: preferred } } : {};
    return { ...this.#constraints(), ...device };
  }

  /** Whether the browser gave what it was asked for; what it could not is told. */
  async acquire() {
    if (!navigator.mediaDevices) {
      this.#tell(`problem.${this.#name}-no-https`);
      return;
    }
    const request = this.request();
    try {
      this.take(trackOf(await this.#open(request)), request);
    } catch (error) {
      if (!this.isLatest(request)) return;
      this.isStarting = false;
      this.#wasDenied = errorName(error) === 'NotAllowedError';
      this.#tell(problemIn(error, this.#name));
    }
    this.dispatch('list');
  }

  /** The number of a new request; former ones count no more. */
  request() {
    this.forget();
    this.isStarting = !this.#signal.aborted;
    return this.#latest;
  }

  /** What was asked for is not wanted any more. */
  forget() {
    this.#latest += 1;
    this.isStarting = false;
    this.isPrompting = false;
  }

  /** @param {number} request */
  isLatest(request) {
    return request === this.#latest && !this.#signal.aborted;
  }

  /** Gives the device back, as the person wants it: nothing that is plugged in switches it on again. */
  release() {
    this.forget();
    this.#stray = undefined;
    this.#wasDenied = false;
    giveBack(this.track);
    this.track = undefined;
  }

  /**
   * Uses a track that a request has brought, unless there was another one since.
   *
   * @param {MediaStreamTrack | undefined} track
   * @param {number} request
   */
  take(track, request) {
    if (!track) return;
    if (!this.isLatest(request)) {
      track.stop();
      return;
    }
    this.isStarting = false;
    this.isPrompting = false;
    this.#wasDenied = false;
    // Nothing is heard of who is muted, not for a moment.
    if (this.track) track.enabled = this.track.enabled;
    giveBack(this.track);
    this.track = track;
    track.onended = () => void this.#ended(track);
    track.onmute = () => this.#silenced(track);
    track.onunmute = () => this.dispatch('change');
  }

  /**
   * Notes which one the person wants, now and when it is back after it was gone.
   *
   * @param {string} id
   */
  prefer(id) {
    this.#preferred = { id, label: this.#devices().find((device) => device.kind === this.#kind && device.deviceId === id)?.label ?? '' };
    this.#stray = undefined;
    this.#chosen = id;
    return this.#preferred;
  }

  /** Any will do. */
  preferNone() {
    this.#preferred = undefined;
    this.#chosen = undefined;
  }

  /** Takes what was chosen on an earlier visit, if the browser did not: its id is another one by now. */
  async followPreference() {
    const device = preferredAmong(this.#devices(), this.#kind, this.#preferred);
    if (!device || !this.track || this.#chosen !== undefined || this.id === device.deviceId) return;
    this.#chosen = device.deviceId;
    await this.acquire();
  }

  /** Something was plugged in: what the person chose is used again; where there was nothing left, whatever comes. */
  async regain() {
    this.#isLookDue = this.isStarting;
    if (!this.#stray || this.isStarting) return;
    const { track } = this;
    const device = preferredAmong(this.#devices(), this.#kind, this.#preferred);
    if (track ? !device || device.deviceId === this.id : !this.#devices().some(({ kind }) => kind === this.#kind)) return;
    const { wasOn } = this.#stray;
    this.#stray = undefined;
    this.#chosen = device?.deviceId;
    await this.acquire();
    if (!this.track || this.track === track) return;
    if (!track) this.track.enabled = wasOn;
    for (const end of /** @type {const} */ (['gone', 'replaced'])) this.dispatch('over', `problem.${this.#name}-${end}`);
    this.dispatch('note', { key: `problem.${this.#name}-back`, values: { device: this.track.label } });
    this.dispatch('change');
  }

  /** Notices that the browser asks, and that the person has changed the answer. */
  async watchPermission() {
    const signal = this.#signal;
    const name = /** @type {PermissionName} */ (this.#name);
    // Not every browser has one for devices.
    const permission = await navigator.permissions?.query({ name }).catch(() => undefined);
    if (!permission || signal.aborted) return;
    this.isPrompting = permission.state === 'prompt' && this.isStarting;
    if (this.isPrompting) this.dispatch('change');
    permission.addEventListener('change', () => {
      if (permission.state === 'granted' && this.#wasDenied) void this.acquire().then(() => this.dispatch('change'));
    }, { signal });
  }

  /**
   * The chosen device, or another one where that is not there.
   *
   * @param {number} request
   */
  async #open(request) {
    const ask = (/** @type {MediaTrackConstraints} */ wanted) =>
      navigator.mediaDevices.getUserMedia({ [this.#kind === 'audioinput' ? 'audio' : 'video']: wanted });
    try {
      return await ask(this.constraints);
    } catch (error) {
      const isGone = this.#chosen !== undefined && ['NotFoundError', 'OverconstrainedError'].includes(errorName(error));
      if (!isGone || !this.isLatest(request)) throw error;
      this.#chosen = undefined;
      const stream = await ask(this.#constraints());
      this.#replaced(stream, request, true);
      return stream;
    }
  }

  /** @param {MediaStream} stream  of another device @param {number} request @param {boolean} wasOn */
  #replaced(stream, request, wasOn) {
    if (!this.isLatest(request)) return;
    this.#stray ??= { wasOn };
    this.#tell(`problem.${this.#name}-replaced`, { device: trackOf(stream)?.label ?? '' });
  }

  /**
   * The device was unplugged, or its permission withdrawn: another one takes its place, if there is one.
   *
   * @param {MediaStreamTrack} track
   */
  async #ended(track) {
    if (track !== this.track) return;
    // What was in use without a choice is what the person is used to.
    this.#preferred ??= { id: this.id ?? '', label: track.label };
    this.#stray = { wasOn: track.enabled };
    giveBack(track);
    this.track = undefined;
    this.#chosen = undefined;
    const request = this.request();
    this.dispatch('change');
    try {
      const stream = await this.#open(request);
      // Whoever was muted stays so.
      for (const next of stream.getTracks()) next.enabled = track.enabled;
      this.#replaced(stream, request, track.enabled);
      this.take(trackOf(stream), request);
    } catch {
      if (!this.isLatest(request)) return;
      this.isStarting = false;
      this.#tell(`problem.${this.#name}-gone`);
    }
    this.dispatch('list');
    this.dispatch('change');
    if (this.#isLookDue) await this.regain();
  }

  /**
   * The system, or a switch at the device, keeps sound or picture from this page.
   *
   * @param {MediaStreamTrack} track
   */
  #silenced(track) {
    if (track !== this.track) return;
    this.#tell(`problem.${this.#name}-silenced`);
    this.dispatch('change');
  }

  /** @param {import('../../i18n/t.js').Key} key @param {Record<string, string>} [values] */
  #tell(key, values) {
    this.dispatch('problem', { key, values });
  }
}

/** @param {MediaStream} stream  of one track */
function trackOf(stream) {
  return stream.getTracks()[0];
}
