import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Adaptation } from '../../../call/adaptation/adaptation.js';
import { settle } from '../../clock.js';

const stream = { bitrate: undefined, loss: undefined, jitter: undefined, codec: undefined, width: undefined, height: undefined, framesPerSecond: undefined, frozen: undefined, limitation: undefined };

function makeSender(track) {
  const sender = {
    track,
    encoding: { active: true },
    getParameters: () => ({ encodings: [{ ...sender.encoding }] }),
    setParameters: async ({ encodings, degradationPreference }) => Object.assign(sender, { encoding: encodings[0], preference: degradationPreference }),
  };
  return sender;
}

const camera = { getSettings: () => ({ width: 640, height: 360 }) };

function makeTarget(id, more = {}) {
  const target = { id, isConnected: true, senders: { microphone: makeSender({}), camera: makeSender(camera) }, sees: {}, held: undefined, hold: (held) => (target.held = held.join()), ...more };
  return target;
}

/** A call whose seconds the test lets pass; `figuresOf` says how each connection does. */
function makeCall(...targets) {
  let time = 0;
  let tick;
  const adaptation = new Adaptation({ targets: () => targets, now: () => time, setInterval: (callback) => (tick = callback), clearInterval: () => (tick = undefined) });
  adaptation.start();
  const pass = async (seconds, figuresOf = () => ({})) => {
    for (let second = 0; second < seconds; second += 1) {
      time += 1000;
      for (const { id, senders } of targets) {
        const bitrate = senders.camera.encoding.active ? senders.camera.encoding.maxBitrate : 0;
        const { sound = {}, picture = {}, ...figures } = figuresOf(id);
        adaptation.take(id, { roundTrip: 20, availableOut: undefined, lossIn: 0, lossOut: 0, soundIn: stream, pictureIn: stream, soundOut: { ...stream, bitrate: 60_000, loss: 0, ...sound }, pictureOut: { ...stream, bitrate, ...picture }, ...figures });
      }
      tick();
      await settle();
    }
  };
  return { adaptation, pass };
}

test('sound comes first, and pictures share the rest alike', async () => {
  const targets = ['a', 'b', 'c', 'd', 'e'].map((id) => makeTarget(id));
  await makeCall(...targets).pass(1);
  for (const { senders, held } of targets) {
    assert.deepEqual([senders.microphone.encoding.priority, senders.microphone.encoding.networkPriority], ['high', 'high']);
    assert.deepEqual([senders.camera.encoding.active, senders.camera.encoding.maxFramerate, held], [true, 20, '']);
    assert.ok(senders.camera.encoding.maxBitrate < 260_000);
  }
});

test('a line that gets narrow takes the pictures in steps, and all of them before the sound; they come back', async () => {
  const targets = ['a', 'b', 'c'].map((id) => makeTarget(id));
  const { pass } = makeCall(...targets);
  await pass(10);
  const [{ senders }] = targets;
  const seen = [];
  for (let step = 0; step < 20; step += 1) {
    await pass(3, () => ({ lossOut: 0.3, sound: { loss: 0.3 } }));
    seen.push(senders.camera.encoding.active ? senders.camera.encoding.maxBitrate : 0);
  }
  assert.ok(seen.filter((bitrate, index) => index > 0 && bitrate < seen[index - 1]).length >= 3, String(seen));
  assert.equal(seen.at(-1), 0);
  assert.ok(targets.every(({ held }) => held === 'camera'));
  assert.deepEqual([senders.microphone.encoding.active, senders.microphone.encoding.maxBitrate], [true, 14_000]);
  await pass(60);
  assert.ok(targets.every(({ held, senders }) => held === '' && senders.camera.encoding.active));
  assert.equal(senders.microphone.encoding.maxBitrate, 32_000);
});

test('whoever does not look gets nothing, at once, and the picture again at once', async () => {
  const targets = [makeTarget('a'), makeTarget('b')];
  const { adaptation, pass } = makeCall(...targets);
  await pass(2);
  targets[0].sees = { camera: { width: 0, height: 0 } };
  adaptation.apply();
  await settle();
  assert.deepEqual(targets.map(({ senders, held }) => [senders.camera.encoding.active, held]), [[false, ''], [true, '']]);
  targets[0].sees = { camera: { width: 320, height: 180 } };
  adaptation.apply();
  await settle();
  const { active, scaleResolutionDownBy } = targets[0].senders.camera.encoding;
  assert.deepEqual([active, scaleResolutionDownBy], [true, 2]);
});

test('a slow computer sends fewer frames', async () => {
  const target = makeTarget('a');
  const { pass } = makeCall(target);
  await pass(12, () => ({ picture: { limitation: 'cpu' } }));
  assert.equal(target.senders.camera.encoding.maxFramerate, 10);
});

test('a shared screen stays sharp, and is there before the camera', async () => {
  const target = makeTarget('a');
  target.senders.screen = makeSender({ getSettings: () => ({ width: 1280, height: 720 }) });
  await makeCall(target).pass(1);
  assert.equal(target.senders.screen.preference, 'maintain-resolution');
  assert.deepEqual([target.senders.screen.encoding.active, target.senders.screen.encoding.scaleResolutionDownBy], [true, 1]);
  assert.ok(target.senders.screen.encoding.maxBitrate > target.senders.camera.encoding.maxBitrate);
});

test('a screen of which motion matters keeps its frames, and so does the next one no more', async () => {
  const target = makeTarget('a');
  const track = { contentHint: 'motion', getSettings: () => ({ width: 1280, height: 720 }) };
  target.senders.screen = makeSender(track);
  const { pass } = makeCall(target);
  await pass(1);
  const { preference, encoding } = target.senders.screen;
  track.contentHint = 'detail';
  await pass(1);
  assert.deepEqual([preference, encoding.maxFramerate], ['maintain-framerate', 30]);
  assert.deepEqual([target.senders.screen.preference, target.senders.screen.encoding.maxFramerate], ['maintain-resolution', 15]);
});

test('the sound of a screen has more than a voice, and less where there is no room; it is counted', async () => {
  const [plain, shared] = await Promise.all([null, {}].map(async (track) => {
    const target = makeTarget('a');
    const { senders } = target;
    senders.screenSound = makeSender(track);
    senders.camera = makeSender({ getSettings: () => ({ width: 1920, height: 1080 }) });
    const { pass } = makeCall(target);
    await pass(2, () => ({ sound: { bitrate: 200_000 } }));
    const picture = senders.camera.encoding.maxBitrate;
    const usual = senders.screenSound.encoding.maxBitrate;
    await pass(40, () => ({ lossOut: 0.3, sound: { loss: 0.3 } }));
    return { picture, sound: [usual, senders.screenSound.encoding.maxBitrate] };
  }));
  assert.deepEqual([plain.sound, shared.sound], [[undefined, undefined], [64_000, 24_000]]);
  assert.equal(plain.picture - shared.picture, 80_000, 'what it takes is off the pictures');
});

test('senders without a track, connections that are not there yet and calls of one are left alone', async () => {
  const empty = makeTarget('a', { senders: { camera: makeSender(null) } });
  const early = makeTarget('b', { isConnected: false });
  await makeCall(empty, early).pass(3);
  assert.deepEqual([empty.senders.camera.encoding, early.senders.camera.encoding], [{ active: true }, { active: true }]);
  await makeCall().pass(3);
});
