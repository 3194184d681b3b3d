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
    this.count = (this.count ?? 0) + 1;
    return {
      kind,
      label: `${kind} ${this.count}`,
      enabled: true,
      muted: false,
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
  const problems = [];
  for (const name of ['change', 'problem', 'devices']) media.on(name, () => heard.push(name));
  media.on('problem', ({ key, values }) => problems.push([key, values?.device]));
  return { media, devices, heard, problems };
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

test('a device that was chosen and is gone is forgotten, and another one taken', async () => {
  const { media, devices, problems } = makeMedia();
  void media.setCamera(true);
  await devices.grant();
  void media.choose('videoinput', 'unplugged');
  await devices.refuse('OverconstrainedError');
  assert.equal(devices.requests[0].constraints.video.deviceId, undefined);
  await devices.grant();
  assert.deepEqual([media.status.video, problems], [true, [['problem.camera-replaced', 'video 2']]]);
  void media.setCamera(false);
  void media.setCamera(true);
  assert.equal(devices.requests[0].constraints.video.deviceId, undefined, 'it is not asked for again');
});

test('a chosen device that is gone does not keep both from starting', async () => {
  const { media, devices, problems } = makeMedia();
  void media.choose('audioinput', 'unplugged');
  await devices.refuse('OverconstrainedError');
  await devices.refuse('NotFoundError');
  assert.deepEqual([media.status.audio, problems], [false, [['problem.microphone-missing', undefined]]]);
});

test('what is denied is not asked for twice', async () => {
  const { media, devices, problems } = makeMedia();
  void media.choose('audioinput', 'a');
  await devices.refuse('NotAllowedError');
  assert.deepEqual([devices.requests.length, problems], [0, [['problem.microphone-denied', undefined]]]);
});

for (const [kind, name, on] of [
  ['audio', 'microphone', (media) => media.setMicrophone(true)],
  ['video', 'camera', (media) => media.setCamera(true)],
]) {
  test(`the next ${name} takes the place of one that is unplugged`, async () => {
    const { media, devices, heard, problems } = makeMedia();
    void on(media);
    const [track] = await devices.grant();
    heard.length = 0;
    track.readyState = 'ended';
    void track.onended();
    assert.deepEqual([media.status[kind], media.wanted[kind], heard], [false, true, ['change']], 'others are told at once');
    await devices.grant();
    assert.deepEqual([devices.live, media.status[kind], problems], [[kind], true, [[`problem.${name}-replaced`, `${kind} 2`]]]);
    const now = kind === 'audio' ? media.audioTrack : media.videoTrack;
    assert.equal(now.label, `${kind} 2`);
  });

  test(`where there is no other ${name}, it is gone`, async () => {
    const { media, devices, problems } = makeMedia();
    void on(media);
    const [track] = await devices.grant();
    void track.onended();
    await devices.refuse('NotFoundError');
    assert.deepEqual([media.status[kind], media.wanted[kind], problems], [false, false, [[`problem.${name}-gone`, undefined]]]);
  });

  test(`a ${name} that the system silences is off for others, and on when it is back`, async () => {
    const { media, devices, problems, heard } = makeMedia();
    void on(media);
    const [track] = await devices.grant();
    heard.length = 0;
    track.muted = true;
    track.onmute();
    assert.deepEqual([media.status[kind], media.wanted[kind], problems], [false, true, [[`problem.${name}-silenced`, undefined]]]);
    track.muted = false;
    track.onunmute();
    assert.deepEqual([media.status[kind], heard], [true, ['problem', 'change', 'change']]);
  });
}

test('a device that ends after the call does not bring another one', async () => {
  const { media, devices } = makeMedia();
  void media.setCamera(true);
  const [track] = await devices.grant();
  track.readyState = 'ended';
  void track.onended();
  media.stop();
  await devices.grant();
  assert.deepEqual([devices.live, media.status.video], [[], false]);
});

test('whoever is muted stays so with another microphone', async () => {
  for (const change of [(media) => media.choose('audioinput', 'b'), (media) => media.audioTrack.onended()]) {
    const { media, devices } = makeMedia();
    void media.setMicrophone(true);
    await devices.grant();
    void media.setMicrophone(false);
    void change(media);
    const [track] = await devices.grant();
    assert.deepEqual([track.enabled, media.audioTrack, media.status.audio], [false, track, false]);
  }
});

test('nothing listens to devices after the end', async () => {
  const { media, devices, heard } = makeMedia();
  void media.start();
  await devices.grant();
  media.stop();
  heard.length = 0;
  devices.dispatchEvent(new Event('devicechange'));
  await settle();
  assert.deepEqual(heard, []);
});
