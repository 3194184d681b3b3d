import assert from 'node:assert/strict';
import { test } from 'node:test';
import { divide, keyOf, wantedBy } from '../../../call/adaptation/shares.js';

const able = { frames: 30, scale: 1 };
const camera = (peer, seen, more) => ({ peer, kind: 'camera', captured: { width: 640, height: 360 }, seen: seen && { width: seen[0], height: seen[1] }, limit: Infinity, ...more });
const screen = (peer, seen, more) => ({ ...camera(peer, seen, more), kind: 'screen', captured: { width: 1920, height: 1080 } });
const people = (count, seen) => Array.from({ length: count }, (_, index) => camera(`p${index}`, seen));
const share = (demands, room, { device = able, before = new Map() } = {}) => divide(demands, { room, device, before });
const sum = (shares) => [...shares.values()].reduce((total, { bitrate }) => total + bitrate, 0);

// Who there is, how each shows the picture, how much may be sent; and the bitrate, the scale and the frames of each.
for (const [count, seen, room, bitrate, scale, frames] of [
  [1, undefined, 2_000_000, 846_400, 1, 30],
  [1, [1280, 720], 2_000_000, 846_400, 1, 30],
  [1, [1280, 720], 500_000, 500_000, 1, 30],
  [1, [1280, 720], 200_000, 200_000, 1.5, 30],
  [1, [1280, 720], 100_000, 100_000, 2, 30],
  [1, [1280, 720], 60_000, 60_000, 3, 30],
  [1, [1280, 720], 36_000, 36_000, 4, 30],
  [1, [320, 180], 2_000_000, 241_600, 2, 30],
  [1, [300, 180], 2_000_000, 241_600, 2, 30],
  [1, [400, 226], 2_000_000, 398_400, 1.5, 30],
  [1, [160, 90], 2_000_000, 90_400, 4, 30],
  [1, [20, 10], 2_000_000, 52_600, 8, 30],
  [1, [200, 400], 2_000_000, 241_600, 2, 30],
  [5, undefined, 5_000_000, 846_400, 1, 30],
  [5, undefined, 1_500_000, 300_000, 1, 30],
  [5, [400, 226], 1_500_000, 300_000, 1.5, 30],
  [5, [400, 226], 600_000, 120_000, 1.5, 30],
  [5, [400, 226], 400_000, 80_000, 2, 30],
  [5, [400, 226], 200_000, 40_000, 3, 30],
]) {
  test(`${count} who show it ${seen ? seen.join('×') : 'in any size'}, with room for ${room}: ${bitrate} each, ${scale} times smaller, ${frames} frames`, () => {
    const shares = share(people(count, seen), room);
    for (const each of shares.values()) assert.deepEqual([Math.round(each.bitrate), each.scale, each.frames, each.isHeld], [bitrate, scale, frames, false]);
    assert.ok(sum(shares) <= room + count);
  });
}

test('whoever does not show it gets nothing, and the others get what is left', () => {
  const shares = share([camera('a', [0, 0]), camera('b', [640, 360]), camera('c', [640, 360])], 800_000);
  const [a, b, c] = ['a', 'b', 'c'].map((peer) => shares.get(keyOf({ peer, kind: 'camera' })));
  assert.deepEqual([a.bitrate, a.isWanted, a.isHeld], [0, false, false]);
  assert.deepEqual([b.bitrate, c.bitrate], [400_000, 400_000]);
});

test('whoever shows it large gets more than those who show it small', () => {
  const shares = share([camera('large', [1280, 720]), ...people(4, [160, 90])], 700_000);
  assert.ok(shares.get('camera large').bitrate > 300_000);
  assert.ok(shares.get('camera p0').bitrate > 60_000);
});

test('what is too little for all is enough for some, and those who see it large come first', () => {
  const demands = [camera('small', [160, 90]), camera('large', [640, 360]), camera('other', [160, 90])];
  const held = (room) => [...share(demands, room)].filter(([, { isHeld }]) => isHeld).map(([key]) => key);
  assert.deepEqual(held(250_000), []);
  assert.deepEqual(held(80_000), ['camera small', 'camera other']);
  assert.deepEqual(held(30_000), ['camera small', 'camera large', 'camera other']);
  assert.deepEqual(held(-50_000), ['camera small', 'camera large', 'camera other']);
});

test('a picture that was held comes back only when there is clearly room', () => {
  const one = [camera('a', [640, 360])];
  const held = share(one, 30_000);
  assert.ok(held.get('camera a').isHeld);
  assert.ok(share(one, 40_000, { before: held }).get('camera a').isHeld);
  assert.ok(!share(one, 60_000, { before: held }).get('camera a').isHeld);
});

test('a size is left at once, and comes back only with clearly more', () => {
  const one = [camera('a', [640, 360])];
  let before = share(one, 600_000);
  const scales = [260_000, 240_000, 260_000, 330_000, 370_000, 260_000].map((room) => {
    before = share(one, room, { before });
    return before.get('camera a').scale;
  });
  assert.deepEqual(scales, [1, 1.5, 1.5, 1.5, 1, 1]);
});

test('what hardly differs is not told', () => {
  const one = [camera('a', [640, 360])];
  const before = share(one, 500_000);
  assert.equal(share(one, 520_000, { before }).get('camera a').bitrate, 500_000);
  assert.equal(share(one, 540_000, { before }).get('camera a').bitrate, 540_000);
});

test('a screen comes before the cameras, keeps its size, and moves less', () => {
  const demands = [screen('a', [1920, 1080]), camera('a', [160, 90]), screen('b', [1920, 1080]), camera('b', [160, 90])];
  const much = share(demands, 5_000_000);
  assert.deepEqual([much.get('screen a').bitrate, much.get('screen a').scale, much.get('screen a').frames], [2_465_000, 1, 15]);
  const little = share(demands, 700_000);
  for (const peer of ['a', 'b']) {
    const { bitrate, scale, frames } = little.get(`screen ${peer}`);
    assert.deepEqual([bitrate, scale, frames], [315_000, 1, 5]);
    assert.deepEqual([little.get(`camera ${peer}`).isHeld, little.get(`camera ${peer}`).bitrate], [false, 35_000]);
  }
  const least = share(demands, 220_000);
  assert.deepEqual(['screen a', 'screen b', 'camera a', 'camera b'].map((key) => least.get(key).isHeld), [false, false, true, true]);
});

for (const [seen, scale] of [[[1920, 1080], 1], [[1280, 720], 1], [[1000, 562], 1], [[960, 540], 2], [[320, 180], 4], [[120, 68], 4]]) {
  test(`text is sent whole unless it is shown in less than half its size: ${seen}`, () => {
    assert.equal(share([screen('a', seen)], 5_000_000).get('screen a').scale, scale);
  });
}

// What may be sent, and how a screen of which motion matters is: smaller rather than slower, as a camera.
for (const [room, seen, device, scale, frames] of [
  [5_000_000, [1920, 1080], able, 1, 30],
  [700_000, [1920, 1080], able, 2, 30],
  [200_000, [1920, 1080], able, 4, 30],
  [5_000_000, [1000, 562], able, 1.5, 30],
  [5_000_000, [960, 540], able, 2, 30],
  [5_000_000, [1920, 1080], { frames: 10, scale: 2 }, 2, 10],
]) {
  test(`a screen of which motion matters: ${seen} at ${room}, ${device.frames} frames`, () => {
    const shares = share([screen('a', seen, { isMotion: true }), camera('a', [160, 90])], room, { device });
    const one = shares.get('screen a');
    assert.deepEqual([one.scale, one.frames], [scale, frames]);
    assert.ok(one.bitrate >= shares.get('camera a').bitrate, 'it is still before the camera');
  });
}

test('the way to one peer alone is limited, screen and camera together', () => {
  const shares = share([screen('a', undefined, { limit: 400_000 }), camera('a', undefined, { limit: 400_000 }), camera('b')], 5_000_000);
  assert.deepEqual([shares.get('screen a').bitrate, shares.get('camera a').isHeld, shares.get('camera b').bitrate], [400_000, true, 846_400]);
});

test('a camera that cannot be smaller sends fewer frames', () => {
  const large = camera('a', undefined, { captured: { width: 1920, height: 1080 } });
  assert.deepEqual([share([large], 60_000), share([large], 36_000)].map((shares) => shares.get('camera a')).map(({ scale, frames }) => [scale, frames]), [[8, 30], [8, 10]]);
});

test('a slow computer sends fewer frames, then smaller', () => {
  assert.deepEqual(share(people(1), 2e6, { device: { frames: 15, scale: 1 } }).get('camera p0').frames, 15);
  assert.deepEqual(share(people(1), 2e6, { device: { frames: 10, scale: 2 } }).get('camera p0').scale, 2);
});

test('what is wanted by all is what all would get', () => {
  for (const demands of [people(5, [400, 226]), [screen('a'), camera('b', [160, 90]), camera('c', [0, 0])]]) {
    assert.equal(Math.round(wantedBy(demands, able)), Math.round(sum(share(demands, Infinity))));
  }
});

test('odd sizes and limits do no harm', () => {
  for (const demand of [camera('a', [1e9, 1e9]), camera('a', [1, 1e9]), camera('a', [1, 1]), camera('a', undefined, { limit: 0 }), camera('a', undefined, { captured: { width: 1, height: 1 } })]) {
    const { bitrate, scale, frames } = share([demand], 1e6).get('camera a');
    assert.ok(bitrate >= 0 && bitrate <= 1e6 && scale >= 1 && scale <= 8 && frames >= 5, JSON.stringify({ bitrate, scale, frames }));
  }
});
