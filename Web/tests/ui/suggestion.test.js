import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roomProblem } from '../../state/names.js';
import { randomBelow, suggestRoom, suggestionParts } from '../../ui/home/suggestion.js';

test('a suggested name has at least 60 bits', () => {
  // As many as there are different choices: a word that stood in its list twice would count once.
  const bits = suggestionParts.flat().reduce((sum, choices) => sum + Math.log2(new Set(choices).size), 0);
  assert.ok(bits >= 60, `${bits} bits`);
  for (const choices of suggestionParts.flat()) assert.equal(new Set(choices).size, choices.length);
});

test('different choices make different names', () => {
  // No piece contains what separates them, and letters are of one length.
  for (const choice of suggestionParts.flat(2)) assert.match(choice, /^[a-z0-9]+$/);
  for (const part of suggestionParts) if (part.length > 1) assert.ok(part.flat().every(({ length }) => length === 1));
});

test('suggested names are rooms, the longest too', () => {
  for (const below of [() => 0, (count) => count - 1, undefined]) assert.equal(roomProblem(suggestRoom(below)), undefined);
  const longest = suggestionParts.map((part) => part.map((choices) => Math.max(...choices.map(({ length }) => length))));
  const length = longest.flat().reduce((sum, each) => sum + each, suggestionParts.length - 1);
  assert.ok(length <= 64, `${length} characters`);
});

test('names differ', () => {
  assert.equal(new Set(Array.from({ length: 1000 }, () => suggestRoom())).size, 1000);
});

/** Gives these words, one after the other. */
function from(...values) {
  return (words) => {
    words[0] = values.shift();
    return words;
  };
}

for (const [count, values, expected] of [
  [31, [0], 0],
  [31, [30], 30],
  [31, [31], 0],
  // 2^32 is 4 more than a multiple of 31: the last four words are thrown away.
  [31, [2 ** 32 - 5], 30],
  [31, [2 ** 32 - 4, 2 ** 32 - 1, 7], 7],
  [64, [2 ** 32 - 1], 63],
  [1, [2 ** 32 - 1], 0],
]) {
  test(`below ${count} from ${values}`, () => assert.equal(randomBelow(count, from(...values)), expected));
}

test('no number is likelier than the others', () => {
  const counts = new Array(31).fill(0);
  for (let round = 0; round < 31_000; round += 1) counts[randomBelow(31)] += 1;
  // A thousand each; seven standard deviations are 217.
  assert.ok(counts.every((count) => Math.abs(count - 1000) < 220), String(counts));
});
