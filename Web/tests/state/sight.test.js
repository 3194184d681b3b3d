import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noTiles, reduceTiles, sightOf } from '../../state/stage/sight.js';
import { noStage } from '../../state/stage/stage.js';
import { noZoom } from '../../state/stage/zoom.js';

const tile = (width, height) => ({ width, height });
const sizes = new Map([['a', tile(400, 225)], ['b', tile(200, 113)], ['c', tile(0, 0)], ['self', tile(400, 225)]]);
const sources = ({ stage = {}, isHidden = false, density = 1, sharing = [], phase = 'off' } = {}) => ({
  peers: { list: ['a', 'b', 'c', 'new'].map((id) => ({ id })) },
  members: { sharing },
  stage: { ...noStage, ...stage },
  tiles: reduceTiles(noTiles, { type: 'tiles', sizes, density }),
  zoom: noZoom,
  notices: { isHidden },
  media: { status: { screen: false } },
  recording: { phase },
});
const seen = (options) => Object.fromEntries([...sightOf(sources(options))].map(([id, { camera, screen }]) => [id, [camera, ...(screen ? [screen] : [])].map(({ width, height }) => `${width}×${height}`).join(' ')]));

for (const [what, options, expected] of [
  ['the tiles, rounded up; one on another page not at all; one that is not there yet is not spoken of', {}, { a: '400×240', b: '200×120', c: '0×0' }],
  ['a screen with more pixels', { density: 2 }, { a: '800×480', b: '400×240', c: '0×0' }],
  ['a screen with endless pixels', { density: 1e9 }, { a: '4096×4096', b: '4096×4096', c: '0×0' }],
  ['a screen of nonsense', { density: NaN }, { a: '0×0', b: '0×0', c: '0×0' }],
  ['a hidden page', { isHidden: true }, { a: '0×0', b: '0×0', c: '0×0' }],
  ['a hidden page with a small window, in which the first is', { isHidden: true, stage: { isPip: true } }, { a: '640×360', b: '0×0', c: '0×0' }],
  ['a small window that follows the speaker, who is on another page', { stage: { isPip: true, speaker: 'c' } }, { a: '400×240', b: '200×120', c: '640×360' }],
  ['one tile on the whole screen', { stage: { full: 'b' } }, { a: '0×0', b: '200×120', c: '0×0' }],
  // Five in the picture: rows of three and two.
  ['a hidden page that records', { isHidden: true, phase: 'on' }, { a: '440×240', b: '440×240', c: '440×240' }],
  ['one that records, and shows some of them larger', { phase: 'on', density: 2 }, { a: '800×480', b: '440×240', c: '440×240' }],
  ['one that has not begun to', { isHidden: true, phase: 'beginning' }, { a: '0×0', b: '0×0', c: '0×0' }],
  ['the call on the whole screen', { stage: { full: 'call' } }, { a: '400×240', b: '200×120', c: '0×0' }],
]) {
  test(`what is in view: ${what}`, () => assert.deepEqual(seen(options), expected));
}

test('a shared screen has a tile of its own', () => {
  const withScreen = { ...sources(), tiles: reduceTiles(noTiles, { type: 'tiles', sizes: new Map([...sizes, ['b/screen', tile(1000, 600)]]), density: 1 }) };
  const { camera, screen } = sightOf(withScreen).get('b');
  assert.deepEqual([camera, screen], [tile(200, 120), tile(1000, 600)]);
  const closer = sightOf({ ...withScreen, zoom: { id: 'b/screen', view: { scale: 2.1, x: 0.5, y: 0.5 } } }).get('b');
  assert.deepEqual([closer.camera, closer.screen], [tile(200, 120), tile(3000, 1800)], 'in whole steps');
  const full = sightOf({ ...withScreen, stage: { ...noStage, full: 'b/screen' } }).get('b');
  assert.deepEqual([full.camera, full.screen], [tile(0, 0), tile(1000, 600)]);
});

test('the same tiles are no change, and none are left after the call', () => {
  const first = reduceTiles(noTiles, { type: 'tiles', sizes, density: 1 });
  assert.equal(reduceTiles(first, { type: 'tiles', sizes: new Map(sizes), density: 1 }), first);
  assert.notEqual(reduceTiles(first, { type: 'tiles', sizes: new Map([...sizes, ['b', tile(1, 1)]]), density: 1 }), first);
  assert.notEqual(reduceTiles(first, { type: 'tiles', sizes, density: 2 }), first);
  assert.equal(reduceTiles(first, { type: '' }), first);
  assert.equal(reduceTiles(first, { type: 'left' }), noTiles);
});
