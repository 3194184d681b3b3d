/** The connection of this page to a room, through `/room` (docs/protocol.md): what chat, call and members share. */

import { Emitter } from '../client/emitter.js';
import { basePath } from '../state/addresses.js';
import { keepEntering } from './entrance.js';
import { MemberKey } from './member-key.js';
import { refusalIn } from './refusal.js';
import { Retry } from './retry.js';

/**
 * @typedef {import('../i18n/t.js').Sentence} Sentence
 * @typedef {{ audio: boolean, video: boolean, screen: boolean }} Status
 * @typedef {import('../state/members.js').Member} Member
 * @typedef {import('../state/members.js').RoomSettings} RoomSettings
 *
 * @typedef {object} WireMessage
 * @property {number} number  grows by one with each message of the room
 * @property {string} author
 * @property {string} name
 * @property {string} text
 * @property {number} time
 * @property {string} [key]
 * @property {number} [edited]
 * @property {boolean} [deleted]
 *
 * @typedef {object} Joined
 * @property {string} self  the id of this member
 * @property {RoomSettings} room
 * @property {Member[]} members
 * @property {number} memberCount
 * @property {WireMessage[]} messages
 * @property {boolean} more
 * @property {number} lastNumber
 * @property {{ forgottenBy?: string[], error?: import('./refusal.js').ErrorOfServer }} [call]
 * @property {RTCIceServer[]} [iceServers]
 * @property {number} epoch
 *
 * @typedef {object} RoomLinkEvents
 * @property {[]} connected  to the server; not yet in the room
 * @property {[answer: Joined]} joined  again after each loss of the connection
 * @property {[]} lost
 * @property {[]} waiting  for somebody to let this client in
 * @property {[trouble: Sentence | undefined]} trouble  why it is not in the room yet
 * @property {[reason: Sentence]} refused  the server does not let this client in, or has put it out
 */

/** How long the server has for an answer, in milliseconds. */
const answerTime = 10_000;
/** The same while there are signs that it can't be heard. */
const checkTime = 800;
/** Between two checks: a server that is only slow is not left again and again. */
const checkPause = 10_000;

/** @extends {Emitter<RoomLinkEvents>} */
export class RoomLink extends Emitter {
  /** Whether the server counts this connection to the room. */
  isJoined = false;
  /**
   * What a `join` asks of the call; nothing for the chat alone.
   *
   * @type {() => object | undefined}
   */
  callRequest = () => undefined;
  #end = new AbortController();
  #attempts = 0;
  #isChecked = false;
  #joining;
  #entering;
  #socket;
  #room;
  #name;
  #key;
  /** @type {string | undefined} the connection that was in the room last */
  #connection;

  /**
   * @param {object} options
   * @param {import('../client/socket.js').Socket} options.socket  of the namespace `/room`
   * @param {string} options.room
   * @param {string} options.name
   * @param {MemberKey} [options.key]
   * @param {import('./retry.js').Timing} [timing]
   */
  constructor({ socket, room, name, key = new MemberKey(room) }, timing = {}) {
    super();
    this.timing = timing;
    this.#socket = socket;
    this.#room = room;
    this.#name = name;
    this.#key = key;
    this.#joining = new Retry(() => void this.#join(), timing);
    this.#entering = keepEntering({ socket, onRefused: ({ sentence }) => this.dispatch('refused', sentence) }, timing);
  }

  get isConnected() {
    return this.#socket.connected;
  }

  /** Enters the room; again, by itself, after each loss of the connection. */
  start() {
    const socket = this.#socket;
    const { signal } = this.#end;
    socket.on('connect', () => {
      this.dispatch('connected');
      this.#joining.now();
    });
    socket.on('connect_error', () => this.dispatch('lost'));
    socket.on('disconnect', () => {
      this.#joining.stop();
      this.#joining.succeeded();
      this.#lose();
    });
    socket.on('admitted', () => this.#joining.now());
    socket.on('denied', () => this.dispatch('refused', { key: 'refusal.denied' }));
    globalThis.addEventListener?.('pagehide', () => this.suspend(), { signal });
    // A page that the browser kept is shown again: it was said to have left.
    globalThis.addEventListener?.('pageshow', ({ persisted }) => persisted && this.retry(), { signal });
    if (socket.connected) this.#joining.now();
    else socket.connect();
  }

  leave() {
    this.isJoined = false;
    this.#end.abort();
    this.#joining.stop();
    this.#entering.stop();
    this.#key.forget();
    if (this.#socket.connected) this.#socket.emit('leave', {}, () => undefined);
    this.#socket.disconnect();
  }

  /** The page goes, and may come back as the same member. */
  suspend() {
    this.#key.keep();
    const { value: key } = this.#key;
    // The browser may have closed the connection already; the server still keeps the place.
    if (key === undefined || this.#connection === undefined) return;
    const words = JSON.stringify({ room: this.#room, key, connection: this.#connection });
    globalThis.navigator?.sendBeacon?.(`${basePath()}api/leave`, words);
  }

  /**
   * Finds out soon whether the server can still be heard, by a request that changes nothing; makes a new connection if not.
   * A network that was changed leaves connections behind on which nothing ever comes, and nothing says so for a minute.
   *
   * @param {string} name
   * @param {object} value
   */
  check(name, value) {
    if (!this.isJoined || this.#isChecked) return;
    this.#isChecked = true;
    const { setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay) } = this.timing;
    setTimeout(() => (this.#isChecked = false), checkPause);
    const { id } = this.#socket;
    this.#socket.timeout(checkTime).emitWithAck(name, value).catch(() => {
      if (this.#socket.id === id) this.#socket.io.reconnect();
    });
  }

  /** Tries at once what is tried again later anyway. */
  retry() {
    if (this.#socket.connected) this.#joining.now();
  }

  /**
   * Calls `listener` with what the server sends under this name.
   *
   * @param {string} name
   * @param {(...values: any[]) => void} listener
   */
  hear(name, listener) {
    this.#socket.on(name, listener);
  }

  /**
   * Makes a request; rejects if no answer comes.
   *
   * @param {string} name
   * @param {any[]} values
   * @returns {Promise<any>} the answer, which may be a refusal
   */
  request(name, ...values) {
    return this.#socket.timeout(answerTime).emitWithAck(name, ...values);
  }

  /**
   * Asks for something that may as well fail.
   *
   * @param {string} name
   * @param {object} value
   */
  tell(name, value) {
    if (this.isJoined) this.#socket.emit(name, value, () => undefined);
  }

  /**
   * Says something that is of no use later.
   *
   * @param {string} name
   * @param {object} value
   */
  mention(name, value) {
    if (this.isJoined) this.#socket.volatile.emit(name, value, () => undefined);
  }

  #lose() {
    this.#attempts += 1;
    this.isJoined = false;
    this.dispatch('lost');
  }

  async #join() {
    const request = { room: this.#room, name: this.#name, version: 1, key: this.#key.value, call: this.callRequest() };
    const attempt = (this.#attempts += 1);
    let answer;
    try {
      answer = await this.request('join', request);
    } catch {
      answer = undefined;
    }
    // What the server says to a connection that is gone counts no more.
    if (attempt !== this.#attempts || this.#end.signal.aborted) return;
    const refusal = refusalIn(answer);
    if (refusal?.isPassing) {
      this.dispatch('trouble', refusal.trouble);
      if (this.#socket.connected) this.#joining.later(refusal.wait);
    } else if (refusal) {
      this.dispatch('refused', refusal.sentence);
    } else {
      this.#joining.succeeded();
      this.#key.value = answer.key;
      this.#connection = this.#socket.id;
      this.dispatch('trouble', undefined);
      if (answer.waiting) this.dispatch('waiting');
      else this.#entered(answer);
    }
  }

  /** @param {Joined} answer */
  #entered(answer) {
    this.isJoined = true;
    this.dispatch('joined', answer);
  }
}
