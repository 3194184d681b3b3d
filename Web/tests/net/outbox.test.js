import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../net/outbox.js';
import { ManualClock, settle } from '../clock.js';

function makeOutbox(limit, supersedes) {
  const clock = new ManualClock();
  const sent = [];
  const open = new Map();
  const outbox = new Outbox({
    limit,
    supersedes,
    transmit: (item) => {
      sent.push(item);
      return new Promise((resolve, reject) => open.set(item, { resolve, reject }));
    },
  }, { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout, random: () => 0.5 });
  const finish = async (item, how, reason) => {
    open.get(item)[how](reason);
    await settle();
  };
  return { outbox, sent, clock, finish };
}

test('one at a time, in order, and only when the connection is there', async () => {
  const { outbox, sent, finish } = makeOutbox(1);
  for (const item of ['a', 'b']) outbox.push(item);
  assert.deepEqual(sent, []);
  outbox.resume();
  assert.deepEqual(sent, ['a']);
  await finish('a', 'resolve');
  assert.deepEqual([sent, outbox.items], [['a', 'b'], ['b']]);
  await finish('b', 'resolve');
  assert.deepEqual(outbox.items, []);
});

test('what was not acknowledged is sent again after a reconnect, first things first', async () => {
  const { outbox, sent, finish, clock } = makeOutbox(1);
  outbox.resume();
  for (const item of ['a', 'b']) outbox.push(item);
  outbox.pause();
  await finish('a', 'reject');
  await clock.advance(60_000);
  assert.deepEqual(sent, ['a']);
  outbox.resume();
  assert.deepEqual(sent, ['a', 'a']);
  await finish('a', 'resolve');
  assert.deepEqual(sent, ['a', 'a', 'b']);
});

test('a failure without a loss is tried again after a while', async () => {
  const { outbox, sent, finish, clock } = makeOutbox(1);
  outbox.resume();
  outbox.push('a');
  await finish('a', 'reject');
  await clock.advance(999);
  outbox.push('b');
  assert.deepEqual(sent, ['a']);
  await clock.advance(1);
  assert.deepEqual(sent, ['a', 'a']);
});

test('as many at once as the limit allows, and not one more', async () => {
  const { outbox, sent, finish } = makeOutbox(2);
  outbox.resume();
  for (const item of ['a', 'b', 'c']) outbox.push(item);
  assert.deepEqual(sent, ['a', 'b']);
  await finish('b', 'resolve');
  assert.deepEqual([sent, outbox.items], [['a', 'b', 'c'], ['a', 'c']]);
});

test('each failure in a row doubles the wait, up to half a minute; a success ends that', async () => {
  const { outbox, sent, finish, clock } = makeOutbox(1);
  outbox.resume();
  outbox.push('a');
  for (const wait of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const count = sent.length;
    await finish('a', 'reject');
    await clock.advance(wait - 1);
    assert.equal(sent.length, count);
    await clock.advance(1);
    assert.equal(sent.length, count + 1);
  }
  await finish('a', 'resolve');
  outbox.push('b');
  await finish('b', 'reject');
  await clock.advance(1000);
  assert.equal(sent.filter((item) => item === 'b').length, 2);
});

test('who fails may say how long to wait', async () => {
  const { outbox, sent, finish, clock } = makeOutbox(1);
  outbox.resume();
  outbox.push('a');
  await finish('a', 'reject', { wait: 7500 });
  await clock.advance(7499);
  assert.equal(sent.length, 1);
  await clock.advance(1);
  assert.equal(sent.length, 2);
});

for (const [what, act] of [
  ['the person', (outbox) => outbox.retry()],
  ['a new connection', (outbox) => outbox.resume()],
]) {
  test(`${what} ends the wait`, async () => {
    const { outbox, sent, finish, clock } = makeOutbox(1);
    outbox.resume();
    outbox.push('a');
    await finish('a', 'reject');
    act(outbox);
    assert.deepEqual([sent, clock.pending], [['a', 'a'], 0]);
  });
}

test('what is superseded is not sent, unless it is on its way', async () => {
  const { outbox, sent, finish } = makeOutbox(1, (newer, older) => newer[0] === older[0]);
  outbox.resume();
  for (const item of ['a1', 'a2', 'b1', 'a3', 'b2']) outbox.push(item);
  assert.deepEqual(outbox.items, ['a1', 'a3', 'b2']);
  await finish('a1', 'resolve');
  assert.deepEqual(sent, ['a1', 'a3']);
});

test('after close nothing is sent', async () => {
  const { outbox, sent, finish, clock } = makeOutbox(1);
  outbox.resume();
  outbox.push('a');
  await finish('a', 'reject');
  outbox.close();
  outbox.push('b');
  await clock.advance(100_000);
  assert.deepEqual(sent, ['a']);
});
