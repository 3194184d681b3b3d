import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pulse, beat } from '../../../call/recovery/pulse.js';
import { ManualClock } from '../../clock.js';

function makePulse() {
  const clock = new ManualClock();
  const log = [];
  const played = { newest: 0 };
  const pulse = new Pulse({
    newest: () => played.newest,
    onQuiet: () => log.push(`quiet ${clock.now()}`),
    onLost: () => log.push(`lost ${clock.now()}`),
    onBack: () => log.push(`back ${clock.now()}`),
    now: clock.now,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
  });
  const channel = Object.assign(new EventTarget(), { readyState: 'open', sent: [], send: (text) => channel.sent.push(text) });
  const hear = (data = beat) => channel.dispatchEvent(Object.assign(new Event('message'), { data }));
  return { clock, log, played, pulse, channel, hear };
}

test('two beats a second, on an open channel alone', async () => {
  const { clock, pulse, channel } = makePulse();
  pulse.use(channel);
  await clock.advance(5000);
  assert.deepEqual(channel.sent, Array(10).fill(beat));
  channel.readyState = 'closing';
  await clock.advance(5000);
  assert.equal(channel.sent.length, 10);
  pulse.reset();
  assert.equal(clock.pending, 0);
});

test('quiet after 0.7 s, lost after 1.2 s, once, and back with the next beat', async () => {
  const { clock, log, pulse, channel, hear } = makePulse();
  pulse.use(channel);
  hear();
  await clock.advance(10_000);
  assert.deepEqual(log, ['quiet 750', 'lost 1250']);
  hear();
  await clock.advance(500);
  assert.deepEqual(log, ['quiet 750', 'lost 1250', 'back 10250']);
});

for (const [what, listen] of [
  ['beats', ({ hear }) => hear()],
  ['sound or pictures', ({ played }) => (played.newest += 20)],
]) {
  test(`nothing is lost while there are ${what}`, async () => {
    const made = makePulse();
    made.pulse.use(made.channel);
    made.hear();
    for (let round = 0; round < 50; round += 1) {
      await made.clock.advance(600);
      listen(made);
    }
    assert.deepEqual(made.log, []);
  });
}

test('of a peer that sends no beats, silence says nothing; nor of other messages', async () => {
  const { clock, log, played, pulse, channel, hear } = makePulse();
  pulse.use(channel);
  played.newest = 5;
  for (const data of ['', 'beat ', '{"v":1}', new ArrayBuffer(4)]) hear(data);
  await clock.advance(60_000);
  assert.deepEqual(log, []);
});

test('a page that stood still knows nothing of the time between', async () => {
  const { clock, log, pulse, channel, hear } = makePulse();
  let offset = 0;
  const slow = new Pulse({ newest: () => 0, onQuiet: () => log.push('quiet'), onLost: () => log.push('lost'), onBack() {}, now: () => clock.now() + offset, setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout });
  slow.use(channel);
  hear();
  await clock.advance(500);
  offset = 120_000;
  await clock.advance(600);
  assert.deepEqual(log, []);
  await clock.advance(1000);
  assert.deepEqual(log, ['quiet', 'lost']);
  pulse.reset();
});

test('the next connection begins anew, and the channel of the one before is not heard', async () => {
  const { clock, log, pulse, channel, hear } = makePulse();
  pulse.use(channel);
  hear();
  await clock.advance(2000);
  pulse.reset();
  const next = Object.assign(new EventTarget(), { readyState: 'connecting', send: () => assert.fail() });
  pulse.use(next);
  log.length = 0;
  hear();
  await clock.advance(60_000);
  assert.deepEqual(log, []);
});

test('a peer in a hidden page, whose beats come once a second, is well, and lost somewhat later', async () => {
  const { clock, log, pulse, channel, hear } = makePulse();
  pulse.use(channel);
  for (let beats = 0; beats < 60; beats += 1) {
    hear();
    await clock.advance(500);
    if (beats < 2) continue;
    await clock.advance(beats % 2 ? 600 : 500);
  }
  assert.deepEqual(log.filter((line) => line.startsWith('lost')), []);
  await clock.advance(3000);
  assert.equal(log.filter((line) => line.startsWith('lost')).length, 1);
});

test('timers that come once a second send a beat each time', async () => {
  const clock = new ManualClock();
  const { channel } = makePulse();
  const hidden = new Pulse({ newest: () => 0, onQuiet() {}, onLost() {}, onBack() {}, now: clock.now, setTimeout: (callback) => clock.setTimeout(callback, 1000), clearTimeout: clock.clearTimeout });
  hidden.use(channel);
  await clock.advance(10_000);
  assert.equal(channel.sent.length, 10);
  hidden.reset();
});
