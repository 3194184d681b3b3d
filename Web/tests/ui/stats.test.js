import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from '../../call/quality/figures.js';
import { noQuality, reduceQuality } from '../../state/quality/quality.js';
import { pathOf, roundUp } from '../../ui/stats/plot.js';
import { bitrate, plots, plotWords, reportOf, rowsOf, share } from '../../ui/stats/words.js';
import { chromium } from '../call/reports.js';

const plain = (text) => text.replaceAll('\u00a0', ' ');

test('a table of figures', () => {
  const rows = rowsOf(figuresOf(...chromium)).map(({ label, value }) => [label, plain(value)]);
  assert.deepEqual(rows, [
    ['Way', 'direct'],
    ['Round trip', '2 ms'],
    ['Loss', 'received 0%, sent 0%'],
    ['Sound received', '33 kb/s · opus · jitter 7 ms'],
    ['Sound sent', '49 kb/s · opus'],
    ['Picture received', '165 kb/s · VP8 · 480×270 · 23 fps · jitter 6 ms'],
    ['Picture sent', '115 kb/s · VP8 · 640×360 · 11 fps'],
  ]);
});

test('what is not known is not made up', () => {
  const values = rowsOf(figuresOf(undefined, [])).map(({ value }) => value);
  assert.deepEqual(values, ['–', '–', 'received –, sent –', '–', '–', '–', '–']);
});

for (const [limitation, expected] of [['none', ''], ['cpu', ' · limited by this computer'], ['bandwidth', ' · limited by the network'], ['other', ' · limited'], ['<b>', '']]) {
  test(`a picture that is limited by ${limitation}`, () => {
    const report = chromium[1].map((stats) => (stats.qualityLimitationReason ? { ...stats, qualityLimitationReason: limitation } : stats));
    const { value } = rowsOf(figuresOf(chromium[0], report)).at(-1);
    assert.equal(plain(value), `115 kb/s · VP8 · 640×360 · 11 fps${expected}`);
  });
}

for (const [route, expected] of [['relay-udp', 'via server (UDP)'], ['relay-tls', 'via server (TLS)']]) {
  test(`the way ${route}`, () => assert.equal(rowsOf({ ...figuresOf(undefined, []), route })[0].value, expected));
}

for (const [value, expected] of [[0, '0 kb/s'], [999, '1 kb/s'], [999_999, '1,000 kb/s'], [1_500_000, '1.5 Mb/s']]) {
  test(`${value} bits a second`, () => assert.equal(plain(bitrate(value)), expected));
}

test('a share', () => assert.deepEqual([0, 0.0123, 1].map(share), ['0%', '1.2%', '100%']));

const at = (time, loss) => ({ time, roundTrip: undefined, lossIn: loss, lossOut: undefined, bitrateIn: undefined, bitrateOut: undefined });
const line = (samples) => pathOf(samples, ({ lossIn }) => lossIn, { to: 120_000, most: 0.5 });

for (const [what, samples, expected] of [
  ['nothing', [], ''],
  ['nothing is known', [at(120_000, undefined)], ''],
  ['one', [at(120_000, 0)], 'M240 56'],
  ['from edge to edge', [at(0, 0.5), at(5000, 0.25), at(120_000, 0)], 'M0 0L10 28M240 56'],
  ['more than the top', [at(120_000, 2)], 'M240 0'],
  ['a short gap', [at(100_000, 0), at(105_000, undefined), at(110_000, 0)], 'M200 56L220 56'],
  ['a long one', [at(100_000, 0), at(106_000, undefined), at(113_000, 0)], 'M200 56M226 56'],
]) {
  test(`a line: ${what}`, () => assert.equal(line(samples), expected));
}

for (const [value, expected] of [[1, 1], [1.1, 2], [0.05, 0.05], [0.051, 0.1], [100_000, 100_000], [510_000, 1_000_000], [0.2, 0.2], [0.3, 0.5]]) {
  test(`the upper end for ${value}`, () => assert.equal(Math.abs(roundUp(value) / expected - 1) < 1e-9, true));
}

test('a plot in words', () => {
  const [, , loss] = plots;
  assert.equal(plotWords(loss, []), 'Loss, received over two minutes: nothing is known; Loss, sent over two minutes: nothing is known');
  const samples = [at(0, 0.1), at(1000, 0.3), at(2000, 0)];
  assert.match(plotWords(loss, samples), /^Loss, received over two minutes: now 0%, from 0% to 30%; /);
  assert.match(plotWords(loss, [...samples, at(3000, undefined)]), /now –, from 0% to 30%; /);
});

test('a report has neither names nor addresses', () => {
  const quality = reduceQuality(noQuality, { type: 'figures', id: 'secret-id', time: 0, figures: figuresOf(...chromium) });
  const text = plain(reportOf([...quality.values()], { time: new Date(0), browser: 'Browser/1' }));
  assert.deepEqual(text.split('\n').slice(0, 5), ['LinkUp, 1970-01-01T00:00:00.000Z', 'Browser/1', '', 'Person 1', '  Way: direct']);
  assert.match(text, /\n {2}Round trip over two minutes: now 2 ms, from 2 ms to 2 ms\n/);
  assert.doesNotMatch(text, /secret-id/);
});
