import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthOf } from '../../ui/chat/composer.js';

for (const [what, text, expected] of [
  ['little', 'x', undefined],
  ['just too little to speak of', 'x'.repeat(3499), undefined],
  ['much', 'x'.repeat(3500), 500],
  ['as much as may be', 'x'.repeat(4000), 0],
  ['one too many', 'x'.repeat(4001), -1],
  ['characters of two halves, as the server counts', '😀'.repeat(4000), 0],
  ['few of them', '😀'.repeat(3000), undefined],
]) {
  test(`the length of a text: ${what}`, () => assert.equal(lengthOf(text)?.left, expected));
}
