import assert from 'node:assert/strict';
import { test } from 'node:test';
import { depthLimit, dropLimit, filesIn, nameIn, nameLimit } from '../../files/folder.js';
import { makeFiles } from './room.js';

/** A tree: an array is a folder's list of [name, tree], a text the content of a file, an error what reading it gives. */
function entry(name, tree) {
  if (!Array.isArray(tree)) {
    return {
      name,
      isDirectory: false,
      file: (resolve, reject) => (tree instanceof Error ? reject(tree) : resolve(new File([tree], name, { lastModified: 7 }))),
    };
  }
  const createReader = () => {
    const rest = tree.map(([child, below]) => entry(child, below));
    // As browsers do: a hundred at a time.
    return { readEntries: (resolve) => resolve(rest.splice(0, 100)) };
  };
  return { name, isDirectory: true, createReader };
}

const dropOf = (...trees) => ({
  items: trees.map(([name, tree]) => ({ kind: 'file', webkitGetAsEntry: () => entry(name, tree) })),
  files: [],
});
const many = (count) => Array.from({ length: count }, (_, index) => [`f${index}`, 'x']);
const names = ({ files }) => files.map(({ name }) => name);

test('files of folders come with the names of their folders', async () => {
  const dropped = await filesIn(
    dropOf(['b.txt', 'b'], ['holiday', [['2.jpg', 'xx'], ['1.jpg', 'x'], ['day 1', [['beach.jpg', 'xxx']]], ['empty', []]]]),
  );
  assert.deepEqual(names(dropped), ['b.txt', 'holiday - 1.jpg', 'holiday - 2.jpg', 'holiday - day 1 - beach.jpg']);
  assert.deepEqual([dropped.unread, dropped.isCut], [0, false]);
  const [, , , last] = dropped.files;
  assert.deepEqual([await last.text(), last.lastModified], ['xxx', 7]);
});

test('a folder of more entries than are told at once', async () => {
  const dropped = await filesIn(dropOf(['all', many(250)]));
  assert.equal(dropped.files.length, 250);
});

for (const [count, isCut] of [[dropLimit, false], [dropLimit + 1, true]]) {
  test(`${count} files: ${isCut ? 'cut' : 'whole'}`, async () => {
    for (const dropped of [await filesIn(dropOf(...many(count))), await filesIn(dropOf(['all', many(count)]))]) {
      assert.deepEqual([dropped.files.length, dropped.isCut], [dropLimit, isCut]);
    }
  });
}

for (const [depth, count] of [[depthLimit, 1], [depthLimit + 1, 0]]) {
  test(`a file in ${depth} folders: ${count}`, async () => {
    let tree = [['f', 'x']];
    for (let level = 1; level < depth; level += 1) tree = [['d', tree]];
    const dropped = await filesIn(dropOf(['d', tree]));
    assert.deepEqual([dropped.files.length, dropped.isCut], [count, count === 0]);
  });
}

test('folders full of folders end', async () => {
  const wide = many(dropLimit).map(([name]) => [name, many(dropLimit).map(([below]) => [below, []])]);
  const dropped = await filesIn(dropOf(['all', wide]));
  assert.deepEqual([dropped.files.length, dropped.isCut], [0, true]);
});

test('one file that cannot be read does not keep the others', async () => {
  const dropped = await filesIn(dropOf(['all', [['a', new Error('no')], ['b', 'x']]]));
  assert.deepEqual([names(dropped), dropped.unread], [['all - b'], 1]);
});

test('a browser without entries gives files; texts are none', async () => {
  const file = new File(['x'], 'x');
  const items = [{ kind: 'string' }, { kind: 'file', getAsFile: () => file }];
  assert.deepEqual(names(await filesIn({ items, files: [] })), ['x']);
  assert.deepEqual(names(await filesIn({ items: undefined, files: [file] })), ['x']);
});

for (const [folders, name, expected] of [
  [['a', 'b'], 'c.txt', 'a - b - c.txt'],
  [['a', 'x'.repeat(nameLimit - 8)], 'c.txt', `${'x'.repeat(nameLimit - 8)} - c.txt`],
  [['a', 'x'.repeat(nameLimit - 7)], 'c.txt', 'c.txt'],
]) {
  test(`${name} in ${folders.length} folders, of ${folders.join('').length} characters`, () => {
    assert.equal(nameIn(folders, name), expected);
    assert.ok([...expected].length <= nameLimit);
  });
}

test('what is dropped is offered, and what is not is told', async () => {
  const { files, peer, notes } = makeFiles('ann');
  await files.drop(dropOf(['all', [['a', new Error('no')], ['b', 'x']]]));
  assert.deepEqual([JSON.parse(peer('ann').channels[0].queue[0]).name, notes], ['all - b', ['files.unread']]);
  await files.drop(dropOf(['empty', []]));
  await files.drop(dropOf(...many(dropLimit + 1)));
  assert.deepEqual(notes, ['files.unread', 'files.empty', 'files.cut']);
});
