import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../lib/outbox.js';
import { ManualClock, settle } from './clock.js';

function makeOutbox(limit) {
  const clock = new ManualClock();
  const sent = [];
  const open = new Map();
  const outbox = new Outbox({
    limit,
    setTimeout: clock.setTimeout,
    transmit: (item) => {
      sent.push(item);
      return new Promise((resolve, reject) => open.set(item, { resolve, reject }));
    },
  });
  const finish = async (item, how) => {
    open.get(item)[how]();
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

test('what is discarded is not sent', async () => {
  const { outbox, sent } = makeOutbox(1);
  for (const item of ['a', 'b', 'c']) outbox.push(item);
  outbox.discard((item) => item !== 'b');
  outbox.resume();
  assert.deepEqual(sent, ['b']);
});
