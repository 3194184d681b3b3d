/** The chat of a room: what it hears it applies to the store, and what is said it keeps until it is stored. */

import { isOwn, unknownOf } from '../state/timeline.js';
import { Outbox } from './outbox.js';
import { refusalIn } from './refusal.js';

/**
 * @typedef {import('../state/timeline.js').Message} Message
 * @typedef {import('./room-link.js').WireMessage} WireMessage
 */

/** Somebody who is typing says so again within this time. */
const typingTime = 6000;
/** How often this client says so. */
const typingInterval = 3000;
/** So many pages are asked for to fill a gap; a longer absence leaves it. */
const pagesToCatchUp = 10;

export class Chat {
  /** @type {Map<string, any>} */
  #typingTimers = new Map();
  #typingUntil = 0;
  #isLoading = false;
  /** Up to this number nothing is missing. */
  #whole = 0;
  #isFilling = false;
  #wasIn = false;
  #outbox;
  #link;
  #store;
  #name;
  #timing;

  /**
   * @param {object} options
   * @param {import('./room-link.js').RoomLink} options.link
   * @param {import('../state/state.js').PageStore} options.store
   * @param {string} options.name
   */
  constructor({ link, store, name }) {
    this.#link = link;
    this.#store = store;
    this.#name = name;
    this.#timing = link.timing;
    /** @type {Outbox<import('../state/timeline.js').Draft>} */
    this.#outbox = new Outbox({ transmit: (draft) => this.#transmit(draft) }, link.timing);
    this.#listen();
  }

  leave() {
    this.#outbox.close();
    this.#forgetTyping();
  }

  /** Tries at once what is tried again later anyway. */
  retry() {
    if (this.#link.isJoined) this.#outbox.retry();
    else this.#link.retry();
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
    this.#link.mention('typing', { active });
  }

  /** Fetches the page before the oldest message. */
  async loadOlder() {
    const { messages, hasMore } = this.#store.get().timeline;
    const before = messages[0]?.number;
    if (this.#isLoading || !hasMore || before === undefined) return;
    this.#isLoading = true;
    const page = await this.#page({ before });
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
    const link = this.#link;
    link.on('joined', (answer) => void this.#entered(answer));
    link.on('lost', () => {
      this.#outbox.pause();
      this.#typingUntil = 0;
      this.#forgetTyping();
    });
    link.hear('message', (/** @type {WireMessage} */ sent) => {
      const message = heard(sent);
      this.#setTyping(message.author, false);
      // What comes before the answer to a join stands in it too.
      if (!link.isJoined) return;
      if (!message.edited && !message.isDeleted) this.#compareClocks(message);
      this.#takeNews([message]);
      this.#follow([message]);
    });
    link.hear('member-left', ({ id }) => this.#setTyping(id, false));
    link.hear('typing', ({ id, active }) => this.#setTyping(id, active === true));
  }

  /** @param {import('./room-link.js').Joined} answer */
  async #entered({ messages, more, lastNumber }) {
    await this.#catchUp(messages.map(heard), more, lastNumber);
    if (this.#link.isJoined) this.#outbox.resume();
  }

  /**
   * Fills the gap between what was there before a reconnect and the newest.
   *
   * @param {Message[]} newest
   * @param {boolean} more
   * @param {number} last  the number of the newest in the room
   */
  async #catchUp(newest, more, last) {
    const known = this.#whole;
    const isFirst = !this.#wasIn;
    this.#wasIn = true;
    const first = newest[0]?.number ?? last + 1;
    // A room that begins anew has nothing of what is shown.
    const isOther = last < known;
    this.#whole = last;
    const missed = isFirst || isOther || first <= known + 1 ? [] : await this.#between(known, first);
    if (isFirst) this.#store.apply({ type: 'messages', messages: newest, isReset: true, hasMore: more });
    else if (isOther || !missed) this.#takeNews(newest, { isReset: true, hasMore: more });
    else this.#takeNews([...missed, ...newest]);
  }

  /**
   * The messages between two numbers; nothing if they are too many, or can't be had.
   *
   * @param {number} after
   * @param {number} before
   */
  async #between(after, before) {
    /** @type {Message[]} */
    const all = [];
    for (let pages = 0, reached = after; reached < before - 1; pages += 1) {
      const page = pages < pagesToCatchUp ? await this.#page({ after: reached }) : undefined;
      if (!page) return undefined;
      all.push(...page.messages);
      reached = page.more ? page.messages.at(-1)?.number ?? before : before;
    }
    return all;
  }

  /**
   * Notes what has come, and fetches what is missing before it.
   *
   * @param {Message[]} messages
   */
  #follow(messages) {
    for (const { number } of messages) if (number === this.#whole + 1) this.#whole = number;
    const newest = messages.at(-1)?.number ?? 0;
    if (newest > this.#whole + 1) void this.#fill(newest);
  }

  /** @param {number} newest  what came without those before it */
  async #fill(newest) {
    if (this.#isFilling) return;
    this.#isFilling = true;
    const missed = await this.#between(this.#whole, newest);
    this.#isFilling = false;
    // Of a hole that is not filled the next join knows.
    if (!missed || !this.#link.isJoined) return;
    this.#takeNews(missed);
    const { timeline } = this.#store.get();
    this.#whole = Math.max(this.#whole, newest);
    this.#follow(timeline.messages.filter(({ number }) => number > newest));
  }

  /** @param {Message[]} messages @param {{ isReset?: boolean, hasMore?: boolean }} [options] */
  #takeNews(messages, options = {}) {
    const { timeline } = this.#store.get();
    const news = unknownOf(timeline, messages).filter((message) => !isOwn(timeline, message)).length;
    this.#store.apply({ type: 'messages', messages, news, ...options });
  }

  /** @param {{ before: number } | { after: number }} part @returns {Promise<{ messages: Message[], more: boolean } | undefined>} */
  async #page(part) {
    try {
      const answer = await this.#link.request('history', part);
      return refusalIn(answer) ? undefined : { messages: answer.messages.map(heard), more: answer.more };
    } catch {
      return undefined;
    }
  }

  /** @param {import('../state/timeline.js').Draft} draft */
  async #transmit({ key, text }) {
    const answer = await this.#link.request('say', { text, key });
    const refusal = refusalIn(answer);
    const isFinal = refusal?.code === 'bad-request' || refusal?.code === 'not-allowed';
    if (refusal && !isFinal) {
      this.#setTrouble(refusal.trouble);
      throw refusal;
    }
    this.#setTrouble(undefined);
    if (refusal) {
      this.#store.apply({ type: 'not-taken', key });
      this.#store.apply({ type: 'notice', sentence: refusal.code === 'bad-request' ? { key: 'chat.not-taken' } : refusal.sentence });
    } else {
      const message = heard(answer.message);
      this.#compareClocks(message);
      this.#store.apply({ type: 'stored', key, message });
      this.#follow([message]);
    }
  }

  /** @param {import('../i18n/t.js').Sentence | undefined} trouble */
  #setTrouble(trouble) {
    this.#store.apply({ type: 'trouble', trouble });
  }

  /** @param {{ time: number }} message  that the server has just stored */
  #compareClocks({ time }) {
    this.#store.apply({ type: 'clock', ahead: time - Date.now() });
  }

  /** @param {string} id @param {boolean} isActive */
  #setTyping(id, isActive) {
    const { setTimeout = (callback, delay) => globalThis.setTimeout(callback, delay), clearTimeout = globalThis.clearTimeout } = this.#timing;
    clearTimeout(this.#typingTimers.get(id));
    if (!isActive) this.#typingTimers.delete(id);
    else this.#typingTimers.set(id, setTimeout(() => this.#setTyping(id, false), typingTime));
    this.#store.apply({ type: 'typing', id, isActive });
  }

  #forgetTyping() {
    for (const id of [...this.#typingTimers.keys()]) this.#setTyping(id, false);
  }
}

/** @param {WireMessage} message @returns {Message} */
function heard({ number, author, name, text = '', time, key, edited, deleted }) {
  return { number, author, name, text, time, key, edited, isDeleted: deleted === true };
}

/** A key that no other message has. `crypto.randomUUID` is missing on pages without HTTPS. */
function makeKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
