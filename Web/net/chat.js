/** The chat of a room over `/chat`: what it hears it applies to the store, and what is said it keeps until it is stored. */

import { newestOf, unknownOf, isOwn } from '../state/timeline.js';
import { keepEntering } from './entrance.js';
import { MemberKey } from './member-key.js';
import { Outbox } from './outbox.js';
import { refusalIn } from './refusal.js';
import { Retry } from './retry.js';

/**
 * @typedef {import('../state/timeline.js').Message} Message
 * @typedef {import('../state/people.js').Person} Person
 */

/** How long the server has for an answer, in milliseconds. */
const answerTime = 10_000;
/** Somebody who is typing says so again within this time. */
const typingTime = 6000;
/** How often this client says so. */
const typingInterval = 3000;
/** So many pages are asked for to fill a gap; a longer absence leaves it. */
const pagesToCatchUp = 10;

export class Chat {
  #isJoined = false;
  /** @type {Map<string, any>} */
  #typingTimers = new Map();
  #typingUntil = 0;
  #isLoading = false;
  #key;
  #outbox;
  #joining;
  #entering;
  #socket;
  #store;
  #room;
  #name;
  #timing;

  /**
   * @param {object} options
   * @param {import('../client/socket.js').Socket} options.socket  of the namespace `/chat`
   * @param {import('../state/state.js').PageStore} options.store
   * @param {string} options.room
   * @param {string} options.name
   * @param {(reason: import('../i18n/t.js').Sentence) => void} options.onRefused  the server does not let this client in
   * @param {MemberKey} [options.key]
   * @param {import('./retry.js').Timing} [timing]
   */
  constructor({ socket, store, room, name, onRefused, key = new MemberKey('chat', room) }, timing = {}) {
    this.#socket = socket;
    this.#store = store;
    this.#room = room;
    this.#name = name;
    this.#key = key;
    this.#timing = timing;
    /** @type {Outbox<import('../state/timeline.js').Draft>} */
    this.#outbox = new Outbox({ transmit: (draft) => this.#transmit(draft) }, timing);
    this.#joining = new Retry(() => void this.#join(onRefused), timing);
    this.#entering = keepEntering({ socket, onRefused: ({ sentence }) => onRefused(sentence) }, timing);
    this.#listen();
  }

  /** Enters the room; again, by itself, after each loss of the connection. */
  start() {
    const socket = this.#socket;
    socket.on('connect', () => {
      this.#store.apply({ type: 'connected' });
      this.#joining.now();
    });
    socket.on('connect_error', () => this.#store.apply({ type: 'lost' }));
    socket.on('disconnect', () => {
      this.#isJoined = false;
      this.#joining.stop();
      this.#joining.succeeded();
      this.#outbox.pause();
      this.#typingUntil = 0;
      this.#forgetTyping();
      this.#store.apply({ type: 'lost' });
    });
    socket.connect();
    if (socket.connected) this.#joining.now();
  }

  leave() {
    this.#joining.stop();
    this.#entering.stop();
    this.#outbox.close();
    this.#forgetTyping();
    this.#key.forget();
    if (this.#socket.connected) this.#socket.emit('leave', {});
    this.#socket.disconnect();
  }

  /** The page goes, and may come back as the same member. */
  suspend() {
    this.#key.keep();
  }

  /** Tries at once what is tried again later anyway. */
  retry() {
    if (this.#isJoined) this.#outbox.retry();
    else if (this.#socket.connected) this.#joining.now();
  }

  /**
   * Says something; it is kept until the server has it.
   *
   * @param {string} text
   */
  say(text) {
    const time = Date.now() + this.#store.get().connection.clock;
    const draft = { key: makeKey(), text, time, name: this.#name };
    this.#store.apply({ type: 'said', draft });
    this.#outbox.push(draft);
    this.#typingUntil = 0;
  }

  /**
   * This member types, or has ceased to.
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
    const { messages, hasMore } = this.#store.get().timeline;
    const before = messages[0]?.id;
    if (this.#isLoading || !hasMore || before === undefined) return;
    this.#isLoading = true;
    const page = await this.#page(before);
    this.#isLoading = false;
    if (page) this.#store.apply({ type: 'messages', messages: page.messages, hasMore: page.more });
  }

  /**
   * Keeps so many of the newest messages; the older ones are fetched again when they are asked for.
   *
   * @param {number} count
   */
  forgetOlder(count) {
    this.#store.apply({ type: 'messages-trimmed', count });
  }

  #listen() {
    const socket = this.#socket;
    const store = this.#store;
    socket.on('message', (message) => {
      this.#setTyping(message.author, undefined);
      this.#takeNews([message]);
      this.#compareClocks(message);
    });
    socket.on('person-joined', (person) => store.apply({ type: 'person-joined', person }));
    socket.on('person-left', ({ id }) => {
      this.#setTyping(id, undefined);
      store.apply({ type: 'person-left', id });
    });
    socket.on('typing', ({ id, name, active }) => this.#setTyping(id, active ? name : undefined));
  }

  /** @param {(reason: import('../i18n/t.js').Sentence) => void} onRefused */
  async #join(onRefused) {
    const request = { room: this.#room, name: this.#name, resume: this.#key.value };
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
    else onRefused(refusal.sentence);
  }

  /** @param {{ self: string, people: Person[], peopleCount?: number, messages: Message[], more: boolean, resumeKey?: string }} answer */
  async #entered({ self, people, peopleCount, messages, more, resumeKey }) {
    this.#joining.succeeded();
    this.#isJoined = true;
    this.#key.value = resumeKey;
    this.#store.apply({ type: 'trouble', trouble: undefined });
    this.#store.apply({ type: 'joined', self });
    this.#store.apply({ type: 'people', people, count: peopleCount });
    await this.#catchUp(messages, more);
    if (this.#isJoined) this.#outbox.resume();
  }

  /** @param {import('./refusal.js').Refusal} [refusal] */
  #joinLater(refusal) {
    if (!this.#socket.connected) return;
    if (refusal) this.#setTrouble(refusal.code === 'room-full' ? { key: 'chat.without' } : refusal.trouble);
    this.#joining.later(refusal?.wait);
  }

  /** @param {import('../i18n/t.js').Sentence | undefined} trouble */
  #setTrouble(trouble) {
    this.#store.apply({ type: 'trouble', trouble });
  }

  /**
   * Fills the gap between what was there before a reconnect and the newest.
   *
   * @param {Message[]} newest
   * @param {boolean} more
   */
  async #catchUp(newest, more) {
    const last = newestOf(this.#store.get().timeline);
    let missed = newest;
    let isGap = more;
    for (let pages = 0; last > 0 && isGap && (missed[0]?.id ?? 0) > last && pages < pagesToCatchUp; pages += 1) {
      const page = await this.#page(missed[0]?.id ?? 0);
      if (!page) break;
      missed = [...page.messages, ...missed];
      isGap = page.more;
    }
    const reaches = last > 0 && (!isGap || (missed[0]?.id ?? 0) <= last);
    if (reaches) this.#takeNews(missed);
    else if (last > 0) this.#takeNews(missed, { isReset: true, hasMore: isGap });
    else this.#store.apply({ type: 'messages', messages: missed, isReset: true, hasMore: isGap });
  }

  /** @param {Message[]} messages @param {{ isReset?: boolean, hasMore?: boolean }} [options] */
  #takeNews(messages, options = {}) {
    const { timeline } = this.#store.get();
    const news = unknownOf(timeline, messages).filter((message) => !isOwn(timeline, message)).length;
    this.#store.apply({ type: 'messages', messages, news, ...options });
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
      this.#store.apply({ type: 'not-taken', key });
      this.#store.apply({ type: 'notice', sentence: { key: 'chat.not-taken' } });
    } else {
      this.#compareClocks(answer.message);
      this.#store.apply({ type: 'stored', key, message: answer.message });
    }
  }

  /** @param {{ time: number }} message  that the server has just stored */
  #compareClocks({ time }) {
    this.#store.apply({ type: 'clock', ahead: time - Date.now() });
  }

  /** @param {string} id @param {string | undefined} name */
  #setTyping(id, name) {
    const { setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay), clearTimeout = globalThis.clearTimeout } = this.#timing;
    clearTimeout(this.#typingTimers.get(id));
    if (name === undefined) this.#typingTimers.delete(id);
    else this.#typingTimers.set(id, setTimeout(() => this.#setTyping(id, undefined), typingTime));
    this.#store.apply({ type: 'typing', id, name });
  }

  #forgetTyping() {
    for (const id of [...this.#typingTimers.keys()]) this.#setTyping(id, undefined);
  }
}

/** A key that no other message has. `crypto.randomUUID` is missing on pages without HTTPS. */
function makeKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
