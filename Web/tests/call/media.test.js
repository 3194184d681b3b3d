import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../clock.js';

globalThis.MediaStream = class {};
const { Media } = await import('../../call/media.js');

/** Devices that take as long to start as the test likes. */
class FakeDevices extends EventTarget {
  requests = [];
  tracks = [];

  getUserMedia(constraints) {
    return new Promise((resolve, reject) => this.requests.push({ constraints, resolve, reject }));
  }

  getDisplayMedia() {
    return this.getUserMedia({ video: true });
  }

  async enumerateDevices() {
    return [];
  }

  /** The oldest request that waits, or the one at `index`, gets its stream. */
  async grant(index = 0) {
    const [{ constraints, resolve }] = this.requests.splice(index, 1);
    const made = ['audio', 'video'].filter((kind) => constraints[kind]).map((kind) => this.#track(kind));
    this.tracks.push(...made);
    resolve({ getTracks: () => made, getVideoTracks: () => made.filter(({ kind }) => kind === 'video') });
    await settle();
    return made;
  }

  async refuse(name) {
    this.requests.shift().reject(new DOMException('no', name));
    await settle();
  }

  #track(kind) {
    return {
      kind,
      enabled: true,
      readyState: 'live',
      getSettings: () => ({}),
      stop() {
        this.readyState = 'ended';
      },
    };
  }

  get live() {
    return this.tracks.filter(({ readyState }) => readyState === 'live').map(({ kind }) => kind);
  }
}

function makeMedia() {
  const devices = new FakeDevices();
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: devices }, configurable: true });
  const heard = [];
  const media = new Media();
  for (const name of ['change', 'problem', 'devices']) media.on(name, () => heard.push(name));
  return { media, devices, heard };
}

for (const [what, ask] of [
  ['both', (media) => media.start()],
  ['the microphone', (media) => media.setMicrophone(true)],
  ['the camera', (media) => media.setCamera(true)],
  ['the screen', (media) => media.startScreen()],
  ['another camera', (media) => media.setCamera(true).then(() => media.choose('videoinput', 'b'))],
]) {
  test(`${what} that starts after the end is stopped at once`, async () => {
    const { media, devices, heard } = makeMedia();
    void ask(media);
    media.stop();
    heard.length = 0;
    while (devices.requests.length > 0) await devices.grant();
    assert.deepEqual([devices.live, media.status, heard], [[], { audio: false, video: false, screen: false }, []]);
  });
}

test('nothing is asked for one by one after the end', async () => {
  const { media, devices, heard } = makeMedia();
  void media.start();
  media.stop();
  await devices.refuse('NotFoundError');
  assert.deepEqual([devices.requests.length, heard], [0, []]);
});

test('one by one where both cannot be had', async () => {
  const { media, devices, heard } = makeMedia();
  void media.start();
  await devices.refuse('NotFoundError');
  await devices.grant();
  await devices.refuse('NotFoundError');
  assert.deepEqual([devices.live, media.status.audio, media.wanted.video], [['audio'], true, false]);
  assert.equal(heard.filter((name) => name === 'problem').length, 1);
});

test('of two requests for a device the later one counts, whichever comes first', async () => {
  for (const order of [[0, 0], [1, 0]]) {
    const { media, devices } = makeMedia();
    void media.setCamera(true);
    const [first] = await devices.grant();
    void media.choose('videoinput', 'b');
    void media.choose('videoinput', 'c');
    const wanted = devices.requests[1];
    for (const index of order) await devices.grant(index);
    const track = media.videoTrack;
    assert.deepEqual([devices.live, track.readyState, first.readyState], [['video'], 'live', 'ended']);
    assert.equal(wanted.constraints.video.deviceId.exact, 'c');
  }
});

test('a second click takes the first one back', async () => {
  const { media, devices } = makeMedia();
  const click = () => void media.setCamera(!media.wanted.video);
  click();
  click();
  await devices.grant();
  assert.deepEqual([devices.live, media.status.video], [[], false]);
  click();
  await devices.grant();
  assert.deepEqual([devices.live, media.status.video], [['video'], true]);
});

test('the camera is switched off while both start: the microphone stays', async () => {
  const { media, devices } = makeMedia();
  void media.start();
  void media.setCamera(false);
  await devices.grant();
  assert.deepEqual([devices.live, media.status.audio, media.status.video], [['audio'], true, false]);
});

test('a refusal that comes after another request is not told', async () => {
  const { media, devices, heard } = makeMedia();
  void media.setCamera(true);
  void media.setCamera(false);
  heard.length = 0;
  await devices.refuse('NotAllowedError');
  assert.ok(!heard.includes('problem'));
});
