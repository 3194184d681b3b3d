import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LevelMeter } from '../../call/level.js';

globalThis.MediaStream = class {
  constructor(tracks) {
    this.tracks = tracks;
  }
};

/** One that hears a steady tone. */
class FakeContext {
  static all = [];
  state = 'running';

  constructor() {
    FakeContext.all.push(this);
  }

  createAnalyser() {
    return { getFloatTimeDomainData: (samples) => samples.fill(this.state === 'running' ? 0.1 : 0) };
  }

  createMediaStreamSource(stream) {
    this.tracks = stream.tracks;
    return { connect: () => undefined };
  }

  async close() {
    this.state = 'closed';
  }
}
globalThis.AudioContext = FakeContext;

const states = () => FakeContext.all.map(({ state }) => state);

test('a track that is not listened to any more is kept by nothing', () => {
  const meter = new LevelMeter();
  const [one, other] = [{ enabled: true }, { enabled: true }];
  meter.listen(one);
  meter.listen(one);
  assert.deepEqual(states(), ['running']);
  assert.equal(meter.level.toFixed(2), '0.30');
  meter.listen(other);
  assert.deepEqual(states(), ['closed', 'running']);
  assert.deepEqual(FakeContext.all[1].tracks, [other]);
  assert.equal(meter.level.toFixed(2), '0.30');
  other.enabled = false;
  assert.equal(meter.level, 0);
  meter.listen(undefined);
  assert.deepEqual([states(), meter.level], [['closed', 'closed'], 0]);
  meter.stop();
});
