import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from '../../call/quality/figures.js';
import { Reading } from '../../call/quality/reading.js';
import { chromium, firefox } from './reports.js';

/** The statistics of a report, some of them with other members. */
const changed = (report, type, changes, kind) => report.map((stats) => (stats.type === type && (kind === undefined || stats.kind === kind) ? { ...stats, ...changes } : stats));
const without = (report, ...types) => report.filter(({ type }) => !types.includes(type));
const nothing = { bitrate: undefined, loss: undefined, jitter: undefined, codec: undefined, width: undefined, height: undefined, framesPerSecond: undefined, frozen: undefined, limitation: undefined };

test('a report of Chromium', () => {
  assert.deepEqual(figuresOf(...chromium), {
    route: 'direct',
    roundTrip: 2,
    availableOut: undefined,
    lossIn: 0,
    lossOut: 0,
    soundIn: { ...nothing, bitrate: 32_517, loss: 0, jitter: 7, codec: 'opus' },
    soundOut: { ...nothing, bitrate: 49_304, loss: 0, codec: 'opus' },
    pictureIn: { ...nothing, bitrate: 164_912, loss: 0, jitter: 6, codec: 'VP8', width: 480, height: 270, framesPerSecond: 23, frozen: 0 },
    pictureOut: { ...nothing, bitrate: 114_551, loss: 0, codec: 'VP8', width: 640, height: 360, framesPerSecond: 11, limitation: 'none' },
  });
});

test('a report of Firefox, which does not say what limits the picture', () => {
  assert.deepEqual(figuresOf(...firefox), {
    route: 'direct',
    roundTrip: 78,
    availableOut: undefined,
    lossIn: 0,
    lossOut: 0,
    soundIn: { ...nothing, bitrate: 49_124, loss: 0, jitter: 3, codec: 'opus' },
    soundOut: { ...nothing, bitrate: 32_458, loss: 0, codec: 'opus' },
    pictureIn: { ...nothing, bitrate: 107_142, loss: 0, jitter: 6, codec: 'VP8', width: 640, height: 360, framesPerSecond: 10, frozen: 0 },
    pictureOut: { ...nothing, bitrate: 168_746, loss: 0, codec: 'VP8', width: 640, height: 360, framesPerSecond: 24 },
  });
});

test('one report says what needs no interval', () => {
  for (const [, report] of [chromium, firefox]) {
    const { roundTrip, lossIn, lossOut, soundIn, pictureIn } = figuresOf(undefined, report);
    assert.ok(roundTrip >= 0);
    assert.deepEqual([lossIn, lossOut, soundIn.bitrate, pictureIn.bitrate, pictureIn.frozen], Array(5).fill(undefined));
    assert.deepEqual([soundIn.codec, pictureIn.codec, pictureIn.height > 0], ['opus', 'VP8', true]);
  }
});

test('where nothing is sent, nothing is said', () => {
  for (const report of [[], without(chromium[1], 'inbound-rtp', 'outbound-rtp', 'remote-inbound-rtp', 'candidate-pair', 'transport')]) {
    const empty = { route: undefined, roundTrip: undefined, availableOut: undefined, lossIn: undefined, lossOut: undefined, soundIn: nothing, soundOut: nothing, pictureIn: nothing, pictureOut: nothing };
    assert.deepEqual(figuresOf(report, report), empty);
    assert.deepEqual(figuresOf(undefined, report), empty);
  }
});

const [before, now] = chromium;
const sound = (changes, report = now) => changed(report, 'inbound-rtp', changes, 'audio');

for (const [what, was, is, expected] of [
  ['the same report', now, now, undefined],
  ['a clock that was put back', sound({ timestamp: 2e12 }, before), now, undefined],
  ['a time that is none', sound({ timestamp: undefined }, before), now, undefined],
  ['no counter before', sound({ bytesReceived: undefined }, before), now, undefined],
  ['no counter now', before, sound({ bytesReceived: undefined }), undefined],
  ['a counter that is none', before, sound({ bytesReceived: Number.NaN }), undefined],
  ['bytes that go back', before, sound({ bytesReceived: 10 }), undefined],
  ['packets that go back, though the bytes do not', before, sound({ packetsReceived: 10 }), undefined],
  ['another stream', sound({ id: 'other' }, before), now, undefined],
  ['nothing new', sound({ bytesReceived: 46_897 }, before), now, 0],
]) {
  test(`the bitrate of sound: ${what}`, () => {
    const figures = figuresOf(was, is);
    assert.equal(figures.soundIn.bitrate, expected);
    assert.equal(figures.soundOut.bitrate === undefined, was === now, 'others are not concerned');
  });
}

for (const [what, lost, received, expected] of [
  ['none', 0, 100, 0],
  ['every fifth', 25, 100, 0.2],
  ['all', 10, 0, 1],
  ['none of nothing', 0, 0, undefined],
  ['what was lost came late', -3, 100, 0],
  ['late, and nothing else', -3, 0, undefined],
]) {
  test(`loss of what is received: ${what}`, () => {
    const [was] = sound({ packetsLost: 50, packetsReceived: 330 }, before).filter(({ id }) => id.startsWith('IT01A'));
    const is = { ...was, timestamp: was.timestamp + 5000, packetsLost: 50 + lost, packetsReceived: 330 + received };
    assert.equal(figuresOf([was], [is]).lossIn, expected);
  });
}

for (const [what, ofSound, ofPicture, expected] of [
  ['both', 0.5, 0.5, 0.5],
  // 250 packets of sound and 100 of the picture.
  ['of the sound alone', 0.7, 0, 0.5],
  ['the picture is not reported', 0.25, undefined, 0.25],
  ['nothing is reported', undefined, undefined, undefined],
  ['more than all', 3, 3, 1],
]) {
  test(`loss of what is sent: ${what}`, () => {
    const report = changed(changed(now, 'remote-inbound-rtp', { fractionLost: ofSound }, 'audio'), 'remote-inbound-rtp', { fractionLost: ofPicture }, 'video');
    const { lossOut } = figuresOf(before, report);
    assert.equal(lossOut === undefined ? undefined : Math.round(1000 * lossOut) / 1000, expected);
  });
}

test('the round trip is that of the pair in use, or else what the other side reports', () => {
  assert.equal(figuresOf(undefined, changed(now, 'candidate-pair', { currentRoundTripTime: 0.25 })).roundTrip, 250);
  const report = changed(now, 'candidate-pair', { currentRoundTripTime: undefined });
  assert.equal(figuresOf(undefined, report).roundTrip, 16);
  assert.equal(figuresOf(undefined, without(report, 'remote-inbound-rtp')).roundTrip, undefined);
});

test('of two pictures both are counted, and the larger one is described', () => {
  const second = (report) => report.filter(({ id }) => id.startsWith('OT01V')).map((stats) => ({ ...stats, id: 'screen', frameWidth: 1920, frameHeight: 1080, qualityLimitationReason: 'cpu', framesPerSecond: undefined }));
  const { pictureOut } = figuresOf([...before, ...second(before)], [...now, ...second(now)]);
  assert.deepEqual(pictureOut, { ...nothing, bitrate: 229_102, loss: 0, codec: 'VP8', width: 1920, height: 1080, framesPerSecond: 10, limitation: 'cpu' });
});

test('how long the picture stood still', () => {
  const frozen = (totalFreezesDuration) => figuresOf(before, changed(now, 'inbound-rtp', { totalFreezesDuration }, 'video')).pictureIn.frozen;
  assert.deepEqual([frozen(0), Math.round(100 * frozen(2.5)), frozen(60), frozen(undefined)], [0, 50, 1, undefined]);
});

test('reports are compared with the one before of the same connection, and not too soon', () => {
  const reading = new Reading();
  const [one, other] = [{}, {}];
  const later = (report, time) => report.map((stats) => ({ ...stats, timestamp: stats.timestamp + time }));
  assert.equal(reading.take(one, before).soundIn.bitrate, undefined);
  assert.equal(reading.take(one, later(before, 600)), undefined);
  assert.equal(reading.take(one, now).soundIn.bitrate, 32_517);
  assert.equal(reading.take(other, later(now, 100)).soundIn.bitrate, undefined, 'another connection');
  assert.equal(reading.take(other, later(now, 1100)).soundIn.bitrate, 0);
});
