/**
 * The messages of a room in their order, each of them once, and what was said but is not stored yet.
 *
 * @typedef {object} Message
 * @property {number} number  grows by one with each message of the room
 * @property {string} author
 * @property {string} name
 * @property {string} text
 * @property {number} time
 * @property {string} [key]
 * @property {number} [edited]  when it was changed last
 * @property {boolean} [isDeleted]  it was taken back
 *
 * @typedef {{ key: string, text: string, time: number, name: string }} Draft  said, and not yet stored
 *
 * @typedef {object} Timeline
 * @property {readonly Message[]} messages  by their numbers
 * @property {readonly Draft[]} drafts  in the order in which they were said
 * @property {readonly string[]} own  what this member is called, and was
 * @property {ReadonlySet<string>} keys  of what was said here
 * @property {boolean} hasMore  whether the server has older ones
 *
 * @typedef {{ type: 'joined', self: string }
 *   | { type: 'messages', messages: readonly Message[], hasMore?: boolean, isReset?: boolean, isNews?: boolean }
 *   | { type: 'messages-trimmed', count: number }
 *   | { type: 'said', draft: Draft }
 *   | { type: 'stored', key: string, message: Message }
 *   | { type: 'not-taken', key: string }} TimelineEvent
 *
 * @typedef {{ kind: 'day', key: string, time: number }} DayItem
 * @typedef {object} MessageItem
 * @property {'message'} kind
 * @property {string} key
 * @property {number} [number]  missing while it is not stored
 * @property {string} name
 * @property {string} text
 * @property {number} time
 * @property {boolean} isOwn
 * @property {boolean} isDeleted
 * @property {boolean} continues  the same person as the item before, shortly after
 */

/** Messages of one person within this time, in milliseconds, stand under one name. */
const groupTime = 5 * 60_000;

/** @type {Timeline} */
export const noMessages = { messages: [], drafts: [], own: [], keys: new Set(), hasMore: false };

/** @param {Timeline} timeline @param {TimelineEvent | { type: '' }} event @returns {Timeline} */
export function reduceTimeline(timeline, event) {
  switch (event.type) {
    case 'joined':
      return timeline.own.includes(event.self) ? timeline : { ...timeline, own: [...timeline.own, event.self] };
    case 'messages': {
      const start = event.isReset ? { ...timeline, messages: [] } : timeline;
      const merged = merge(start, event.messages);
      const hasMore = event.hasMore ?? merged.hasMore;
      return hasMore === merged.hasMore ? merged : { ...merged, hasMore };
    }
    case 'messages-trimmed':
      if (timeline.messages.length <= 2 * event.count) return timeline;
      return { ...timeline, messages: timeline.messages.slice(-event.count), hasMore: true };
    case 'said':
      return { ...timeline, drafts: [...timeline.drafts, event.draft], keys: new Set(timeline.keys).add(event.draft.key) };
    case 'stored':
      return merge(without(timeline, event.key), [{ ...event.message, key: event.key }]);
    case 'not-taken':
      return without(timeline, event.key);
    default:
      return timeline;
  }
}

/** @param {Timeline} before @param {readonly Message[]} messages  in any order @returns {Timeline} */
function merge(before, messages) {
  const timeline = withChanges(before, messages);
  const added = unknownOf(timeline, messages);
  if (added.length === 0) return timeline;
  const keys = new Set(added.map(({ key }) => key));
  const drafts = timeline.drafts.some(({ key }) => keys.has(key)) ? timeline.drafts.filter(({ key }) => !keys.has(key)) : timeline.drafts;
  const all = [...timeline.messages, ...added];
  // Nearly always they are newer than all, and then there is nothing to sort.
  if ((added[0]?.number ?? 0) <= newestOf(timeline)) all.sort((a, b) => a.number - b.number);
  return { ...timeline, messages: all, drafts };
}

/**
 * What was edited or taken back, in the place of what it was.
 *
 * @param {Timeline} timeline
 * @param {readonly Message[]} messages
 * @returns {Timeline}
 */
function withChanges(timeline, messages) {
  /** @type {Message[] | undefined} */
  let all;
  for (const message of messages) {
    const index = indexOf(timeline.messages, message.number);
    const known = (all ?? timeline.messages)[index];
    if (!known || known.number !== message.number || !isNewer(message, known)) continue;
    all ??= [...timeline.messages];
    all[index] = { ...message, key: message.key ?? known.key };
  }
  return all ? { ...timeline, messages: all } : timeline;
}

/** @param {Message} message @param {Message} known  of the same number */
function isNewer(message, known) {
  return (message.edited ?? 0) > (known.edited ?? 0) || (message.isDeleted === true && known.isDeleted !== true);
}

/** @param {Timeline} timeline @param {string} key @returns {Timeline} */
function without(timeline, key) {
  return { ...timeline, drafts: timeline.drafts.filter((draft) => draft.key !== key) };
}

/**
 * Those that are not in the timeline, in their order, each of them once.
 *
 * @param {Timeline} timeline
 * @param {readonly Message[]} messages
 */
export function unknownOf({ messages: known }, messages) {
  /** @type {Map<number, Message>} */
  const added = new Map();
  for (const message of messages) {
    if (Number.isSafeInteger(message.number) && known[indexOf(known, message.number)]?.number !== message.number) added.set(message.number, message);
  }
  return [...added.values()].sort((a, b) => a.number - b.number);
}

/**
 * The number of the newest message, 0 if there is none.
 *
 * @param {Timeline} timeline
 */
export function newestOf({ messages }) {
  return messages.at(-1)?.number ?? 0;
}

/** @param {Timeline} timeline @param {Message} message */
export function isOwn({ own, keys }, { author, key }) {
  return own.includes(author) || (key !== undefined && keys.has(key));
}

/**
 * A part of the timeline as it is shown, with the days between.
 *
 * @param {Timeline} timeline
 * @param {number} limit  so many messages and drafts at most
 * @param {number} [first]  the number of the first message; the part reaches to the end unless it is given
 * @returns {{ items: (DayItem | MessageItem)[], first: number | undefined, earlier: number, later: number }}
 *   `earlier` and `later`: how many messages stand before and after it
 */
export function windowOf(timeline, limit, first) {
  const { messages, drafts } = timeline;
  const start = first === undefined ? Math.max(0, messages.length - limit) : indexOf(messages, first);
  const stored = messages.slice(start, start + limit);
  const later = messages.length - start - stored.length;
  const part = stored.map((message) => entryOf(timeline, message));
  if (later === 0) part.push(...(limit > 0 ? drafts.slice(-limit) : []).map(draftEntry));
  const shown = first === undefined ? part.slice(Math.max(0, part.length - limit)) : part;
  return { items: withDays(shown), first: stored[0]?.number, earlier: start, later };
}

/**
 * Where a window that begins with `first` begins when it is moved.
 *
 * @param {Timeline} timeline
 * @param {number} first  a number
 * @param {number} count  of messages; less than zero towards the older ones
 * @returns {number | undefined} a number
 */
export function movedBy({ messages }, first, count) {
  const index = indexOf(messages, first) + count;
  return messages[Math.min(Math.max(index, 0), messages.length - 1)]?.number;
}

/**
 * Where the first message stands whose number is not below this one.
 *
 * @param {readonly Message[]} messages
 * @param {number} number
 */
function indexOf(messages, number) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.number ?? Infinity) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @typedef {Omit<MessageItem, 'kind' | 'continues'> & { who: string }} Entry
 *
 * @type {WeakMap<Message, Entry>}
 */
const entries = new WeakMap();
/** @type {WeakMap<Entry, MessageItem>} */
const shownItems = new WeakMap();

/** @param {Timeline} timeline @param {Message} message @returns {Entry} */
function entryOf(timeline, message) {
  const isMine = isOwn(timeline, message);
  const known = entries.get(message);
  if (known?.isOwn === isMine) return known;
  const { number, name, text, time, key, author, isDeleted = false } = message;
  const entry = { key: isMine && key ? key : `number ${number}`, number, name, text, time, isOwn: isMine, isDeleted, who: isMine ? 'self' : `${author} ${name}` };
  entries.set(message, entry);
  return entry;
}

/**
 * The same item as before where it is shown as before: nothing is compared then.
 *
 * @param {Entry} entry
 * @param {boolean} continues
 */
function itemOf(entry, continues) {
  const known = shownItems.get(entry);
  if (known?.continues === continues) return known;
  const { who, ...rest } = entry;
  /** @type {MessageItem} */
  const item = { kind: 'message', ...rest, continues };
  shownItems.set(entry, item);
  return item;
}

/** @param {Draft} draft @returns {Entry} */
function draftEntry({ key, text, time, name }) {
  return { key, number: undefined, name, text, time, isOwn: true, isDeleted: false, who: 'self' };
}

/** @param {Entry[]} part */
function withDays(part) {
  /** @type {(DayItem | MessageItem)[]} */
  const items = [];
  /** @type {{ who: string, time: number } | undefined} */
  let last;
  /** @type {Map<string, number>} */
  const days = new Map();
  let end = -Infinity;
  let start = Infinity;
  for (const entry of part) {
    // To name the day of each is what costs most here.
    if (!(entry.time >= start && entry.time < end)) {
      const date = new Date(entry.time);
      start = new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
      end = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
      // A day comes twice where a clock was put back.
      const day = `day ${date.toDateString()}`;
      const count = days.get(day) ?? 0;
      days.set(day, count + 1);
      items.push({ kind: 'day', key: count === 0 ? day : `${day} ${count}`, time: entry.time });
      last = undefined;
    }
    const continues = last !== undefined && last.who === entry.who && entry.time - last.time < groupTime;
    items.push(itemOf(entry, continues));
    last = entry;
  }
  return items;
}
