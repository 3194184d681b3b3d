import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initials } from '../../ui/controls/initials.js';

test('initials', () => {
  assert.deepEqual(['Ada Lovelace', 'ada', ' a b c ', '', '😀 x', 'Ada (home)', '...'].map(initials), ['AL', 'A', 'AC', '', '😀X', 'AH', '.']);
});
