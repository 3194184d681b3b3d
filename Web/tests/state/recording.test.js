import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRecording, reduceRecording } from '../../state/stage/recording.js';
import { boxesOf, frame, sceneOf } from '../../state/stage/scene.js';

const say = (phase, now = 0) => ({ type: 'recording', phase, now });

for (const [what, events, expected] of [
  ['it begins and ends', [say('beginning', 1), say('on', 2), say('ending', 3), say('off', 4)], { phase: 'off', since: 2 }],
  ['it has begun', [say('beginning', 1), say('on', 2)], { phase: 'on', since: 2 }],
  ['it cannot begin', [say('beginning'), say('off')], noRecording],
  ['it breaks off', [say('beginning'), say('on', 5), say('off')], { phase: 'off', since: 5 }],
  ['it ends before it has begun', [say('beginning'), say('ending')], { phase: 'beginning', since: 0 }],
  ['nothing begins while another one ends', [say('beginning'), say('on', 1), say('ending'), say('beginning')], { phase: 'ending', since: 1 }],
  ['nothing goes on without a beginning', [say('on', 9)], noRecording],
  ['it outlasts the call by a moment', [say('beginning'), say('on', 1), say('ending'), { type: 'left' }, { type: 'lobby' }], { phase: 'ending', since: 1 }],
]) {
  test(`recording: ${what}`, () => assert.deepEqual(events.reduce(reduceRecording, noRecording), expected));
}

const peer = (id, more) => ({ id, name: id, connection: 'connected', stream: `${id}'s`, screen: undefined, held: { camera: false, screen: false, own: false }, ...more });
const sources = ({ peers = [], sharing = [], calls = {}, own = {} } = {}) => ({
  peers: { list: peers },
  members: { list: peers.map(({ id }) => ({ id, name: id, call: { audio: true, video: true, screen: sharing.includes(id), ...calls[id] } })), sharing, recording: [], hands: [] },
  media: { status: { audio: true, video: true, screen: false, ...own } },
  connection: { name: 'Me' },
});
const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

for (let count = 0; count <= 15; count += 1) {
  for (const screens of [0, 1, 3]) {
    test(`${count} others and ${screens} screens stand in the picture, side by side, and as large as it goes`, () => {
      const peers = Array.from({ length: count }, (_, index) => peer(`p${index}`, { screen: index < screens ? {} : undefined }));
      const boxes = [...boxesOf(sources({ peers, sharing: peers.slice(0, screens).map(({ id }) => id) })).values()];
      assert.equal(boxes.length, count + 1 + Math.min(screens, count));
      for (const [index, box] of boxes.entries()) {
        assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= frame.width && box.y + box.height <= frame.height, JSON.stringify(box));
        assert.ok(Math.abs(box.width / box.height - 16 / 9) < 0.05 && box.width >= 76);
        for (const other of boxes.slice(index + 1)) assert.ok(!overlap(box, other));
      }
    });
  }
}

test('two stand side by side, one alone fills the picture, and a screen is larger than the faces', () => {
  assert.deepEqual([...boxesOf(sources())], [['self', { x: 0, y: 0, width: 1280, height: 720 }]]);
  assert.deepEqual([...boxesOf(sources({ peers: [peer('a')] })).keys()], ['a', 'self']);
  const boxes = boxesOf(sources({ peers: [peer('a')], own: { screen: true } }));
  assert.deepEqual([...boxes.keys()], ['self/screen', 'a', 'self']);
  assert.ok(boxes.get('self/screen').width > 4 * boxes.get('self').width);
});

test('who has no picture, or one that is held back, is shown by initials', () => {
  const off = { video: false };
  const peers = [peer('on'), peer('off'), peer('held', { held: { camera: true, screen: false } }), peer('shares', { screen: 'shown' }), peer('held-screen', { screen: 'shown', held: { camera: false, screen: true } }), peer('as-camera')];
  const shots = sceneOf(sources({ peers, sharing: ['shares', 'held-screen', 'as-camera'], calls: { off, 'as-camera': off }, own: { video: false, screen: true } }));
  assert.deepEqual(
    shots.map(({ id, isScreen, hasPicture, stream }) => [id, isScreen, hasPicture, stream]),
    [
      ['on', false, true, "on's"],
      ['off', false, false, "off's"],
      ['held', false, false, "held's"],
      ['shares/screen', true, true, 'shown'],
      ['shares', false, true, "shares's"],
      ['held-screen/screen', true, false, 'shown'],
      ['held-screen', false, true, "held-screen's"],
      ['as-camera', true, true, "as-camera's"],
      ['self/screen', true, true, undefined],
      ['self', false, false, undefined],
    ],
  );
});
