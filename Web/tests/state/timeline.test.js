import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timeline } from '../../state/timeline.js';

const day = new Date(2026, 2, 3, 12).getTime();
const message = (id, author = 'a', time = day + id * 1000, more = {}) => ({ id, author, name: author, text: `text ${id}`, time, ...more });
const texts = (timeline) => timeline.items.filter(({ kind }) => kind === 'message').map(({ text }) => text);

test('messages are ordered by id, each once, in whatever order they come', () => {
  const timeline = new Timeline();
  timeline.merge([message(3), message(1)]);
  assert.deepEqual(timeline.merge([message(2), message(3), message(2)]).map(({ id }) => id), [2]);
  assert.deepEqual(texts(timeline), ['text 1', 'text 2', 'text 3']);
  assert.deepEqual([timeline.oldest, timeline.newest], [1, 3]);
});

test('an empty one', () => {
  const timeline = new Timeline();
  assert.deepEqual([timeline.oldest, timeline.newest, timeline.items], [undefined, 0, []]);
});

test('messages without a proper id are left out', () => {
  const timeline = new Timeline();
  assert.equal(timeline.merge([message('1'), message(undefined), message(1.5)]).length, 0);
});

test('a draft stands last until it is stored, and keeps its place on the screen', () => {
  const timeline = new Timeline();
  timeline.addDraft({ key: 'k', text: 'mine', time: day, name: 'me' });
  timeline.merge([message(1)]);
  assert.deepEqual(texts(timeline), ['text 1', 'mine']);
  const before = timeline.items.at(-1);
  assert.deepEqual([before.id, before.isOwn], [undefined, true]);
  timeline.confirm('k', message(2, 'self-1', day, { text: 'mine' }));
  const after = timeline.items.at(-1);
  assert.deepEqual([after.key, after.id, after.isOwn], [before.key, 2, true]);
  assert.equal(texts(timeline).length, 2);
});

test('a message whose acknowledgement was lost comes with the history and replaces the draft', () => {
  const timeline = new Timeline();
  timeline.addDraft({ key: 'k', text: 'mine', time: day, name: 'me' });
  timeline.merge([message(5, 'old-self', day, { key: 'k', text: 'mine' })]);
  assert.deepEqual(texts(timeline), ['mine']);
  assert.equal(timeline.items.at(-1).isOwn, true);
  timeline.confirm('k', message(5, 'old-self', day, { text: 'mine' }));
  assert.deepEqual(texts(timeline), ['mine']);
});

test('a draft that was refused goes away', () => {
  const timeline = new Timeline();
  timeline.addDraft({ key: 'k', text: 'mine', time: day, name: 'me' });
  timeline.removeDraft('k');
  assert.deepEqual(timeline.items, []);
});

test('days stand between, and one person in a row is named once', () => {
  const timeline = new Timeline();
  const minute = 60_000;
  timeline.merge([
    message(1, 'a', day),
    message(2, 'a', day + minute),
    message(3, 'b', day + 2 * minute),
    message(4, 'b', day + 8 * minute),
    message(5, 'b', day + 24 * 60 * minute),
  ]);
  const shape = timeline.items.map((item) => (item.kind === 'day' ? 'day' : item.continues));
  assert.deepEqual(shape, ['day', false, true, false, false, 'day', false]);
});

test('own messages of earlier connections are own', () => {
  const timeline = new Timeline();
  timeline.addOwnAuthor('self-1');
  timeline.addOwnAuthor('self-2');
  timeline.merge([message(1, 'self-1'), message(2, 'self-2'), message(3, 'other')]);
  assert.deepEqual(timeline.items.filter(({ kind }) => kind === 'message').map(({ isOwn }) => isOwn), [true, true, false]);
});

test('clear forgets what is stored and keeps drafts', () => {
  const timeline = new Timeline();
  timeline.merge([message(1)]);
  timeline.addDraft({ key: 'k', text: 'mine', time: day, name: 'me' });
  timeline.clear();
  assert.deepEqual(texts(timeline), ['mine']);
});

/** A timeline of messages with these ids. */
function filled(count, from = 1) {
  const timeline = new Timeline();
  timeline.merge(Array.from({ length: count }, (_, index) => message(from + index)));
  return timeline;
}
const ids = ({ items }) => items.filter(({ kind }) => kind === 'message').map(({ id }) => id);

for (const [limit, first, expected, earlier, later] of [
  [3, undefined, [8, 9, 10], 7, 0],
  [3, 4, [4, 5, 6], 3, 4],
  [3, 9, [9, 10], 8, 0],
  [3, 1, [1, 2, 3], 0, 7],
  [10, undefined, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0, 0],
  [0, 4, [], 3, 7],
]) {
  test(`${limit} messages from ${first ?? 'the end'}`, () => {
    const part = filled(10).window(limit, first);
    assert.deepEqual([ids(part), part.earlier, part.later], [expected, earlier, later]);
  });
}

test('drafts stand at the end only, and count', () => {
  const timeline = filled(10);
  for (const key of ['k', 'l']) timeline.addDraft({ key, text: key, time: day, name: 'me' });
  assert.deepEqual(ids(timeline.window(3)), [10, undefined, undefined]);
  assert.deepEqual(ids(timeline.window(3, 2)), [2, 3, 4]);
  assert.deepEqual(ids(timeline.window(3, 9)), [9, 10, undefined, undefined]);
});

for (const [first, count, expected] of [
  [5, -2, 3],
  [5, -9, 1],
  [5, 2, 7],
  [5, 99, 10],
]) {
  test(`a window from ${first} moved by ${count}`, () => assert.equal(filled(10).moved(first, count), expected));
}

test('the oldest are forgotten when there are twice too many, and may come again', () => {
  const timeline = filled(20);
  assert.equal(timeline.trim(10), false);
  timeline.merge([message(21)]);
  assert.equal(timeline.trim(10), true);
  assert.deepEqual([timeline.size, timeline.oldest, timeline.newest], [10, 12, 21]);
  assert.equal(timeline.merge([message(11), message(12)]).length, 1);
  assert.deepEqual([timeline.oldest, timeline.size], [11, 11]);
  timeline.clear();
  assert.equal(timeline.merge([message(11)]).length, 1);
});

test('twice the messages cost about twice', () => {
  /** The time that messages take one by one, each shown in a window, at best of several times. */
  const cost = (count) => {
    const times = [1, 2, 3].map(() => {
      const timeline = new Timeline();
      const start = performance.now();
      for (let id = 1; id <= count; id += 1) {
        timeline.merge([message(id)]);
        if (id % 50 === 0) timeline.window(100);
      }
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  cost(5000);
  const [once, fourTimes] = [cost(5000), cost(20_000)];
  assert.ok(fourTimes < 10 * once, `${once} ms, and ${fourTimes} ms for four times as many`);
});
