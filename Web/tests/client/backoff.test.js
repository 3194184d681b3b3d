import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../client/backoff.js';

for (const [random, expected] of [
  [0, [500, 1000, 2000, 4000, 5000, 5000]],
  [0.5, [1000, 2000, 4000, 5000, 5000, 5000]],
  [1, [1500, 3000, 5000, 5000, 5000, 5000]],
]) {
  test(`delays with random ${random}`, () => {
    const backoff = new Backoff({ minimum: 1000, maximum: 5000, jitter: 0.5, random: () => random });
    assert.deepEqual(expected.map(() => backoff.next()), expected);
    assert.equal(backoff.attempts, expected.length);
    backoff.reset();
    assert.equal(backoff.next(), expected[0]);
  });
}

test('a thousand attempts later it is still the longest delay', () => {
  const backoff = new Backoff({ minimum: 1000, maximum: 5000, jitter: 0 });
  for (let count = 0; count < 2000; count += 1) backoff.next();
  assert.equal(backoff.next(), 5000);
});
