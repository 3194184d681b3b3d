import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inbox, batchLimit, roomLimit, unaskedSizeLimit } from '../../files/inbox.js';

const alone = (size) => ({ size, batch: { id: '', files: 1, bytes: size } });
const inBatch = (size, id = 'b', bytes = 10) => ({ size, batch: { id, files: 5, bytes } });

for (const [what, agreed, offered, isAsked, expected] of [
  ['a stranger', false, alone(0), false, 'ask'],
  ['a stranger, to this one', false, alone(3), true, 'receive'],
  ['somebody', true, alone(unaskedSizeLimit), false, 'receive'],
  ['somebody, a large one', true, alone(unaskedSizeLimit + 1), false, 'ask'],
  ['somebody, to a large one', true, alone(roomLimit), true, 'receive'],
  ['somebody, to more than fits', true, alone(roomLimit + 1), true, 'full'],
]) {
  test(`the person agrees to ${what}: ${expected}`, () => {
    const inbox = new Inbox();
    if (agreed) inbox.agree('ann');
    assert.equal(inbox.judge('ann', offered, isAsked), expected);
    assert.equal(inbox.judge('bea', alone(0)), 'ask', 'each sender is asked about');
  });
}

test('an agreement to a batch is for as many bytes as were told, of that batch and that sender', () => {
  const inbox = new Inbox();
  inbox.agreeToBatch('ann', inBatch(0).batch);
  assert.equal(inbox.judge('ann', inBatch(10)), 'receive');
  assert.equal(inbox.judge('ann', inBatch(11)), 'ask');
  inbox.count('ann', inBatch(7));
  assert.deepEqual([inbox.judge('ann', inBatch(3)), inbox.judge('ann', inBatch(4))], ['receive', 'ask']);
  assert.deepEqual([inbox.judge('ann', inBatch(1, 'c')), inbox.judge('bea', inBatch(1)), inbox.judge('ann', alone(1))], ['ask', 'ask', 'ask']);
  inbox.count('ann', inBatch(3));
  assert.deepEqual([inbox.judge('ann', inBatch(0)), inbox.judge('ann', inBatch(1))], ['receive', 'ask']);
  inbox.agree('ann');
  assert.equal(inbox.judge('ann', inBatch(1)), 'receive');
});

test('of a batch that was refused nothing is wanted', () => {
  const inbox = new Inbox();
  inbox.refuseBatch('ann', inBatch(0).batch);
  assert.deepEqual([inbox.judge('ann', inBatch(0)), inbox.judge('bea', inBatch(0)), inbox.judge('ann', inBatch(0, 'c'))], ['refuse', 'ask', 'ask']);
});

test('so many batches are remembered', () => {
  const inbox = new Inbox();
  for (let index = 0; index <= batchLimit; index += 1) inbox.refuseBatch('ann', inBatch(0, `b${index}`).batch);
  assert.deepEqual(['b0', 'b1', `b${batchLimit}`].map((id) => inbox.judge('ann', inBatch(0, id))), ['ask', 'refuse', 'refuse']);
});

test('all together have no more room than the limit', () => {
  const inbox = new Inbox();
  inbox.agree('ann');
  inbox.reserve(roomLimit - 10);
  assert.deepEqual([inbox.judge('ann', alone(10)), inbox.judge('ann', alone(11)), inbox.judge('bea', alone(11), true)], ['receive', 'full', 'full']);
  inbox.release(1);
  assert.equal(inbox.judge('ann', alone(11)), 'receive');
});
