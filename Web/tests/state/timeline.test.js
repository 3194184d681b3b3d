import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwn, movedBy, newestOf, noMessages, reduceTimeline, unknownOf, windowOf } from '../../state/timeline.js';

const day = new Date(2026, 2, 3, 12).getTime();
const minute = 60_000;
const message = (number, author = 'a', time = day + number * 1000, more = {}) => ({ number, author, name: author, text: `text ${number}`, time, ...more });
const draft = (key, text = key) => ({ key, text, time: day, name: 'me' });
const after = (...events) => events.reduce(reduceTimeline, noMessages);
const came = (...messages) => ({ type: 'messages', messages });
const said = (key, text) => ({ type: 'said', draft: draft(key, text) });
const itemsOf = (timeline, limit = 1000, first) => windowOf(timeline, limit, first).items.filter(({ kind }) => kind === 'message');
const texts = (timeline) => itemsOf(timeline).map(({ text }) => text);
const numbers = (part) => part.items.filter(({ kind }) => kind === 'message').map(({ number }) => number);
const filled = (count, from = 1) => after(came(...Array.from({ length: count }, (_, index) => message(from + index))));

for (const [what, events, expected] of [
  ['messages are ordered by number, each once', [came(message(3), message(1)), came(message(2), message(3), message(2))], ['text 1', 'text 2', 'text 3']],
  ['those without a proper number are left out', [came(message('1'), message(undefined), message(1.5))], []],
  ['a draft stands last', [said('k', 'mine'), came(message(1))], ['text 1', 'mine']],
  ['a draft is stored', [said('k', 'mine'), { type: 'stored', key: 'k', message: message(2, 'me', day, { text: 'mine' }) }], ['mine']],
  ['a draft comes with the history', [said('k', 'mine'), came(message(5, 'old', day, { key: 'k', text: 'mine' }))], ['mine']],
  ['and is acknowledged after that', [
    said('k', 'mine'), came(message(5, 'old', day, { key: 'k', text: 'mine' })), { type: 'stored', key: 'k', message: message(5, 'old', day, { text: 'mine' }) },
  ], ['mine']],
  ['a draft is not taken', [said('k', 'mine'), { type: 'not-taken', key: 'k' }], []],
  ['what cannot be joined to what is there takes its place', [came(message(1)), said('k', 'mine'), { ...came(message(9)), isReset: true }], ['text 9', 'mine']],
]) {
  test(`timeline: ${what}`, () => assert.deepEqual(texts(after(...events)), expected));
}

test('what was edited or taken back stands in its place, and an older state of it changes nothing', () => {
  const timeline = after(came(message(1), message(2)), came(message(1, 'a', day, { text: 'better', edited: 5 })));
  assert.deepEqual(texts(timeline), ['better', 'text 2']);
  assert.equal(reduceTimeline(timeline, came(message(1))), timeline);
  const gone = reduceTimeline(timeline, came(message(1, 'a', day, { text: '', edited: 5, isDeleted: true })));
  assert.deepEqual(itemsOf(gone).map(({ isDeleted }) => isDeleted), [true, false]);
});

test('a row keeps its key and gets the time of the server when it is stored', () => {
  const before = itemsOf(after(said('k', 'mine')))[0];
  const now = itemsOf(after(said('k', 'mine'), { type: 'stored', key: 'k', message: message(2, 'self-1', day - 1000) }))[0];
  assert.deepEqual([before.key, before.number, before.isOwn], ['k', undefined, true]);
  assert.deepEqual([now.key, now.number, now.isOwn, now.time], ['k', 2, true, day - 1000]);
});

test('what changes nothing gives the same state', () => {
  const timeline = after(came(message(1), message(2)), { type: 'joined', self: 'me' });
  for (const event of [came(message(2)), came(), { type: 'joined', self: 'me' }, { type: 'messages-trimmed', count: 10 }, { type: 'other' }]) {
    assert.equal(reduceTimeline(timeline, event), timeline, event.type);
  }
});

test('days stand between, and one person in a row is named once', () => {
  const timeline = after(came(
    message(1, 'a', day),
    message(2, 'a', day + minute),
    message(3, 'b', day + 2 * minute),
    message(4, 'b', day + 8 * minute),
    message(5, 'b', day + 24 * 60 * minute),
  ));
  const shape = windowOf(timeline, 100).items.map((item) => (item.kind === 'day' ? 'day' : item.continues));
  assert.deepEqual(shape, ['day', false, true, false, false, 'day', false]);
});

test('no two rows have one key, though a clock was put back', () => {
  const timeline = after(came(message(1, 'a', day), message(2, 'a', day + 24 * 60 * minute), message(3, 'a', day)));
  const keys = windowOf(timeline, 100).items.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
});

test('messages of what this member was called before are own, by their author or by their key', () => {
  const timeline = after({ type: 'joined', self: 'self-1' }, { type: 'joined', self: 'self-2' }, said('k'));
  const all = [message(1, 'self-1'), message(2, 'self-2'), message(3, 'other'), message(4, 'self-0', day, { key: 'k' })];
  assert.deepEqual(all.map((each) => isOwn(timeline, each)), [true, true, false, true]);
});

test('what is not known yet', () => {
  assert.deepEqual(unknownOf(filled(3), [message(4), message(2), message(4), message(0)]).map(({ number }) => number), [0, 4]);
});

for (const [limit, first, expected, earlier, later] of [
  [3, undefined, [8, 9, 10], 7, 0],
  [3, 4, [4, 5, 6], 3, 4],
  [3, 9, [9, 10], 8, 0],
  [3, 1, [1, 2, 3], 0, 7],
  [10, undefined, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0, 0],
  [0, 4, [], 3, 7],
]) {
  test(`${limit} messages from ${first ?? 'the end'}`, () => {
    const part = windowOf(filled(10), limit, first);
    assert.deepEqual([numbers(part), part.earlier, part.later], [expected, earlier, later]);
  });
}

test('drafts stand at the end only, and count', () => {
  const timeline = [said('k'), said('l')].reduce(reduceTimeline, filled(10));
  assert.deepEqual(numbers(windowOf(timeline, 3)), [10, undefined, undefined]);
  assert.deepEqual(numbers(windowOf(timeline, 3, 2)), [2, 3, 4]);
  assert.deepEqual(numbers(windowOf(timeline, 3, 9)), [9, 10, undefined, undefined]);
});

for (const [first, count, expected] of [[5, -2, 3], [5, -9, 1], [5, 2, 7], [5, 99, 10]]) {
  test(`a window from ${first} moved by ${count}`, () => assert.equal(movedBy(filled(10), first, count), expected));
}

test('the oldest are forgotten when there are twice too many, and may come again', () => {
  const trim = { type: 'messages-trimmed', count: 10 };
  const timeline = reduceTimeline(reduceTimeline(filled(20), came(message(21))), trim);
  assert.deepEqual([timeline.messages.length, timeline.messages[0].number, newestOf(timeline), timeline.hasMore], [10, 12, 21, true]);
  assert.equal(reduceTimeline(timeline, came(message(11), message(12))).messages.length, 11);
});

test('a message costs no more than a moment among as many as are kept', () => {
  let timeline = filled(10_000);
  /** The best of several times: other tests run at the same time. */
  let least = Infinity;
  for (let id = 10_001; id <= 10_200; id += 1) {
    const start = performance.now();
    timeline = reduceTimeline(timeline, came(message(id)));
    windowOf(timeline, 500);
    least = Math.min(least, performance.now() - start);
  }
  assert.ok(least < 2, `${least} ms`);
});
