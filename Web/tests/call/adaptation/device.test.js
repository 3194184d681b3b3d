import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ableDevice, judgeDevice, limitsOf } from '../../../call/adaptation/device.js';

/** The limits, second by second. */
function judge(device, seconds, isLimited, from = 0) {
  let now = device;
  const found = [];
  for (let second = 1; second <= seconds; second += 1) {
    now = judgeDevice(now, isLimited(second), 1000 * (from + second));
    found.push(limitsOf(now, 2));
  }
  return { device: now, found };
}

test('a limited computer sends fewer frames first, then smaller pictures, a step every five seconds', () => {
  const { found } = judge(ableDevice, 40, () => true);
  const steps = found.filter((limits, index) => index === 0 || limits.frames !== found[index - 1].frames || limits.scale !== found[index - 1].scale);
  assert.deepEqual(steps.map(({ frames, scale }) => [frames, scale]), [[20, 1], [15, 1], [10, 1], [10, 1.5], [8, 2], [5, 3]]);
  assert.deepEqual(found[0], { frames: 20, scale: 1 });
  assert.deepEqual(found[4], { frames: 20, scale: 1 });
  assert.deepEqual(found[5], { frames: 15, scale: 1 });
});

test('it does more again after twenty seconds of calm, step by step', () => {
  const { device } = judge(ableDevice, 6, () => true);
  const { found } = judge(device, 60, () => false, 6);
  assert.deepEqual([found[18], found[19], found[38], found[39]].map(({ frames }) => frames), [15, 20, 20, 30]);
});

test('now and then limited is not calm', () => {
  const { device } = judge(ableDevice, 2, () => true);
  const { device: after } = judge(device, 60, (second) => second % 10 === 0, 2);
  assert.ok(after.level >= device.level);
});

for (const [people, frames] of [[1, 30], [2, 30], [3, 24], [4, 24], [5, 20], [6, 20], [7, 15], [16, 15]]) {
  test(`${people} people: ${frames} frames a second at most`, () => assert.equal(limitsOf(ableDevice, people).frames, frames));
}
