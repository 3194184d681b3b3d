import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Setting } from '../../../call/adaptation/setting.js';
import { settle } from '../../clock.js';

/** A sender that refuses what is not made from its newest parameters, as browsers do. */
function makeSender(encodings = [{ active: true }]) {
  let transaction = 0;
  const asked = [];
  const sender = {
    asked,
    refusals: 0,
    present: encodings,
    finish: () => undefined,
    getParameters: () => ({ transactionId: (transaction += 1), encodings: structuredClone(sender.present) }),
    setParameters: async (parameters) => {
      if (sender.refusals > 0) {
        sender.refusals -= 1;
        throw new Error('InvalidModificationError');
      }
      assert.equal(parameters.transactionId, transaction);
      asked.push(parameters);
      await new Promise((resolve) => (sender.finish = resolve));
      assert.equal(parameters.transactionId, transaction, 'another one was asked for meanwhile');
      sender.present = structuredClone(parameters.encodings);
    },
  };
  return sender;
}

test('one change at a time, and the newest one after it', async () => {
  const sender = makeSender();
  const setting = new Setting(sender);
  for (const maxBitrate of [100, 200, 300]) void setting.want({ maxBitrate });
  await settle();
  assert.equal(sender.asked.length, 1);
  sender.finish();
  await settle();
  assert.equal(sender.asked.length, 2);
  sender.finish();
  await settle();
  assert.deepEqual(sender.present, [{ active: true, maxBitrate: 300 }]);
  assert.equal(sender.asked.length, 2);
});

test('what is so already is not asked for', async () => {
  const sender = makeSender([{ active: true, maxBitrate: 100, priority: 'low' }]);
  await new Setting(sender).want({ active: true, maxBitrate: 100 });
  assert.equal(sender.asked.length, 0);
});

test('a sender without encodings, as before it is agreed on, is left alone', async () => {
  const sender = makeSender([]);
  await new Setting(sender).want({ active: false });
  assert.equal(sender.asked.length, 0);
});

test('a refusal is not the end', async () => {
  const sender = makeSender();
  sender.refusals = 1;
  const setting = new Setting(sender);
  await setting.want({ active: false });
  assert.equal(sender.asked.length, 0);
  void setting.want({ active: false });
  await settle();
  sender.finish();
  await settle();
  assert.deepEqual(sender.present, [{ active: false }]);
});

test('a whole picture is made by switching off and on, and not of what is off', async () => {
  const sender = makeSender([{ active: true, maxBitrate: 100 }]);
  void new Setting(sender).refresh();
  for (let step = 0; step < 2; step += 1) {
    await settle();
    sender.finish();
  }
  await settle();
  assert.deepEqual(sender.asked.map(({ encodings }) => encodings), [[{ active: false, maxBitrate: 100 }], [{ active: true, maxBitrate: 100 }]]);
  for (const encodings of [[{ active: false }], []]) {
    const other = makeSender(encodings);
    await new Setting(other).refresh();
    assert.deepEqual(other.asked, []);
  }
});

test('what to keep where not all can be is asked for with the rest', async () => {
  const sender = makeSender();
  void new Setting(sender).want({ active: true }, 'maintain-resolution');
  await settle();
  assert.equal(sender.asked[0].degradationPreference, 'maintain-resolution');
});
