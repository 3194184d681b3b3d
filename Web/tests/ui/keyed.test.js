import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyed } from '../../ui/keyed.js';

/** As much of an element as a list needs; it counts what is moved. */
class FakeElement {
  children = [];
  parent = undefined;
  moves = 0;

  get firstElementChild() {
    return this.children[0] ?? null;
  }

  get nextElementSibling() {
    return this.parent.children[this.parent.children.indexOf(this) + 1] ?? null;
  }

  insertBefore(child, there) {
    child.remove();
    this.moves += 1;
    this.children.splice(there === null ? this.children.length : this.children.indexOf(there), 0, child);
    child.parent = this;
  }

  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = undefined;
  }
}

function makeList() {
  const parent = new FakeElement();
  const log = { made: [], updated: [] };
  const show = (items) => {
    log.made = [];
    log.updated = [];
    parent.moves = 0;
    keyed(
      parent,
      items,
      ({ id }) => id,
      ({ id }) => {
        log.made.push(id);
        return { element: Object.assign(new FakeElement(), { id }) };
      },
      (_, { id }) => log.updated.push(id),
    );
    return parent.children.map(({ id }) => id).join('');
  };
  return { parent, log, show };
}

const items = (ids, more = {}) => [...ids].map((id) => ({ id, ...more }));

for (const [before, now, made, updated, moves] of [
  ['', 'abc', 'abc', 'abc', 3],
  ['abc', 'abc', '', '', 0],
  ['abc', 'abcd', 'd', 'd', 1],
  ['abc', 'bcd', 'd', 'd', 1],
  ['abc', 'xabc', 'x', 'x', 1],
  ['abc', 'ac', '', '', 0],
  ['abc', '', '', '', 0],
  ['ab', 'ba', '', '', 1],
]) {
  test(`rows ${before || 'of nothing'} become ${now || 'nothing'}`, () => {
    const { parent, log, show } = makeList();
    show(items(before));
    const kept = new Map(parent.children.map((child) => [child.id, child]));
    assert.equal(show(items(now)), now);
    assert.deepEqual([log.made.join(''), log.updated.join(''), parent.moves], [made, updated, moves]);
    for (const child of parent.children) if (kept.has(child.id)) assert.equal(child, kept.get(child.id));
  });
}

test('a row is updated when a value of its item is another one, and not moved', () => {
  const { parent, log, show } = makeList();
  show([{ id: 'a', n: 1 }, { id: 'b', n: 1 }]);
  show([{ id: 'a', n: 1 }, { id: 'b', n: 2 }]);
  assert.deepEqual([log.made, log.updated, parent.moves], [[], ['b'], 0]);
});

test('what went and comes again is made anew', () => {
  const { log, show } = makeList();
  show(items('ab'));
  show(items('b'));
  show(items('ab'));
  assert.deepEqual(log.made, ['a']);
});
