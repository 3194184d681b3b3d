import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forget, hear, silence } from '../../ui/call/speech.js';

/** Levels, each for a time in milliseconds. */
const loud = (duration) => ({ level: 0.2, duration });
const quiet = (duration) => ({ level: 0.01, duration });
const times = (count, ...parts) => Array.from({ length: count }, () => parts).flat();

/** When whoever makes these sounds is told, in milliseconds. */
function toldAt(parts, step = 150) {
  const told = [];
  let speech = silence;
  let end = 0;
  let time = 0;
  for (const { level, duration } of parts) {
    for (end += duration; time < end; time += step) {
      const heard = hear(speech, time, level);
      speech = heard.speech;
      if (heard.isTold) told.push(time);
    }
  }
  return told;
}

const cough = [loud(600), quiet(600)];

for (const [what, parts, expected] of [
  ['nothing is said', [quiet(60_000)], []],
  ['a cough', [quiet(3000), ...cough, quiet(3000)], []],
  ['a cough twice', [quiet(3000), ...cough, ...cough, quiet(3000)], []],
  ['a door, a cup and a chair, one after the other', times(10, loud(300), quiet(2000)), []],
  ['a short answer', [quiet(3000), loud(1200), quiet(6000)], []],
  ['speech with its pauses', times(8, loud(450), quiet(150)), [2700]],
  ['speech without pauses', [loud(5000)], [2100]],
  ['told once in half a minute, however long', [loud(75_000)], [2100, 32_100, 62_100]],
  ['and again when it is over', [loud(5000), quiet(40_000), loud(3000)], [2100, 46_950]],
]) {
  test(`who is muted: ${what}`, () => assert.deepEqual(toldAt(parts), expected));
}

test('a page that is looked at less often counts no silence as speech', () => {
  assert.deepEqual(toldAt(times(20, loud(1000), quiet(3000)), 1000), []);
  assert.deepEqual(toldAt([loud(10_000)], 1000), [2000]);
});

test('a clock that stands still, or was put back, says nothing', () => {
  let speech = silence;
  for (let count = 0; count < 1000; count += 1) {
    const heard = hear(speech, count % 2, 1);
    speech = heard.speech;
    assert.ok(!heard.isTold || count > 100);
    assert.ok(speech.sounds.length <= 1000);
  }
});

test('what was said before counts no more after unmuting, and peace is kept', () => {
  let { speech } = hear(hear(silence, 0, 1).speech, 400, 1);
  assert.equal(speech.sounds.reduce((sum, { loud: time }) => sum + time, 0), 400);
  assert.deepEqual(forget(speech).sounds, []);
  speech = { ...speech, quietUntil: 30_000 };
  assert.equal(forget(speech).quietUntil, 30_000);
});
