import assert from 'node:assert/strict';
import { test } from 'node:test';
import english from '../../i18n/en.js';
import { regrade, ungraded } from '../../state/quality/grade.js';
import { noQuality, qualityWord, reduceQuality } from '../../state/quality/quality.js';

const stream = (more) => ({ bitrate: undefined, loss: undefined, jitter: undefined, codec: undefined, width: undefined, height: undefined, framesPerSecond: undefined, frozen: undefined, limitation: undefined, ...more });

/** Figures by short names: loss, delay, frozen, cpu with the frames a second that are sent. */
function figures({ loss, lossOut, delay, frozen, cpu, sound, picture } = {}) {
  return {
    route: 'direct',
    roundTrip: delay,
    lossIn: loss,
    lossOut,
    soundIn: stream({ bitrate: sound }),
    soundOut: stream(),
    pictureIn: stream({ frozen, bitrate: picture }),
    pictureOut: cpu === undefined ? stream({ limitation: 'none', framesPerSecond: 3 }) : stream({ limitation: 'cpu', framesPerSecond: cpu }),
  };
}

const at = (from, to) => ({ from, to });
const told = ({ grade, reason }) => (reason ? `${grade} ${reason}` : grade);

for (const [given, expected] of [
  [{}, undefined],
  [{ loss: 0 }, 'good'],
  [{ lossOut: 0 }, 'good'],
  [{ delay: 300 }, 'good'],
  [{ loss: 0.02, delay: 300, frozen: 0.03 }, 'good'],
  [{ loss: 0.021 }, 'fair loss'],
  [{ loss: 0, lossOut: 0.05 }, 'fair loss'],
  [{ loss: 0.05, lossOut: 0.1 }, 'poor loss'],
  [{ loss: 0.08 }, 'fair loss'],
  [{ delay: 301 }, 'fair delay'],
  [{ delay: 601 }, 'poor delay'],
  [{ frozen: 0.04 }, 'fair frozen'],
  [{ frozen: 0.5, delay: 0 }, 'poor frozen'],
  [{ loss: 0.03, delay: 900 }, 'poor delay'],
  [{ loss: 0.5, delay: 900, frozen: 1 }, 'poor loss'],
  [{ loss: 0, cpu: 15 }, 'fair cpu'],
  [{ loss: 0, cpu: 7 }, 'poor cpu'],
  [{ loss: 0, cpu: undefined }, 'good'],
  [{ loss: 0.3, cpu: 15 }, 'poor loss'],
]) {
  test(`at first: ${JSON.stringify(given)} is ${expected}`, () => assert.equal(told(regrade(ungraded, figures(given), at(0, 5000))), expected));
}

/** The grades after each of the readings, which are `interval` apart. */
function over(interval, readings, start = { loss: 0 }) {
  let graded = regrade(ungraded, figures(start), at(0, 0));
  return readings.map((given, index) => told((graded = regrade(graded, figures(given), at(index * interval, (index + 1) * interval)))));
}
const [fine, bad, worse, between] = [{ loss: 0 }, { loss: 0.05 }, { loss: 0.3 }, { loss: 0.017 }];

for (const [what, interval, readings, expected] of [
  ['worse shows with the next reading', 5000, [bad, fine], ['fair loss', 'fair loss']],
  ['better has to last', 5000, [bad, fine, fine, fine], ['fair loss', 'fair loss', 'good', 'good']],
  ['one bad second is none', 1000, [bad, fine, bad, fine, bad], ['good', 'good', 'good', 'good', 'good']],
  ['four bad seconds are', 1000, [bad, worse, bad, bad, bad], ['good', 'good', 'good', 'fair loss', 'fair loss']],
  ['the last of them says how bad', 1000, [bad, bad, bad, worse], ['good', 'good', 'good', 'poor loss']],
  ['from poor to fair and to good', 5000, [worse, bad, bad, fine, fine], ['poor loss', 'poor loss', 'fair loss', 'fair loss', 'good']],
  ['hardly better than the limit is not better', 5000, [bad, between, between, between], ['fair loss', 'fair loss', 'fair loss', 'fair loss']],
  ['hardly worse is not worse', 5000, [between, between], ['good', 'good']],
  ['to and fro at the limit', 5000, [{ loss: 0.021 }, { loss: 0.019 }, { loss: 0.021 }, { loss: 0.019 }], Array(4).fill('fair loss')],
  ['nothing is known any more', 5000, [bad, {}, fine], ['fair loss', undefined, 'good']],
]) {
  test(`in time: ${what}`, () => assert.deepEqual(over(interval, readings), expected));
}

test('the reason may change while the grade does not', () => {
  assert.deepEqual(over(5000, [{ loss: 0.3 }, { loss: 0, delay: 700 }]), ['poor loss', 'poor delay']);
});

// What is kept

const run = (events, initial = noQuality) => events.reduce(reduceQuality, initial);
const read = (id, time, given = { loss: 0 }) => ({ type: 'figures', id, time, figures: figures(given) });

test('samples go back two minutes, and no further', () => {
  const events = Array.from({ length: 1000 }, (_, index) => read('a', index * 1000));
  const { samples } = run(events).get('a');
  assert.equal(samples.length, 120);
  assert.deepEqual([samples[0].time, samples.at(-1).time], [880_000, 999_000]);
});

test('however fast they come, they are few', () => {
  const { samples } = run(Array.from({ length: 1000 }, (_, index) => read('a', index))).get('a');
  assert.equal(samples.length, 200);
  assert.equal(samples.at(-1).time, 999);
});

test('a sample has the sum of sound and picture', () => {
  const samples = [{}, { sound: 10 }, { sound: 10, picture: 5 }].map((given) => run([read('a', 0, given)]).get('a').samples[0].bitrateIn);
  assert.deepEqual(samples, [undefined, 10, 15]);
});

test('who has left is forgotten, and all are after the call', () => {
  const both = run([read('a', 0), read('b', 0)]);
  const peers = (...ids) => ({ type: 'peers', peers: ids.map((id) => ({ id })) });
  assert.deepEqual([...run([peers('b', 'c')], both).keys()], ['b']);
  assert.equal(run([peers('a', 'b')], both), both);
  for (const type of ['left', 'lobby']) assert.equal(run([{ type }], both).size, 0);
  assert.equal(run([{ type: 'help' }], both), both);
});

for (const [given, others, expected] of [
  [{}, [], undefined],
  [{ loss: 0 }, [], 'good'],
  [{ loss: 0.03 }, [], 'fair'],
  [{ loss: 0.3 }, [], 'poor-loss'],
  [{ loss: 0.3 }, [{ loss: 0.3 }], 'poor-loss'],
  [{ loss: 0.3 }, [{ loss: 0.3 }, { loss: 0 }], 'poor-theirs'],
  [{ delay: 900 }, [{ loss: 0 }], 'poor-theirs'],
  [{ frozen: 0.9 }, [{}], 'poor-frozen'],
  [{ loss: 0, cpu: 2 }, [{ loss: 0 }], 'poor-cpu'],
]) {
  test(`in a word: ${JSON.stringify(given)} beside ${JSON.stringify(others)} is ${expected}`, () => {
    const word = qualityWord(run([read('a', 0, given), ...others.map((other, index) => read(`b${index}`, 0, other))]), 'a');
    assert.equal(word, expected);
    assert.ok(word === undefined || `quality.${word}` in english);
  });
}
