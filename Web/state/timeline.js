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
 *
 * @typedef {Omit<MessageItem, 'kind' | 'continues'> & { who: string }} Entry
 */

/** Messages of one person within this time, in milliseconds, stand under one name. */
const groupTime = 5 * 60_000;

/** The messages of a room in their order, each of them once, and what was said but is not stored yet. */
export class Timeline {
  /** @type {Message[]} */
  #messages = [];
  /** @type {Set<number>} */
  #ids = new Set();
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
    const added = messages.filter(({ id }) => Number.isSafeInteger(id) && !this.#ids.has(id) && this.#ids.add(id));
    if (added.length === 0) return added;
    if (this.#drafts.length > 0) {
      const keys = new Set(added.map(({ key }) => key));
      this.#drafts = this.#drafts.filter(({ key }) => !keys.has(key));
    }
    const inOrder = [...added].sort((a, b) => a.id - b.id);
    const isNewer = (inOrder[0]?.id ?? 0) > this.newest;
    // Nearly always, and then what is there already costs nothing.
    if (isNewer) this.#messages.push(...inOrder);
    else this.#messages = [...this.#messages, ...inOrder].sort((a, b) => a.id - b.id);
    return added;
  }

  /** How many messages are here. */
  get size() {
    return this.#messages.length;
  }

  /**
   * Forgets the oldest, once there are twice as many as shall be kept.
   *
   * @param {number} count  of the newest, which are kept
   * @returns {boolean} whether any were forgotten
   */
  trim(count) {
    if (this.size <= 2 * count) return false;
    for (const { id } of this.#messages.splice(0, this.size - count)) this.#ids.delete(id);
    return true;
  }

  /** Forgets what is stored: what comes next leaves a gap that cannot be filled. */
  clear() {
    this.#messages = [];
    this.#ids.clear();
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
    return this.window(Infinity).items;
  }

  /**
   * A part of what to show.
   *
   * @param {number} limit  the most messages in it
   * @param {number} [first]  the id of the first message; the part reaches to the end unless it is given
   * @returns {{ items: (DayItem | MessageItem)[], first: number | undefined, earlier: number, later: number }}
   *   `earlier` and `later`: how many messages stand before and after it
   */
  window(limit, first) {
    const start = first === undefined ? Math.max(0, this.size - limit) : this.#indexOf(first);
    const stored = this.#messages.slice(start, start + limit);
    const later = this.size - start - stored.length;
    const entries = stored.map((message) => this.#entry(message));
    if (later === 0) entries.push(...this.#drafts.slice(-limit).map(draftEntry));
    const shown = first === undefined ? entries.slice(Math.max(0, entries.length - limit)) : entries;
    return { items: withDays(shown), first: stored[0]?.id, earlier: start, later };
  }

  /**
   * Where a window that begins with `first` begins when it is moved.
   *
   * @param {number} first  an id
   * @param {number} count  of messages; less than zero towards the older ones
   * @returns {number | undefined} an id
   */
  moved(first, count) {
    const index = this.#indexOf(first) + count;
    return this.#messages[Math.min(Math.max(index, 0), this.size - 1)]?.id;
  }

  /**
   * Where the first message stands whose id is not below this one.
   *
   * @param {number} id
   */
  #indexOf(id) {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#messages[middle]?.id ?? Infinity) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {Message} message @returns {Entry} */
  #entry(message) {
    const { id, name, text, time, key, author } = message;
    const isOwn = this.isOwn(message);
    return { key: isOwn && key ? key : `id ${id}`, id, name, text, time, isOwn, who: isOwn ? 'self' : `${author} ${name}` };
  }
}

/** @param {Draft} draft @returns {Entry} */
function draftEntry({ key, text, time, name }) {
  return { key, id: undefined, name, text, time, isOwn: true, who: 'self' };
}

/** @param {Entry[]} entries */
function withDays(entries) {
  /** @type {(DayItem | MessageItem)[]} */
  const items = [];
  /** @type {{ who: string, time: number } | undefined} */
  let last;
  let day = '';
  for (const { who, ...entry } of entries) {
    const itsDay = new Date(entry.time).toDateString();
    if (itsDay !== day) {
      items.push({ kind: 'day', key: `day ${itsDay}`, time: entry.time });
      day = itsDay;
      last = undefined;
    }
    const continues = last !== undefined && last.who === who && entry.time - last.time < groupTime;
    items.push({ kind: 'message', ...entry, continues });
    last = { who, time: entry.time };
  }
  return items;
}
