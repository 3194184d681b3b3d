/** One visit of a room, from the lobby to the good-bye. What it takes to be in it is loaded while one is in the lobby. */

import { makeCertificates } from './call/certificates.js';
import { Media } from './call/media.js';
import { handOf } from './state/members.js';
import { rememberDevice, rememberedDevices, rememberedProcessing, rememberProcessing } from './state/settings.js';

/** @typedef {import('./i18n/t.js').Sentence} Sentence */

export class Session {
  media = new Media({ preferred: rememberedDevices(), processing: rememberedProcessing() });
  #store;
  #room;
  #transports;
  #end = new AbortController();
  /** @type {import('./stay.js').Stay | undefined} */
  #stay;

  /**
   * @param {object} options
   * @param {import('./state/state.js').PageStore} options.store
   * @param {string} options.room
   * @param {string[]} options.transports  that may be used
   */
  constructor({ store, room, transports }) {
    this.#store = store;
    this.#room = room;
    this.#transports = transports;
    store.apply({ type: 'lobby', room });
    this.media
      .on('change', () => this.#tellMedia())
      .on('devices', () => this.#tellMedia())
      .on('over', (key) => store.apply({ type: 'problem-over', key }))
      .on('problem', (problem) => {
        store.apply({ type: 'problem', problem });
        if (this.#stay) store.apply({ type: 'notice', sentence: problem });
      })
      .on('note', (sentence) => {
        if (this.#stay) store.apply({ type: 'notice', sentence });
      });
  }

  /** Aborts when the stay ends. */
  get signal() {
    return this.#end.signal;
  }

  /** What a call, or a look into one, needs to know. */
  get socket() {
    return this.#stay?.socket;
  }

  get peers() {
    return this.#stay?.call.peers;
  }

  /** What the server offers to connect by. */
  get iceServers() {
    return this.#stay?.call.iceServers ?? [];
  }

  /** Asks for camera and microphone, at once if the browser does not ask the person first. */
  start() {
    return this.media.prepare();
  }

  /** The person knows that the browser will ask. */
  permit() {
    void this.media.start();
  }

  /** @param {string} name @param {boolean} relayOnly  whether to connect through the server alone */
  async join(name, relayOnly) {
    const [{ Stay }, certificates] = await Promise.all([import('./stay.js'), makeCertificates()]);
    // Whoever is impatient clicks twice.
    if (this.#stay || this.signal.aborted) return;
    const { signal, media } = this;
    const onRefused = (/** @type {Sentence} */ reason) => this.leave(reason);
    const store = this.#store;
    this.#stay = new Stay({ store, media, room: this.#room, name, relayOnly, certificates, transports: this.#transports, signal, onRefused });
    store.apply({ type: 'entering', name });
    this.#stay.start();
  }

  /** @param {Sentence} [refusal]  why, if the person did not want it */
  leave(refusal) {
    if (this.signal.aborted) return;
    this.#end.abort();
    this.#stay?.leave();
    this.media.stop();
    this.#store.apply({ type: 'left', refusal });
  }

  toggleMicrophone() {
    void this.media.setMicrophone(!this.media.wanted.audio);
  }

  /** @param {boolean} isHeard  whether a muted microphone is heard, for as long as a key is held */
  talk(isHeard) {
    // One that is gone meanwhile must not come back as one that is heard.
    if (!isHeard || this.media.audioTrack) void this.media.setMicrophone(isHeard);
  }

  toggleCamera() {
    void this.media.setCamera(!this.media.wanted.video);
  }

  toggleScreen() {
    if (this.media.status.screen) this.media.stopScreen();
    else void this.media.startScreen();
  }

  toggleMotion() {
    void this.media.setMotion(!this.media.sharing.isMotion);
  }

  toggleScreenSound() {
    this.media.setScreenSound(this.media.sharing.sound === 'off');
  }

  toggleHand() {
    const { members } = this.#store.get();
    void this.#stay?.members.raiseHand(handOf(members, members.self) === 0);
  }

  /** @param {string} [id]  of whose hand is lowered; all hands unless it is given */
  lowerHand(id) {
    void this.#stay?.members.lowerHand(id);
  }

  /** @param {import('./state/stage/reactions.js').ReactionCode} code  of what the others are shown for a moment */
  react(code) {
    void this.#stay?.reactions.react(code);
  }

  /**
   * Says whether this page records the call, for as long as one is in it.
   *
   * @param {boolean} isRecording
   * @returns {Promise<boolean>} whether the others are told by now; if not, they are as soon as the server is back
   */
  async setRecording(isRecording) {
    return (await this.#stay?.setRecording(isRecording)) ?? false;
  }

  /**
   * Takes another microphone, camera or speaker, now and on later visits.
   *
   * @param {import('./call/media.js').ChoiceKind} kind
   * @param {string} id
   */
  chooseDevice(kind, id) {
    rememberDevice(kind, this.media.choose(kind, id));
  }

  /** @param {Partial<import('./call/media.js').Processing>} changes  of what is done to the voice, now and on later visits */
  setProcessing(changes) {
    void this.media.setProcessing(changes);
    rememberProcessing(this.media.processing);
  }

  toggleNoiseSuppression() {
    this.setProcessing({ noiseSuppression: !this.media.processing.noiseSuppression });
  }

  toggleBlur() {
    void this.media.setBlur(!this.media.blur.isOn);
  }

  flipCamera() {
    void this.media.flip();
  }

  /** @param {string} text */
  say(text) {
    this.#stay?.chat.say(text);
  }

  /** @param {boolean} isActive */
  setTyping(isActive) {
    this.#stay?.chat.setTyping(isActive);
  }

  /** Makes the connections to all others anew. */
  renewConnections() {
    this.#stay?.call.renew();
  }

  /** Takes the call back from another page of this member. */
  takeBack() {
    this.#stay?.call.takeBack();
  }

  /** @param {string} id  of somebody who waits @param {boolean} isLetIn */
  answer(id, isLetIn) {
    void (isLetIn ? this.#stay?.members.admit(id) : this.#stay?.members.deny(id));
  }

  /** @param {boolean} isLocked  whether the room takes nobody new */
  async lock(isLocked) {
    return (await this.#stay?.members.lock(isLocked)) ?? false;
  }

  /** @param {boolean} isOn  whether newcomers wait until somebody lets them in */
  async letWait(isOn) {
    return (await this.#stay?.members.letWait(isOn)) ?? false;
  }

  /** Tries at once to send what the server did not take. */
  retry() {
    this.#stay?.chat.retry();
  }

  async loadOlder() {
    await this.#stay?.chat.loadOlder();
  }

  /** @param {number} count  of the newest messages, which are kept */
  forgetOlder(count) {
    this.#stay?.chat.forgetOlder(count);
  }

  /** @param {Iterable<File>} files */
  sendFiles(files) {
    this.#stay?.files.send(files);
  }

  /**
   * Sends what was dropped, with what is in folders.
   *
   * @param {DataTransfer} dropped
   */
  drop(dropped) {
    void this.#stay?.files.drop(dropped);
  }

  /**
   * How loud somebody is, 0 to 1.
   *
   * @param {string} id
   */
  levelOf(id) {
    return this.#stay?.call.peers.get(id)?.level ?? 0;
  }

  #tellMedia() {
    const { media } = this;
    const { status, audioTrack, videoTrack, devices, isPrompting, isBeforePrompt, isFacingAway, blur, sharing, processing } = media;
    this.#store.apply({
      type: 'media',
      status,
      audioTrack,
      videoTrack,
      devices: devices.map(({ kind, deviceId, label }) => ({ kind, id: deviceId, label })),
      chosen: { audioinput: media.chosen('audioinput'), videoinput: media.chosen('videoinput'), audiooutput: media.chosen('audiooutput') },
      isPrompting,
      isBeforePrompt,
      isFacingAway,
      blur,
      sharing,
      processing,
    });
  }
}
