/** The chat of a room over `/chat`: messages, who is there, who is typing. */

import { Emitter } from '/client/emitter.js';
import { Outbox } from '../lib/outbox.js';
import { Timeline } from './timeline.js';

/**
 * @typedef {import('./timeline.js').Message} Message
 * @typedef {{ id: string, name: string }} Person
 *
 * @typedef {object} ChatEvents
 * @property {[]} messages  others are to be shown
 * @property {[message: Message]} arrived  from somebody else, while this participant was there
 * @property {[]} people
 * @property {[]} typing
 * @property {[note: string]} note  something to tell
 * @property {[message: string]} refused  the server does not let this client in
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
  /** @type {Map<string, Person>} */
  people = new Map();
  /**
   * The id of this participant.
   *
   * @type {string | undefined}
   */
  self;
  /** Whether there are older messages than those in the timeline. */
  hasMore = false;
  /** @type {Map<string, { name: string, timer: any }>} */
  #typing = new Map();
  #typingUntil = 0;
  #isLoading = false;
  #outbox;
  #socket;
  #room;
  #name;

  /**
   * @param {object} options
   * @param {import('/client/socket.js').Socket} options.socket  of the namespace `/chat`
   * @param {string} options.room
   * @param {string} options.name
   */
  constructor({ socket, room, name }) {
    super();
    this.#socket = socket;
    this.#room = room;
    this.#name = name;
    /** @type {Outbox<import('./timeline.js').Draft>} */
    this.#outbox = new Outbox({ transmit: (draft) => this.#transmit(draft) });
    this.#listen();
  }

  /** Enters the room; again, by itself, after each loss of the connection. */
  start() {
    this.#socket.on('connect', () => void this.#join());
    this.#socket.on('disconnect', () => {
      this.#outbox.pause();
      this.#typingUntil = 0;
      for (const id of [...this.#typing.keys()]) this.#setTyping(id, undefined);
    });
    this.#socket.connect();
    if (this.#socket.connected) void this.#join();
  }

  leave() {
    if (this.#socket.connected) this.#socket.emit('leave', {});
    this.#socket.disconnect();
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

  #listen() {
    const socket = this.#socket;
    socket.on('message', (message) => {
      if (this.timeline.merge([message]).length === 0) return;
      this.#setTyping(message.author, undefined);
      this.dispatch('messages');
      if (!this.timeline.isOwn(message)) this.dispatch('arrived', message);
    });
    socket.on('person-joined', (person) => {
      this.people.set(person.id, person);
      this.dispatch('people');
    });
    socket.on('person-left', ({ id }) => {
      this.people.delete(id);
      this.#setTyping(id, undefined);
      this.dispatch('people');
    });
    socket.on('typing', ({ id, name, active }) => this.#setTyping(id, active ? name : undefined));
  }

  async #join() {
    let answer;
    try {
      answer = await this.#socket.timeout(answerTime).emitWithAck('join', { room: this.#room, name: this.#name });
    } catch {
      this.#joinLater();
      return;
    }
    if (answer.error) {
      if (['internal', 'too-many-requests'].includes(answer.error.code)) this.#joinLater();
      else this.dispatch('refused', answer.error.message);
      return;
    }
    this.self = answer.self;
    this.timeline.addOwnAuthor(answer.self);
    this.people = new Map(answer.people.map((/** @type {Person} */ person) => [person.id, person]));
    this.dispatch('people');
    await this.#catchUp(answer.messages, answer.more);
    this.#outbox.resume();
  }

  #joinLater() {
    setTimeout(() => {
      if (this.#socket.connected) void this.#join();
    }, 2000);
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
      return answer.error ? undefined : answer;
    } catch {
      return undefined;
    }
  }

  /** @param {import('./timeline.js').Draft} draft */
  async #transmit({ key, text }) {
    const answer = await this.#socket.timeout(answerTime).emitWithAck('say', { text, key });
    if (answer.message) {
      this.timeline.confirm(key, answer.message);
    } else if (answer.error?.code === 'bad-request') {
      this.timeline.removeDraft(key);
      this.dispatch('note', `The message was not taken: ${answer.error.message}`);
    } else {
      throw new Error(answer.error?.message ?? 'no message in the answer');
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
