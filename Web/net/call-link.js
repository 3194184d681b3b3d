/** The way of a call to the server and back: who is in it, and what they signal. */

import { Emitter } from '../client/emitter.js';
import { Refusal, refusalIn } from './refusal.js';
import { Retry } from './retry.js';

/**
 * @typedef {import('../call/peer.js').PeerInfo} PeerInfo
 * @typedef {import('../state/peers.js').Status} Status
 * @typedef {import('../call/negotiation/negotiation.js').Signal} Signal
 * @typedef {import('../state/members.js').Member} Member
 *
 * @typedef {object} Entered
 * @property {string} self  the id of this member
 * @property {PeerInfo[]} peers  the others in the call
 * @property {RTCIceServer[]} iceServers
 * @property {number} epoch  of the connections that are made from now on
 * @property {string[]} forgottenBy  who has closed the connection to this one
 *
 * @typedef {object} CallLinkEvents
 * @property {[answer: Entered]} entered  again after each loss of the connection
 * @property {[]} lost
 * @property {[]} moved  the call goes on in another page of this member
 * @property {[info: PeerInfo]} peer  is new, or has changed
 * @property {[{ id: string, isLost: boolean }]} left
 * @property {[sent: { from: string, signal: Signal }]} signal
 * @property {[iceServers: RTCIceServer[]]} iceServers
 * @property {[note: import('../i18n/t.js').Sentence]} note  something to tell
 */

/** @extends {Emitter<CallLinkEvents>} */
export class CallLink extends Emitter {
  #isIn = false;
  /** Whether this page wants to be in the call. */
  #isWanted = true;
  /** Whether the person was told that there is no place. */
  #isFull = false;
  #stay = makeStay();
  /** @type {Status} */
  #status = { audio: false, video: false, screen: false };
  #isRecording = false;
  /** What the server was told last, and whether it has taken it. */
  #told = { words: '', isTaken: Promise.resolve(true) };
  /** Whom the call was told of. @type {Set<string>} */
  #peers = new Set();
  #self = '';
  #entering;
  #telling;
  #room;
  #store;

  /**
   * @param {import('./room-link.js').RoomLink} room
   * @param {import('../state/state.js').PageStore} store  whose list of members says who is in the call
   */
  constructor(room, store) {
    super();
    this.#room = room;
    this.#store = store;
    this.#entering = new Retry(() => void this.#enter(), room.timing);
    this.#telling = new Retry(() => void this.#tellStatus(), room.timing);
    room.callRequest = () => (this.#isWanted ? this.#request() : undefined);
    room.on('joined', (answer) => this.#joined(answer));
    room.on('lost', () => {
      this.#isIn = false;
      this.#stopTrying();
      this.dispatch('lost');
    });
    room.hear('member', (member) => this.#heard(member));
    room.hear('member-left', ({ id, reason }) => this.#gone(id, reason));
    room.hear('signal', (from, signal) => this.#isIn && this.dispatch('signal', { from, signal }));
    room.hear('ice-servers', ({ iceServers }) => this.dispatch('iceServers', iceServers));
    room.hear('moved', () => {
      this.#isIn = false;
      this.#isWanted = false;
      this.#stopTrying();
      this.dispatch('moved');
    });
  }

  /** Whether signals get to the peers. */
  get isIn() {
    return this.#isIn;
  }

  leave() {
    this.#isIn = false;
    this.#isWanted = false;
    this.#stopTrying();
  }

  /** Takes the call back from another page of this member. */
  takeBack() {
    // The connections of before are gone.
    this.#stay = makeStay();
    this.#isWanted = true;
    if (this.#room.isJoined) this.#entering.now();
  }

  /**
   * Sends one thing to one peer.
   *
   * @param {string} to
   * @param {Signal} signal
   * @returns {Promise<void>} rejects when it is to be sent again
   */
  async signal(to, signal) {
    const refusal = refusalIn(await this.#room.request('signal', to, signal));
    // Whoever is away is told everything anew when they are back.
    if (refusal?.isPassing) throw refusal;
  }

  /** @param {Status} status  of what this member sends */
  setStatus(status) {
    this.#status = status;
    void this.#tellStatus();
  }

  /**
   * @param {boolean} isRecording  whether this member records the call
   * @returns {Promise<boolean>} whether the others are told by now; if not, they are as soon as the server is back
   */
  setRecording(isRecording) {
    this.#isRecording = isRecording;
    return this.#tellStatus();
  }

  /** The network may be another one: finds out now whether the server can still be heard. */
  check() {
    if (this.#isIn) this.#room.check('status', this.#statusNow());
  }

  /** @returns {Promise<boolean>} whether the server has taken what there is to say */
  async #tellStatus() {
    if (!this.#isIn) return false;
    const status = this.#statusNow();
    const words = JSON.stringify(status);
    if (words !== this.#told.words) this.#told = { words, isTaken: this.#ask(status, words) };
    return this.#told.isTaken;
  }

  /** @param {object} status @param {string} words */
  async #ask(status, words) {
    const refusal = await this.#room.request('status', status).then(refusalIn, () => refusalIn(undefined));
    if (!refusal) this.#telling.succeeded();
    // What was said meanwhile counts.
    if (!refusal || this.#told.words !== words) return !refusal;
    this.#told = { words: '', isTaken: Promise.resolve(false) };
    if (this.#isIn && refusal.isPassing) this.#telling.later(refusal.wait);
    return false;
  }

  #statusNow() {
    const { audio, video, screen } = this.#status;
    return { audio, video, screen, recording: this.#isRecording };
  }

  #request() {
    const status = this.#statusNow();
    this.#told = { words: JSON.stringify(status), isTaken: Promise.resolve(true) };
    return { stay: this.#stay, ...status };
  }

  #stopTrying() {
    this.#entering.stop();
    this.#telling.stop();
  }

  /** @param {import('./room-link.js').Joined} answer */
  #joined({ self, members, call, iceServers = [], epoch }) {
    this.#self = self;
    if (!call) return;
    if (call.error) this.#refused(new Refusal(call.error));
    else this.#entered({ iceServers, epoch, forgottenBy: call.forgottenBy }, members);
  }

  async #enter() {
    let answer;
    try {
      answer = await this.#room.request('enter', this.#request());
    } catch {
      if (this.#room.isJoined && this.#isWanted) this.#entering.later();
      return;
    }
    if (!this.#room.isJoined || !this.#isWanted) return;
    const refusal = refusalIn(answer);
    if (refusal) this.#refused(refusal);
    else this.#entered(answer, this.#store.get().members.list);
  }

  /** @param {{ iceServers: RTCIceServer[], epoch: number, forgottenBy?: string[] }} answer @param {readonly Member[]} members */
  #entered({ iceServers, epoch, forgottenBy = [] }, members) {
    this.#entering.stop();
    this.#entering.succeeded();
    this.#isFull = false;
    this.#isIn = true;
    const peers = members.filter(({ id, call }) => call && id !== this.#self).map((member) => this.#peerOf(member));
    this.#peers = new Set(peers.map(({ id }) => id));
    this.dispatch('entered', { self: this.#self, peers, iceServers, epoch, forgottenBy });
    void this.#tellStatus();
  }

  /**
   * Whoever finds no place in the call has the chat all the same.
   *
   * @param {Refusal} refusal
   */
  #refused(refusal) {
    if (refusal.code === 'not-allowed') {
      this.dispatch('note', refusal.sentence);
      return;
    }
    if (refusal.code === 'call-full' && !this.#isFull) {
      this.#isFull = true;
      this.dispatch('note', { key: 'call.without' });
    }
    this.#entering.later(refusal.wait);
  }

  /** @param {Member} member */
  #heard(member) {
    if (!member.call) this.#gone(member.id);
    if (!this.#isIn || !member.call || member.id === this.#self) return;
    this.#peers.add(member.id);
    this.dispatch('peer', this.#peerOf(member));
  }

  /** @param {string} id @param {string} [reason] */
  #gone(id, reason = 'lost') {
    const wasIn = this.#peers.delete(id);
    if (wasIn && this.#isIn) this.dispatch('left', { id, isLost: reason === 'lost' });
  }

  /** @param {Member} member @returns {PeerInfo} */
  #peerOf({ id, name, call }) {
    return { id, name, isAway: call?.away ?? true, stay: call?.stay ?? '', polite: isBefore(this.#self, id) };
  }
}

/**
 * Whether an id is lower than another, compared by bytes.
 *
 * @param {string} one
 * @param {string} other
 */
function isBefore(one, other) {
  const [a, b] = [one, other].map((id) => new TextEncoder().encode(id));
  const index = a?.findIndex((byte, place) => byte !== b?.[place]) ?? -1;
  if (index < 0) return one.length < other.length;
  return (a?.[index] ?? 0) < (b?.[index] ?? -1);
}

/** What no other stay is called. */
function makeStay() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
