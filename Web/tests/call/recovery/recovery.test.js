import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recovery } from '../../../call/recovery/recovery.js';
import { ManualClock } from '../../clock.js';

function makeRecovery({ isPolite = false, canSignal = () => true } = {}) {
  const clock = new ManualClock();
  const log = [];
  const recovery = new Recovery({
    isPolite: () => isPolite,
    canSignal,
    restart: () => log.push(`restart ${clock.now()}`),
    renew: () => log.push(`renew ${clock.now()}`),
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
  });
  return { recovery, clock, log };
}

for (const [state, isPolite, at] of [
  ['disconnected', false, 3000],
  ['disconnected', true, 4500],
  ['failed', false, 0],
  ['failed', true, 1500],
]) {
  test(`${state} on the ${isPolite ? 'polite' : 'impolite'} side: a restart after ${at} ms`, async () => {
    const { recovery, clock, log } = makeRecovery({ isPolite });
    recovery.changed('connected');
    recovery.changed(state);
    if (at > 0) await clock.advance(at - 1);
    assert.deepEqual(log, []);
    await clock.advance(1);
    assert.deepEqual(log, [`restart ${at}`]);
  });
}

test('a path that comes back by itself needs nothing', async () => {
  const { recovery, clock, log } = makeRecovery();
  recovery.changed('disconnected');
  await clock.advance(2999);
  recovery.changed('connected');
  await clock.advance(100_000);
  assert.deepEqual(log, []);
});

test('two restarts in vain, then a new connection, which only the impolite side makes', async () => {
  for (const [isPolite, expected] of [
    [false, ['restart 0', 'restart 12000', 'renew 24000', 'restart 36000']],
    [true, ['restart 1500', 'restart 15000']],
  ]) {
    const { recovery, clock, log } = makeRecovery({ isPolite });
    recovery.changed('failed');
    await clock.advance(40_000);
    assert.deepEqual(log, expected);
    recovery.stop();
    assert.equal(clock.pending, 0);
  }
});

test('a connection that never comes about is restarted', async () => {
  const { clock, log } = makeRecovery();
  await clock.advance(12_000);
  assert.deepEqual(log, ['restart 12000']);
});

test('without signalling nothing is tried, and nothing is counted', async () => {
  let canSignal = false;
  const { recovery, clock, log } = makeRecovery({ canSignal: () => canSignal });
  recovery.changed('failed');
  await clock.advance(60_000);
  assert.deepEqual(log, []);
  canSignal = true;
  await clock.advance(12_000);
  assert.deepEqual(log, ['restart 72000']);
});

test('another network is a reason to restart at once', () => {
  const { recovery, log } = makeRecovery();
  recovery.changed('connected');
  recovery.networkChanged();
  assert.deepEqual(log, ['restart 0']);
});

test('a loss that the browser does not know of: a restart at once, and no second one when it hears of it', async () => {
  const { recovery, clock, log } = makeRecovery();
  recovery.changed('connected');
  recovery.lost();
  assert.deepEqual(log, ['restart 0']);
  recovery.changed('disconnected');
  await clock.advance(11_999);
  assert.deepEqual(log, ['restart 0']);
  await clock.advance(1);
  assert.deepEqual(log, ['restart 0', 'restart 12000']);
});

test('whoever is heard again needs nothing more', async () => {
  const { recovery, clock, log } = makeRecovery();
  recovery.changed('connected');
  recovery.lost();
  recovery.isBack();
  await clock.advance(100_000);
  assert.deepEqual(log, ['restart 0']);
  recovery.changed('disconnected');
  await clock.advance(3000);
  assert.deepEqual(log, ['restart 0', 'restart 103000']);
});

test('a connection that is known to be lost is not lost once more', () => {
  const { recovery, log } = makeRecovery();
  recovery.lost();
  recovery.changed('connected');
  recovery.changed('disconnected');
  recovery.lost();
  assert.deepEqual(log, []);
});
