/** The camera: what others see of a person and of what is behind. */

import { Device } from './device.js';
import { giveBack } from './give-back.js';

/**
 * The picture that is asked for. In a mesh it is encoded and sent once for each peer, so it is small
 * enough for a call of four over an ordinary line.
 */
const picture = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24, max: 30 } };

/** @typedef {Omit<ConstructorParameters<typeof Device>[1], 'constraints'>} Options */

export class Camera extends Device {
  /** Which way the camera of a phone is to look: `user` or `environment`. */
  #facing = '';
  #wantsBlur = false;
  #devices;

  /** @param {Options} options */
  constructor(options) {
    super('videoinput', { ...options, constraints: () => ({ ...picture, ...(this.#facing && { facingMode: { ideal: this.#facing } }) }) });
    this.#devices = options.devices;
  }

  /** Whether it looks away from the person, who then wants to see what others see. */
  get isFacingAway() {
    return this.track?.getSettings().facingMode === 'environment';
  }

  /** Whether it can blur what is behind the person (W3C Media Capture Extensions), and does. */
  get blur() {
    const { backgroundBlur: able = [] } = /** @type {{ backgroundBlur?: boolean[] }} */ (this.track?.getCapabilities?.() ?? {});
    const { backgroundBlur: isOn = false } = /** @type {{ backgroundBlur?: boolean }} */ (this.track?.getSettings() ?? {});
    return { isPossible: able.includes(true) && able.includes(false), isOn };
  }

  /** @param {boolean} on */
  async setBlur(on) {
    this.#wantsBlur = on;
    await this.#applyBlur();
  }

  /** Takes the camera on the other side of a phone; of a computer, the next one. */
  async flip() {
    const { track } = this;
    if (!track) return;
    const { facingMode, deviceId = '' } = track.getSettings();
    if (facingMode === undefined) {
      const ids = this.#devices().filter(({ kind }) => kind === 'videoinput').map((device) => device.deviceId);
      this.prefer(ids[(ids.indexOf(deviceId) + 1) % ids.length] ?? deviceId);
      await this.acquire();
      return;
    }
    this.preferNone();
    // Some phones open one camera at a time.
    giveBack(track);
    for (const facing of [facingMode === 'environment' ? 'user' : 'environment', facingMode]) {
      this.#facing = facing;
      await this.acquire();
      if (this.track !== track) return;
    }
    this.track = undefined;
  }

  /**
   * @override
   * @param {MediaStreamTrack | undefined} track
   * @param {number} request
   */
  take(track, request) {
    super.take(track, request);
    if (this.#wantsBlur) void this.#applyBlur().then(() => this.dispatch('change'));
  }

  async #applyBlur() {
    const { isPossible, isOn } = this.blur;
    if (!isPossible || isOn === this.#wantsBlur) return;
    const wanted = /** @type {MediaTrackConstraints} */ ({ backgroundBlur: this.#wantsBlur });
    await this.track?.applyConstraints(wanted).catch(() => undefined);
  }
}
