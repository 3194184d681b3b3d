/**
 * What is asked of a sender, one change at a time: parameters that are not the newest are refused.
 *
 * @typedef {object} Encoding
 * @property {boolean} [active]
 * @property {number} [maxBitrate]  in bits a second
 * @property {number} [maxFramerate]
 * @property {number} [scaleResolutionDownBy]
 * @property {RTCPriorityType} [priority]
 * @property {RTCPriorityType} [networkPriority]
 *
 * @typedef {'balanced' | 'maintain-framerate' | 'maintain-resolution'} Preference  what to keep where not all can be
 */

export class Setting {
  #sender;
  /** @type {{ encoding: Encoding, preference: Preference | undefined } | undefined} */
  #wanted;
  #isBusy = false;

  /** @param {Pick<RTCRtpSender, 'getParameters' | 'setParameters'>} sender */
  constructor(sender) {
    this.#sender = sender;
  }

  /**
   * Asks for it, now or as soon as what was asked before is done. A sender that does not take it is asked again next time.
   *
   * @param {Encoding} encoding
   * @param {Preference} [preference]
   */
  async want(encoding, preference) {
    this.#wanted = { encoding, preference };
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#wanted) {
      const wanted = this.#wanted;
      this.#wanted = undefined;
      await this.#set(wanted).catch(() => undefined);
    }
    this.#isBusy = false;
  }

  /** Sends a whole picture next: what an encoder that was switched off begins with. */
  async refresh() {
    if (!this.#sender.getParameters().encodings?.[0]?.active) return;
    await this.want({ active: false });
    await this.want({ active: true });
  }

  /** @param {{ encoding: Encoding, preference: Preference | undefined }} wanted */
  async #set({ encoding, preference }) {
    // The type checker's library does not know what is preferred.
    const parameters = /** @type {RTCRtpSendParameters & { degradationPreference?: Preference }} */ (this.#sender.getParameters());
    const present = /** @type {Record<string, unknown> | undefined} */ (parameters.encodings?.[0]);
    if (!present) return;
    const isSame = Object.entries(encoding).every(([name, value]) => present[name] === value);
    if (isSame && (preference === undefined || parameters.degradationPreference === preference)) return;
    Object.assign(present, encoding);
    if (preference !== undefined) parameters.degradationPreference = preference;
    await this.#sender.setParameters(parameters);
  }
}
