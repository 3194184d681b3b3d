/** The chat of a room over `/chat`: messages, who is there, who is typing. */

import { Emitter } from '../client/emitter.js';
import { keepEntering } from './entrance.js';
import { Outbox } from './outbox.js';
import { refusalIn } from './refusal.js';
import { Retry } from './retry.js';
import { People } from '../state/people.js';
import { Timeline } from '../state/timeline.js';

/**
 * @typedef {import('../state/timeline.js').Message} Message
 *
 * @typedef {import('../i18n/t.js').Sentence} Sentence
 *
 * @typedef {object} ChatEvents
 * @property {[]} messages  others are to be shown
 * @property {[message: Message]} arrived  from somebody else, while this participant was there
 * @property {[]} people
 * @property {[]} typing
 * @property {[]} trouble  there is another one, or none any more
 * @property {[note: Sentence]} note  something to tell
 * @property {[reason: Sentence]} refused  the server does not let this client in
 */

/** How long the server has for an answer, in milliseconds. */
const answerTime = 10_000;
/** Somebody who is typing says so again within this time. */
const typingTime = 6000;
/** How often this client says so. */
const typingInterval = 3000;
/** So many pages are asked for to fill a gap; a longer absence leaves it. */
const pagesToCatchUp = 10;

/** @extends {Emitter<ChatEvents>} */
export class Chat extends Emitter {
  timeline = new Timeline();
  people = new People();
  /**
   * The id of this participant.
   *
   * @type {string | undefined}
   */
  self;
  /** Whether there are older messages than those in the timeline. */
  hasMore = false;
  /**
   * Why what is said is not stored at present.
   *
   * @type {Sentence | undefined}
   */
  trouble;
  #isJoined = false;
  /** @type {Map<string, { name: string, timer: any }>} */
  #typing = new Map();
  #typingUntil = 0;
  #isLoading = false;
  /** @type {string | undefined} */
  #resumeKey;
  #outbox;
  #joining;
  #entering;
  #socket;
  #room;
  #name;

  /**
   * @param {object} options
   * @param {import('../client/socket.js').Socket} options.socket  of the namespace `/chat`
   * @param {string} options.room
   * @param {string} options.name
   * @param {import('./retry.js').Timing} [timing]
   */
  constructor({ socket, room, name }, timing) {
    super();
    this.#socket = socket;
    this.#room = room;
    this.#name = name;
    /** @type {Outbox<import('../state/timeline.js').Draft>} */
    this.#outbox = new Outbox({ transmit: (draft) => this.#transmit(draft) }, timing);
    this.#joining = new Retry(() => void this.#join(), timing);
    this.#entering = keepEntering({ socket, onRefused: ({ sentence }) => this.dispatch('refused', sentence) }, timing);
    this.#listen();
  }

  /** Enters the room; again, by itself, after each loss of the connection. */
  start() {
    this.#socket.on('connect', () => this.#joining.now());
    this.#socket.on('disconnect', () => {
      this.#isJoined = false;
      this.#joining.stop();
      this.#joining.succeeded();
      this.#outbox.pause();
      this.#typingUntil = 0;
      for (const id of [...this.#typing.keys()]) this.#setTyping(id, undefined);
    });
    this.#socket.connect();
    if (this.#socket.connected) this.#joining.now();
  }

  leave() {
    this.#joining.stop();
    this.#entering.stop();
    if (this.#socket.connected) this.#socket.emit('leave', {});
    this.#socket.disconnect();
  }

  /** Tries at once what is tried again later anyway. */
  retry() {
    if (this.#isJoined) this.#outbox.retry();
    else if (this.#socket.connected) this.#joining.now();
  }

  /** The names of those who are typing. */
  get typing() {
    return [...this.#typing.values()].map(({ name }) => name);
  }

  /**
   * Says something; it is kept until the server has it.
   *
   * @param {string} text
   */
  say(text) {
    const draft = { key: makeKey(), text, time: Date.now(), name: this.#name };
    this.timeline.addDraft(draft);
    this.#outbox.push(draft);
    this.#typingUntil = 0;
    this.dispatch('messages');
  }

  /**
   * This participant types, or has ceased to.
   *
   * @param {boolean} active
   */
  setTyping(active) {
    const now = Date.now();
    if (active ? now < this.#typingUntil : this.#typingUntil === 0) return;
    this.#typingUntil = active ? now + typingInterval : 0;
    this.#socket.volatile.emit('typing', { active });
  }

  /** Fetches the page before the oldest message. */
  async loadOlder() {
    const before = this.timeline.oldest;
    if (this.#isLoading || !this.hasMore || before === undefined) return;
    this.#isLoading = true;
    const page = await this.#page(before);
    this.#isLoading = false;
    if (!page) return;
    this.hasMore = page.more;
    this.timeline.merge(page.messages);
    this.dispatch('messages');
  }

  /**
   * Keeps so many of the newest messages; the older ones are fetched again when they are asked for.
   *
   * @param {number} count
   */
  forgetOlder(count) {
    if (this.timeline.trim(count)) this.hasMore = true;
  }

  #listen() {
    const socket = this.#socket;
    socket.on('message', (message) => {
      if (this.timeline.merge([message]).length === 0) return;
      this.#setTyping(message.author, undefined);
      this.dispatch('messages');
      if (!this.timeline.isOwn(message)) this.dispatch('arrived', message);
    });
    socket.on('person-joined', (person) => {
      this.people.joined(person);
      this.dispatch('people');
    });
    socket.on('person-left', ({ id }) => {
      this.people.left(id);
      this.#setTyping(id, undefined);
      this.dispatch('people');
    });
    socket.on('typing', ({ id, name, active }) => this.#setTyping(id, active ? name : undefined));
  }

  async #join() {
    const request = { room: this.#room, name: this.#name, resume: this.#resumeKey };
    let answer;
    try {
      answer = await this.#socket.timeout(answerTime).emitWithAck('join', request);
    } catch {
      this.#joinLater();
      return;
    }
    const refusal = refusalIn(answer);
    if (!refusal) await this.#entered(answer);
    else if (refusal.isPassing || refusal.code === 'room-full') this.#joinLater(refusal);
    else this.dispatch('refused', refusal.sentence);
  }

  /** @param {{ self: string, people: import('../state/people.js').Person[], peopleCount?: number, messages: Message[], more: boolean, resumeKey?: string }} answer */
  async #entered({ self, people, peopleCount, messages, more, resumeKey }) {
    this.#joining.succeeded();
    this.#isJoined = true;
    this.#setTrouble(undefined);
    this.self = self;
    this.#resumeKey = resumeKey;
    this.timeline.addOwnAuthor(self);
    this.people.reset(people, peopleCount);
    this.dispatch('people');
    await this.#catchUp(messages, more);
    if (this.#isJoined) this.#outbox.resume();
  }

  /** @param {import('./refusal.js').Refusal} [refusal] */
  #joinLater(refusal) {
    if (!this.#socket.connected) return;
    if (refusal?.code === 'room-full') this.#setTrouble({ key: 'chat.without' });
    else if (refusal) this.#setTrouble(refusal.trouble);
    this.#joining.later(refusal?.wait);
  }

  /** @param {Sentence | undefined} trouble */
  #setTrouble(trouble) {
    if (trouble?.key === this.trouble?.key) return;
    this.trouble = trouble;
    this.dispatch('trouble');
  }

  /**
   * Fills the gap between what was there before a reconnect and the newest.
   *
   * @param {Message[]} newest
   * @param {boolean} more
   */
  async #catchUp(newest, more) {
    const last = this.timeline.newest;
    let missed = newest;
    let isGap = more;
    for (let pages = 0; last > 0 && isGap && (missed[0]?.id ?? 0) > last && pages < pagesToCatchUp; pages += 1) {
      const page = await this.#page(missed[0]?.id ?? 0);
      if (!page) break;
      missed = [...page.messages, ...missed];
      isGap = page.more;
    }
    const reaches = last > 0 && (!isGap || (missed[0]?.id ?? 0) <= last);
    if (!reaches) {
      this.timeline.clear();
      this.hasMore = isGap;
    }
    const added = this.timeline.merge(missed);
    this.dispatch('messages');
    if (last === 0) return;
    for (const message of added) if (!this.timeline.isOwn(message)) this.dispatch('arrived', message);
  }

  /** @param {number} before @returns {Promise<{ messages: Message[], more: boolean } | undefined>} */
  async #page(before) {
    try {
      const answer = await this.#socket.timeout(answerTime).emitWithAck('history', { before });
      return refusalIn(answer) ? undefined : answer;
    } catch {
      return undefined;
    }
  }

  /** @param {import('../state/timeline.js').Draft} draft */
  async #transmit({ key, text }) {
    const answer = await this.#socket.timeout(answerTime).emitWithAck('say', { text, key });
    const refusal = refusalIn(answer);
    if (refusal && refusal.code !== 'bad-request') {
      this.#setTrouble(refusal.trouble);
      throw refusal;
    }
    this.#setTrouble(undefined);
    if (refusal) {
      this.timeline.removeDraft(key);
      this.dispatch('note', { key: 'chat.not-taken' });
    } else {
      this.timeline.confirm(key, answer.message);
    }
    this.dispatch('messages');
  }

  /** @param {string} id @param {string | undefined} name */
  #setTyping(id, name) {
    const before = this.#typing.get(id);
    clearTimeout(before?.timer);
    if (name === undefined) this.#typing.delete(id);
    else this.#typing.set(id, { name, timer: setTimeout(() => this.#setTyping(id, undefined), typingTime) });
    if (before?.name !== name) this.dispatch('typing');
  }
}

/** A key that no other message has. `crypto.randomUUID` is missing on pages without HTTPS. */
function makeKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
