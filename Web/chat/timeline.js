/**
 * @typedef {object} Message
 * @property {number} id  grows with each message of the server
 * @property {string} author
 * @property {string} name
 * @property {string} text
 * @property {number} time
 * @property {string} [key]
 *
 * @typedef {{ key: string, text: string, time: number, name: string }} Draft  said, and not yet stored
 *
 * @typedef {{ kind: 'day', key: string, time: number }} DayItem
 * @typedef {object} MessageItem
 * @property {'message'} kind
 * @property {string} key
 * @property {number} [id]  missing while it is not stored
 * @property {string} name
 * @property {string} text
 * @property {number} time
 * @property {boolean} isOwn
 * @property {boolean} continues  the same person as the item before, shortly after
 */

/** Messages of one person within this time, in milliseconds, stand under one name. */
const groupTime = 5 * 60_000;

/** The messages of a room in their order, each of them once, and what was said but is not stored yet. */
export class Timeline {
  /** @type {Message[]} */
  #messages = [];
  /** @type {Draft[]} */
  #drafts = [];
  /** @type {Set<string>} */
  #ownAuthors = new Set();
  /** @type {Set<string>} */
  #ownKeys = new Set();

  /** The id of the newest message, 0 if there is none. */
  get newest() {
    return this.#messages.at(-1)?.id ?? 0;
  }

  /** The id of the oldest message, if there is one. */
  get oldest() {
    return this.#messages[0]?.id;
  }

  /**
   * This participant is called so from now on, as well.
   *
   * @param {string} id
   */
  addOwnAuthor(id) {
    this.#ownAuthors.add(id);
  }

  /**
   * Takes messages in any order, and leaves out those that it has.
   *
   * @param {Message[]} messages
   * @returns {Message[]} what is new
   */
  merge(messages) {
    const known = new Set(this.#messages.map(({ id }) => id));
    const added = messages.filter(({ id }) => Number.isSafeInteger(id) && !known.has(id) && known.add(id));
    for (const { key } of added) this.#drafts = this.#drafts.filter((draft) => draft.key !== key);
    this.#messages = [...this.#messages, ...added].sort((a, b) => a.id - b.id);
    return added;
  }

  /** Forgets what is stored: what comes next leaves a gap that cannot be filled. */
  clear() {
    this.#messages = [];
  }

  /** @param {Draft} draft */
  addDraft(draft) {
    this.#drafts.push(draft);
    this.#ownKeys.add(draft.key);
  }

  /**
   * A draft will not be stored.
   *
   * @param {string} key
   */
  removeDraft(key) {
    this.#drafts = this.#drafts.filter((draft) => draft.key !== key);
  }

  /**
   * A draft is stored.
   *
   * @param {string} key
   * @param {Message} message
   */
  confirm(key, message) {
    this.removeDraft(key);
    this.#ownKeys.add(key);
    this.merge([{ ...message, key }]);
  }

  /** @param {Message} message */
  isOwn(message) {
    return this.#ownAuthors.has(message.author) || (message.key !== undefined && this.#ownKeys.has(message.key));
  }

  /**
   * What to show, with the days between.
   *
   * @returns {(DayItem | MessageItem)[]}
   */
  get items() {
    /** @type {(DayItem | MessageItem)[]} */
    const items = [];
    /** @type {{ who: string, time: number } | undefined} */
    let last;
    let day = '';
    for (const entry of this.#entries()) {
      const itsDay = new Date(entry.time).toDateString();
      if (itsDay !== day) {
        items.push({ kind: 'day', key: `day ${itsDay}`, time: entry.time });
        day = itsDay;
        last = undefined;
      }
      const { who, ...item } = entry;
      const continues = last !== undefined && last.who === who && entry.time - last.time < groupTime;
      items.push({ kind: 'message', ...item, continues });
      last = { who, time: entry.time };
    }
    return items;
  }

  #entries() {
    const stored = this.#messages.map((message) => {
      const { id, name, text, time, key, author } = message;
      const isOwn = this.isOwn(message);
      return { key: isOwn && key ? key : `id ${id}`, id, name, text, time, isOwn, who: isOwn ? 'self' : `${author} ${name}` };
    });
    const drafts = this.#drafts.map(({ key, text, time, name }) => ({ key, id: undefined, name, text, time, isOwn: true, who: 'self' }));
    return [...stored, ...drafts];
  }
}
