import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed, createStore, keepEqual } from '../../state/store.js';

const count = (state, { type }) => (type === 'more' ? { ...state, count: state.count + 1 } : type === 'name' ? { ...state, name: 'b' } : state);
const make = () => createStore(count, { count: 0, name: 'a' });

test('a watcher sees the part it watches, at once and after each change', () => {
  const store = make();
  const seen = [];
  store.watch(({ count }) => count, (now, before) => seen.push([before, now]), { signal: new AbortController().signal });
  for (const type of ['more', 'name', 'other', 'more']) store.apply({ type });
  assert.deepEqual(seen, [[undefined, 0], [0, 1], [1, 2]]);
  assert.deepEqual(store.get(), { count: 2, name: 'b' });
});

test('with its signal a watcher ends, even while others are told', () => {
  const store = make();
  const [first, second] = [new AbortController(), new AbortController()];
  const seen = [];
  store.watch(({ count }) => count, (now) => now === 1 && second.abort(), { signal: first.signal });
  store.watch(({ count }) => count, (now) => seen.push(now), { signal: second.signal });
  store.apply({ type: 'more' });
  store.watch(({ count }) => count, () => seen.push('late'), { signal: second.signal });
  assert.deepEqual(seen, [0]);
});

test('an event of a watcher comes after the one that it has seen, for all', () => {
  const store = make();
  const { signal } = new AbortController();
  const seen = [];
  store.watch(({ count }) => count, (now) => now === 1 && store.apply({ type: 'more' }), { signal });
  store.watch(({ count }) => count, (now) => seen.push(now), { signal });
  store.apply({ type: 'more' });
  assert.deepEqual(seen, [0, 1, 2]);
});

test('an object whose values stay is the same', () => {
  const value = { a: 1, b: 2 };
  assert.equal(changed(value, { b: 2 }), value);
  assert.deepEqual(changed(value, { b: 3 }), { a: 1, b: 3 });
});

for (const [what, now, isSame] of [
  ['nothing', [{ id: 1, at: { x: 1 } }, { id: 2 }], true],
  ['a value below', [{ id: 1, at: { x: 2 } }, { id: 2 }], false],
  ['the order', [{ id: 2 }, { id: 1, at: { x: 1 } }], false],
  ['one that is gone', [{ id: 1, at: { x: 1 } }], false],
]) {
  test(`a list in which changes ${what}`, () => {
    const before = [{ id: 1, at: { x: 1 } }, { id: 2 }];
    const kept = keepEqual(before, now, ({ id }) => id);
    assert.equal(kept === before, isSame);
    assert.deepEqual(kept, now);
    const same = kept.find(({ id }) => id === 2);
    if (same) assert.equal(same, before[1]);
  });
}
