import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf, pause, wishIn, Wishes } from '../../../call/adaptation/wishes.js';
import { ManualClock } from '../../clock.js';

const size = (width, height) => ({ width, height });

for (const wish of [
  { sees: {}, held: [] },
  { sees: { camera: size(0, 0), screen: size(0, 0) }, held: ['camera'] },
  { sees: { camera: size(320, 180) }, held: [] },
  { sees: { camera: size(16_384, 1), screen: size(1, 16_384) }, held: [] },
]) {
  test(`what is said is understood: ${messageOf(wish)}`, () => assert.deepEqual(wishIn(messageOf(wish)), wish));
}

const message = (changes) => JSON.stringify({ v: 1, sees: { camera: [320, 180] }, held: [], ...changes });

test('what is held back is one of what there is', () => {
  assert.deepEqual(wishIn(message({ held: ['smell', 'screen', 'screen', 7] })).held, ['screen']);
});

test('what a later page of this version adds is passed over', () => {
  assert.deepEqual(wishIn(message({ sees: { camera: [320, 180], smell: 7 }, more: [1] })), { sees: { camera: size(320, 180) }, held: [] });
});

for (const rubbish of [
  undefined, null, 7, '', 'rubbish', '{', '[]', 'null', '7', '"v"', new ArrayBuffer(8), '{}',
  message({ v: 2 }), message({ v: '1' }), message({ v: undefined }), message({ held: undefined }), message({ held: 1 }), message({ held: 'camera' }),
  message({ sees: null }), message({ sees: 'all' }), message({ sees: { camera: 320 } }), message({ sees: { camera: [] } }), message({ sees: { camera: [320] } }),
  message({ sees: { camera: [320, 180, 1] } }), message({ sees: { camera: [-1, 180] } }), message({ sees: { camera: [320.5, 180] } }), message({ sees: { camera: ['320', 180] } }),
  message({ sees: { camera: [16_385, 180] } }), message({ sees: { camera: [1e99, 180] } }), message({ sees: { camera: null } }), message({ sees: { screen: [1, 1], camera: {} } }),
  message({ more: 'x'.repeat(500) }), `${message()}${' '.repeat(500)}`, '['.repeat(500), '{"__proto__":{"v":1,"sees":{},"held":[]}}',
]) {
  test(`rubbish is ignored: ${String(rubbish).slice(0, 60)}`, () => assert.equal(wishIn(rubbish), undefined));
}

test('a message may be 500 characters long, not more', () => {
  const of = (length) => message().padEnd(length);
  assert.ok(wishIn(of(500)));
  assert.equal(wishIn(of(501)), undefined);
});

function makeChannel(readyState = 'open') {
  const channel = { readyState, sent: [], send: (text) => channel.sent.push(JSON.parse(text)), onmessage: undefined, onopen: undefined };
  return channel;
}

function make() {
  const clock = new ManualClock();
  let changes = 0;
  const wishes = new Wishes({ onChange: () => (changes += 1), timing: clock });
  return { clock, wishes, changes: () => changes };
}

test('whoever has said nothing says nothing, and wants everything', async () => {
  const { clock, wishes } = make();
  const channel = makeChannel();
  wishes.use(channel);
  await clock.advance(1000);
  assert.deepEqual([channel.sent, wishes.theirs], [[], { sees: {}, held: [] }]);
});

test('the newest is said, at once, ten times a second at most, and not twice', async () => {
  const { clock, wishes } = make();
  const channel = makeChannel();
  wishes.use(channel);
  await clock.advance(pause);
  for (let width = 1; width <= 50; width += 1) {
    wishes.say({ sees: { camera: size(width, 1) } });
    await clock.advance(10);
  }
  await clock.advance(1000);
  assert.ok(channel.sent.length <= 7, String(channel.sent.length));
  assert.deepEqual(channel.sent.at(0).sees.camera, [1, 1]);
  assert.deepEqual(channel.sent.at(-1).sees.camera, [50, 1]);
  wishes.say({ held: [] });
  await clock.advance(1000);
  assert.ok(channel.sent.length <= 7);
});

test('what was said before the channel is open, and on the one before, is said on it', async () => {
  const { clock, wishes } = make();
  wishes.say({ held: ['camera'] });
  const first = makeChannel('connecting');
  wishes.use(first);
  await clock.advance(1000);
  assert.equal(first.sent.length, 0);
  first.readyState = 'open';
  first.onopen();
  await clock.advance(1000);
  wishes.reset();
  const second = makeChannel();
  wishes.use(second);
  await clock.advance(1000);
  assert.deepEqual([first.sent, second.sent], [[{ v: 1, sees: {}, held: ['camera'] }], [{ v: 1, sees: {}, held: ['camera'] }]]);
});

test('a flood costs ten looks a second, and the last message of it counts', async () => {
  const { clock, wishes, changes } = make();
  const channel = makeChannel();
  wishes.use(channel);
  for (let width = 1; width <= 1000; width += 1) {
    channel.onmessage({ data: message({ sees: { camera: [width, 1] } }) });
    await clock.advance(1);
  }
  await clock.advance(pause);
  assert.ok(changes() <= 12, String(changes()));
  assert.deepEqual(wishes.theirs.sees.camera, size(1000, 1));
});

test('rubbish changes nothing, and what follows it is heard', async () => {
  const { clock, wishes, changes } = make();
  const channel = makeChannel();
  wishes.use(channel);
  for (const data of [message(), 'rubbish', new ArrayBuffer(1), message({ v: 9 })]) {
    channel.onmessage({ data });
    await clock.advance(pause);
  }
  assert.deepEqual([changes(), wishes.theirs.sees.camera], [1, size(320, 180)]);
  channel.onmessage({ data: message({ held: ['camera'] }) });
  await clock.advance(pause);
  assert.deepEqual([changes(), wishes.theirs.held], [2, ['camera']]);
});

test('the channel of a connection that is gone is not heard', async () => {
  const { clock, wishes, changes } = make();
  const channel = makeChannel();
  wishes.use(channel);
  wishes.reset();
  channel.onmessage({ data: message() });
  await clock.advance(pause);
  assert.equal(changes(), 0);
});

test('a picture that was not asked for may stand still until a while after it is', async () => {
  const { clock, wishes } = make();
  assert.equal(wishes.mayStandStill, false);
  wishes.say({ sees: { camera: size(0, 0) } });
  await clock.advance(60_000);
  assert.equal(wishes.mayStandStill, true);
  wishes.say({ sees: { camera: size(320, 180) } });
  await clock.advance(5900);
  assert.equal(wishes.mayStandStill, true);
  await clock.advance(200);
  assert.equal(wishes.mayStandStill, false);
});

test('after the end nothing is said, and no timer runs', async () => {
  const { clock, wishes } = make();
  const channel = makeChannel();
  wishes.use(channel);
  wishes.say({ held: ['camera'] });
  wishes.stop();
  await clock.advance(1000);
  assert.equal(clock.pending, 0);
});
