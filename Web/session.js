/** One stay in a room, from the lobby to the good-bye: what media, call, chat and files tell goes into the store. */

import { Call } from './call/call.js';
import { attemptOf, patience, reasonOf } from './call/diagnosis.js';
import { Media } from './call/media.js';
import { Files } from './files/files.js';
import { connect } from './net/connect.js';

/**
 * @typedef {import('./i18n/t.js').Sentence} Sentence
 * @typedef {import('./call/peer.js').Peer} Peer
 */

/** How often connections that do not come about are looked at, in milliseconds. */
const lookInterval = 2000;

let stays = 0;

export class Session {
  media = new Media();
  #store;
  #room;
  #transports;
  #end = new AbortController();
  #number = (stays += 1);
  /** @type {import('./net/chat.js').Chat | undefined} */
  #chat;
  /** @type {Call | undefined} */
  #call;
  /** @type {Files | undefined} */
  #files;
  /**
   * Since when peers have not been connected.
   *
   * @type {Map<string, number>}
   */
  #waiting = new Map();

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
      .on('problem', (problem) => {
        store.apply({ type: 'problem', problem });
        if (this.#call) this.#note(problem);
      });
  }

  /** Aborts when the stay ends. */
  get signal() {
    return this.#end.signal;
  }

  /** Asks for camera and microphone. */
  start() {
    return this.media.start();
  }

  /** @param {string} name @param {boolean} relayOnly  whether to connect through the server alone */
  join(name, relayOnly) {
    const store = this.#store;
    const onRefused = (/** @type {Sentence} */ reason) => this.leave(reason);
    const { chat, link, sockets } = connect({ store, room: this.#room, name, transports: this.#transports, onRefused });
    const call = new Call({ link, media: this.media, relayOnly });
    const files = new Files(call);
    Object.assign(this, { sockets, peers: call.peers });
    this.#chat = chat;
    this.#call = call;
    this.#files = files;
    store.apply({ type: 'entering', name });
    call
      .on('peers', () => this.#tellPeers())
      .on('change', () => this.#tellPeers())
      .on('stream', () => this.#tellPeers())
      .on('refused', onRefused)
      .on('note', (note) => this.#note(note));
    files
      .on('change', (row) => store.apply({ type: 'transfer', transfer: { ...row, id: `${this.#number} ${row.id}` } }))
      .on('note', (note) => this.#note(note));
    const timer = setInterval(() => this.#tellPeers(), lookInterval);
    this.signal.addEventListener('abort', () => clearInterval(timer));
    globalThis.addEventListener?.('pagehide', () => chat.suspend(), { signal: this.signal });
    chat.start();
    call.start();
  }

  /** @param {Sentence} [refusal]  why, if the person did not want it */
  leave(refusal) {
    if (this.signal.aborted) return;
    this.#end.abort();
    this.#call?.leave();
    this.#chat?.leave();
    this.media.stop();
    this.#store.apply({ type: 'left', refusal });
  }

  toggleMicrophone() {
    void this.media.setMicrophone(!this.media.wanted.audio);
  }

  toggleCamera() {
    void this.media.setCamera(!this.media.wanted.video);
  }

  toggleScreen() {
    if (this.media.status.screen) this.media.stopScreen();
    else void this.media.startScreen();
  }

  /** @param {string} text */
  say(text) {
    this.#chat?.say(text);
  }

  /** @param {boolean} isActive */
  setTyping(isActive) {
    this.#chat?.setTyping(isActive);
  }

  /** Tries at once to send what the server did not take. */
  retry() {
    this.#chat?.retry();
  }

  async loadOlder() {
    await this.#chat?.loadOlder();
  }

  /** @param {number} count  of the newest messages, which are kept */
  forgetOlder(count) {
    this.#chat?.forgetOlder(count);
  }

  /** @param {Iterable<File>} files */
  sendFiles(files) {
    this.#files?.send(files);
  }

  /**
   * Sends what was dropped, with what is in folders.
   *
   * @param {DataTransfer} dropped
   */
  drop(dropped) {
    void this.#files?.drop(dropped);
  }

  /**
   * How loud somebody is, 0 to 1.
   *
   * @param {string} id
   */
  levelOf(id) {
    return this.#call?.peers.get(id)?.level ?? 0;
  }

  /** @param {Sentence} sentence */
  #note(sentence) {
    this.#store.apply({ type: 'notice', sentence });
  }

  #tellMedia() {
    const { status, audioTrack, videoTrack, devices } = this.media;
    this.#store.apply({
      type: 'media',
      status,
      audioTrack,
      videoTrack,
      devices: devices.map(({ kind, deviceId, label }) => ({ kind: /** @type {import('./call/media.js').DeviceKind} */ (kind), id: deviceId, label })),
      chosen: { audioinput: this.media.chosen('audioinput'), videoinput: this.media.chosen('videoinput') },
    });
  }

  #tellPeers() {
    if (this.signal.aborted || !this.#call) return;
    const peers = [...this.#call.peers.values()];
    for (const id of [...this.#waiting.keys()]) if (!this.#call.peers.has(id)) this.#waiting.delete(id);
    this.#store.apply({ type: 'peers', peers: peers.map((peer) => this.#viewOf(peer)) });
  }

  /** @param {Peer} peer @returns {import('./state/peers.js').PeerView} */
  #viewOf(peer) {
    const { id, name, status, isAway, connectionState: connection, route, stream } = peer;
    return { id, name, status, isAway, connection, route, stream, trouble: this.#troubleOf(peer) };
  }

  /** @param {Peer} peer */
  #troubleOf({ id, connectionState, isAway, pc }) {
    if (connectionState === 'connected') {
      this.#waiting.delete(id);
      return undefined;
    }
    const since = this.#waiting.get(id) ?? Date.now();
    this.#waiting.set(id, since);
    return isAway || Date.now() - since < patience ? undefined : reasonOf(attemptOf(pc));
  }
}
