import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noStage } from '../../state/stage/stage.js';
import { clamped, closer, largest, moved, noZoom, reduceZoom, viewOf, whole, zoomableOf } from '../../state/stage/zoom.js';

/** A picture with bars above and below, one at both sides, and one that fits. */
const frames = {
  low: { tile: { width: 400, height: 800 }, picture: { width: 400, height: 250 } },
  narrow: { tile: { width: 1000, height: 500 }, picture: { width: 600, height: 500 } },
  whole: { tile: { width: 800, height: 600 }, picture: { width: 800, height: 600 } },
};
const view = (scale, x, y) => ({ scale, x, y });
const round = ({ scale, x, y }) => [scale, x, y].map((value) => Math.round(value * 1000) / 1000);

for (const [name, from, expected] of [
  ['whole', view(1, 0, 1), [1, 0.5, 0.5]],
  ['whole', view(2, 0, 1), [2, 0.25, 0.75]],
  ['whole', view(2, 0.4, 0.6), [2, 0.4, 0.6]],
  ['whole', view(100, -5, 5), [8, 0.063, 0.938]],
  ['whole', view(0, 0.5, 0.5), [1, 0.5, 0.5]],
  ['whole', view(NaN, NaN, NaN), [1, 0.5, 0.5]],
  // As long as the bars are there the picture stays between them.
  ['low', view(2, 0, 0), [2, 0.25, 0.5]],
  ['low', view(4, 0, 0), [4, 0.125, 0.4]],
  ['narrow', view(1.5, 0, 0), [1.5, 0.5, 0.333]],
  ['narrow', view(2, 1, 1), [2, 0.583, 0.75]],
]) {
  test(`nothing is out of view that need not be: ${name}, ${JSON.stringify(from)}`, () => assert.deepEqual(round(clamped(from, frames[name])), expected));
}

/** Where a place of the picture stands in the tile, in pixels from its middle. */
const seenAt = ({ scale, x, y }, place, { picture }) => [(place[0] - x) * picture.width * scale, (place[1] - y) * picture.height * scale];

test('what is looked at stays where it is, as far as the edges let it', () => {
  const { whole: frame } = frames;
  let now = whole;
  const point = { x: 120, y: -90 };
  const place = [0.5 + point.x / 800, 0.5 + point.y / 600];
  for (const factor of [1.3, 2, 0.8, 1.7, 0.5]) {
    now = closer(now, factor, point, frame);
    assert.deepEqual(seenAt(now, place, frame).map(Math.round), [point.x, point.y]);
  }
  assert.deepEqual(closer(now, 0.01, point, frame), whole);
  assert.equal(closer(now, 1000, point, frame).scale, largest);
});

test('the picture goes with the pointer, and no further than its edge', () => {
  const { whole: frame } = frames;
  const start = view(4, 0.5, 0.5);
  const now = moved(start, { x: 100, y: -60 }, frame);
  assert.deepEqual(seenAt(now, [0.5, 0.5], frame).map(Math.round), [100, -60]);
  assert.deepEqual(round(moved(start, { x: 1e6, y: -1e6 }, frame)), [4, 0.125, 0.875]);
  assert.deepEqual(round(moved(whole, { x: 100, y: 100 }, frame)), [1, 0.5, 0.5]);
  // What lay beyond the edge of a larger tile does not have to be undone first.
  assert.deepEqual(round(moved(view(4, 0, 0), { x: -320, y: 0 }, frame)), [4, 0.225, 0.125]);
});

const zoomed = (id = 'b/screen') => reduceZoom(noZoom, { type: 'zoom', id, view: view(3, 0.2, 0.7) });
const member = (id, screen, call = { screen }) => ({ id, name: id, ...(call && { call }) });
const peer = (id, screen) => ({ id, screen: screen && {} });

for (const [what, event, isKept] of [
  ['another layout', { type: 'layout', layout: 'grid' }, false],
  ['somebody who is kept large', { type: 'pinned', id: 'a' }, false],
  ['the end of the call', { type: 'left' }, false],
  ['the end of the sharing', { type: 'member', member: member('b', false) }, false],
  ['the end of the call for who shares', { type: 'member', member: member('b', false, null) }, false],
  ['the end of another sharing', { type: 'member', member: member('a', false) }, true],
  ['news of who shares', { type: 'member', member: member('b', true) }, true],
  ['who shares and leaves', { type: 'member-left', id: 'b' }, false],
  ['somebody else who leaves', { type: 'member-left', id: 'a' }, true],
  ['a list in which it is shared', { type: 'members', members: [member('a', false), member('b', true)] }, true],
  ['a list in which it is not', { type: 'members', members: [member('a', true), member('b', false)] }, false],
  ['a server that was lost and knows nobody', { type: 'members', members: [] }, true],
  ['a connection with it', { type: 'peers', peers: [peer('a'), peer('b', true)] }, true],
  ['a connection without it', { type: 'peers', peers: [peer('a', true), peer('b')] }, false],
  ['no connection any more', { type: 'peers', peers: [peer('a', true)] }, false],
  ['the whole screen', { type: 'full', id: 'b/screen' }, true],
  ['all of it', { type: 'zoom', id: 'b/screen', view: whole }, false],
  ['all of another one', { type: 'zoom', id: 'a/screen', view: whole }, true],
  ['what is no view', { type: 'zoom', id: 'b/screen', view: view(NaN, 0, 0) }, false],
]) {
  test(`${what}: the view ${isKept ? 'stays' : 'is that of the whole'}`, () => {
    const before = zoomed();
    const now = reduceZoom(before, event);
    if (isKept) assert.equal(now, before);
    else assert.deepEqual(now, noZoom);
  });
}

test('one is looked into at a time', () => {
  const now = reduceZoom(zoomed(), { type: 'zoom', id: 'a/screen', view: view(2, 0.1, 0.1) });
  assert.deepEqual([viewOf(now, 'a/screen'), viewOf(now, 'b/screen'), viewOf(noZoom, undefined)], [view(2, 0.1, 0.1), whole, whole]);
  assert.equal(reduceZoom(noZoom, { type: 'peers', peers: [] }), noZoom);
});

const sources = ({ sharing = ['b'], stage = {}, screen = {} } = {}) => ({ peers: { list: [{ id: 'a' }, { id: 'b', screen }] }, members: { sharing }, stage: { ...noStage, ...stage } });

for (const [what, given, expected] of [
  ['a screen that is large', {}, 'b/screen'],
  ['nobody shares', { sharing: [] }, undefined],
  ['a person is large', { stage: { pinned: 'a' } }, undefined],
  ['a person fills the screen', { stage: { full: 'a' } }, undefined],
  ['the screen fills the screen', { stage: { full: 'b/screen', pinned: 'a' } }, 'b/screen'],
  ['the call fills the screen', { stage: { full: 'call' } }, 'b/screen'],
  ['a screen that comes in the place of the camera', { screen: null }, undefined],
]) {
  test(`what can be looked into: ${what}`, () => assert.equal(zoomableOf(sources(given)), expected));
}
