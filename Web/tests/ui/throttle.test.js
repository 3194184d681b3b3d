import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttle } from '../../ui/throttle.js';
import { ManualClock } from '../clock.js';

test('a throttled action is done at once, then once in each interval', async () => {
  const clock = new ManualClock();
  const times = [];
  const ask = throttle(() => times.push(clock.now()), 100, clock.setTimeout);
  for (let time = 0; time < 250; time += 10) {
    ask();
    await clock.advance(10);
  }
  assert.deepEqual(times, [0, 100, 200]);
  await clock.advance(1000);
  assert.deepEqual(times, [0, 100, 200, 300]);
  ask();
  assert.deepEqual(times.at(-1), clock.now());
});
