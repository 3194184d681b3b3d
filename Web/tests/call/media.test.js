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

  getDisplayMedia(constraints) {
    return this.getUserMedia(constraints);
  }

  /** What is plugged in. */
  list = [];

  async enumerateDevices() {
    return this.list.map(([kind, deviceId, label = deviceId]) => ({ kind, deviceId, label }));
  }

  /** Something is plugged in or out. */
  async plug(...list) {
    this.list = list;
    this.dispatchEvent(new Event('devicechange'));
    await settle();
  }

  /** The oldest request that waits, or the one at `index`, gets its stream. */
  async grant(index = 0, settings = {}) {
    const [{ constraints, resolve }] = this.requests.splice(index, 1);
    const made = ['audio', 'video'].filter((kind) => constraints[kind]).map((kind) => this.#track(kind, settings));
    this.tracks.push(...made);
    resolve({ getTracks: () => made, getVideoTracks: () => made.filter(({ kind }) => kind === 'video') });
    await settle();
    return made;
  }

  async refuse(name) {
    this.requests.shift().reject(new DOMException('no', name));
    await settle();
  }

  #track(kind, settings) {
    this.count = (this.count ?? 0) + 1;
    return {
      kind,
      label: settings.deviceId ?? `${kind} ${this.count}`,
      enabled: true,
      muted: false,
      readyState: 'live',
      getSettings: () => settings,
      getCapabilities: () => settings.capabilities ?? {},
      async applyConstraints(wanted) {
        Object.assign(settings, wanted);
      },
      stop() {
        this.readyState = 'ended';
      },
    };
  }

  get live() {
    return this.tracks.filter(({ readyState }) => readyState === 'live').map(({ kind }) => kind);
  }
}

function makeMedia(options, permissions) {
  const devices = new FakeDevices();
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: devices, permissions }, configurable: true });
  const heard = [];
  const media = new Media(options);
  const problems = [];
  for (const name of ['change', 'problem', 'devices']) media.on(name, () => heard.push(name));
  media.on('problem', ({ key, values }) => problems.push([key, values?.device]));
  const notes = [];
  media.on('note', ({ key, values }) => notes.push([key, values?.device]));
  media.on('over', (key) => notes.push(key));
  return { media, devices, heard, problems, notes };
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

/** A screen that is shared, of a browser that takes other constraints or does not. */
async function share(made, takes = true, settings = {}) {
  const sharing = made.media.startScreen();
  const asked = made.devices.requests[0].constraints;
  const tracks = await made.devices.grant(0, settings);
  const [track, sound] = ['video', 'audio'].map((kind) => tracks.find((each) => each.kind === kind));
  if (!takes) track.applyConstraints = () => Promise.reject(new Error('not here'));
  await sharing;
  return { asked, track, sound, settings };
}

test('a screen is read at first, and moves when that is wanted, once', async () => {
  const made = makeMedia();
  const { media } = made;
  const first = await share(made);
  const seen = () => [media.sharing.isMotion, media.screenTrack?.contentHint, first.settings.frameRate];
  // Some browsers make no more frames later than they were asked for at first.
  assert.deepEqual([first.asked.video.frameRate, seen()], [{ max: 30 }, [false, 'detail', { max: 15 }]]);
  made.heard.length = 0;
  await media.setMotion(true);
  assert.deepEqual([seen(), made.heard], [[true, 'motion', { max: 30 }], ['change']]);
  await media.setMotion(false);
  assert.deepEqual(seen(), [false, 'detail', { max: 15 }]);
  await media.setMotion(true);
  media.stopScreen();
  const second = await share(made);
  assert.deepEqual([media.sharing.isMotion, second.track.contentHint], [false, 'detail']);
});

test('a browser that changes nothing of a shared screen shares it all the same', async () => {
  const made = makeMedia();
  const { track } = await share(made, false);
  await made.media.setMotion(true);
  assert.deepEqual([made.media.status.screen, track.contentHint, made.problems, made.notes], [true, 'motion', [], []]);
});

test('the sound of a screen is asked for as it is, without the call in it', async () => {
  const { asked, sound } = await share(makeMedia());
  const { echoCancellation, noiseSuppression, autoGainControl, suppressLocalAudioPlayback, restrictOwnAudio } = asked.audio;
  assert.deepEqual([echoCancellation, noiseSuppression, autoGainControl, suppressLocalAudioPlayback, restrictOwnAudio], [false, false, false, false, true]);
  assert.deepEqual([asked.systemAudio, asked.selfBrowserSurface, asked.surfaceSwitching], ['include', 'exclude', 'include']);
  assert.equal(sound.contentHint, 'music');
});

for (const [what, settings, isTaken] of [
  ['a tab', { displaySurface: 'browser' }, true],
  ['the system, without the call', { displaySurface: 'monitor', restrictOwnAudio: true }, true],
  ['the system, with the call', { displaySurface: 'monitor', restrictOwnAudio: false }, false],
  ['the system, of a browser that cannot leave out the call', { displaySurface: 'monitor' }, false],
  ['a window, with the call', { displaySurface: 'window' }, false],
  ['a browser that does not say of what', {}, true],
]) {
  test(`sound of ${what} is ${isTaken ? '' : 'not '}sent`, async () => {
    const made = makeMedia();
    const { sound } = await share(made, true, settings);
    const expected = isTaken ? ['sent', sound, 'live', []] : ['none', undefined, 'ended', [['note.screen-echo', undefined]]];
    assert.deepEqual([made.media.sharing.sound, made.media.screenSound, sound.readyState, made.notes], expected);
    assert.equal(made.media.status.screen, true);
  });
}

test('sound is switched off and on, falls silent and ends, and the picture goes on', async () => {
  const made = makeMedia();
  const { media } = made;
  media.setScreenSound(false);
  assert.equal(media.sharing.sound, 'none', 'of nothing');
  const { sound } = await share(made);
  const seen = () => [media.sharing.sound, sound.enabled, media.status.screen];
  media.setScreenSound(false);
  assert.deepEqual(seen(), ['off', false, true]);
  media.setScreenSound(true);
  assert.deepEqual(seen(), ['sent', true, true]);
  made.heard.length = 0;
  sound.muted = true;
  sound.onmute();
  assert.deepEqual(seen(), ['none', true, true]);
  sound.muted = false;
  sound.onunmute();
  sound.onended();
  assert.deepEqual([seen(), made.heard], [['none', true, true], ['change', 'change', 'change']]);
  assert.deepEqual([media.screenSound, made.devices.live], [undefined, ['video']]);
});

test('another surface whose sound has the call in it is sent without', async () => {
  const made = makeMedia();
  let changed;
  const original = made.devices.getDisplayMedia;
  made.devices.getDisplayMedia = (wishes) => original.call(made.devices, wishes).then((stream) => {
    for (const track of stream.getTracks()) track.addEventListener = (name, act) => (changed = name === 'configurationchange' ? act : changed);
    return stream;
  });
  const { settings, sound } = await share(made, true, { displaySurface: 'browser' });
  changed();
  assert.equal(made.media.sharing.sound, 'sent');
  settings.displaySurface = 'monitor';
  changed();
  assert.deepEqual([made.media.sharing.sound, sound.readyState, made.media.status.screen], ['none', 'ended', true]);
});

test('where sound keeps the picture from coming, the next try is without it, and the one after it asks again', async () => {
  const made = makeMedia();
  const { media, devices } = made;
  const fail = (name) => (void media.startScreen(), devices.refuse(name));
  await fail('NotReadableError');
  await fail('NotReadableError');
  await fail('NotReadableError');
  assert.deepEqual(made.problems.map(([key]) => key), ['problem.screen-failed-with-sound', 'problem.screen-failed', 'problem.screen-failed-with-sound']);
  await fail('NotAllowedError');
  const { asked } = await share(made);
  assert.deepEqual([asked.audio, media.sharing.sound, media.status.screen, made.problems.length], [false, 'none', true, 3]);
  media.stopScreen();
  assert.notEqual((await share(made)).asked.audio, false);
});

test('of a screen that is not shared nothing moves', async () => {
  const { media, heard } = makeMedia();
  await media.setMotion(true);
  assert.deepEqual([media.sharing.isMotion, heard], [false, []]);
});

test('whoever shares is told that the browser has ended it, and not of what they ended themselves', async () => {
  const made = makeMedia();
  const { media } = made;
  await share(made);
  media.stopScreen();
  assert.deepEqual([made.notes, media.status.screen], [[], false]);
  const { track } = await share(made);
  track.onended();
  assert.deepEqual([made.notes, media.status.screen, track.readyState], [[['note.screen-ended', undefined]], false, 'ended']);
});

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
  assert.equal(devices.requests[0].constraints.video.deviceId?.exact, undefined, 'it is not asked for again');
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

for (const [what, take, change] of [
  ['a microphone for another', (media) => media.setMicrophone(true), (media) => media.choose('audioinput', 'b')],
  ['a microphone that was unplugged', (media) => media.setMicrophone(true), (media) => media.audioTrack.onended()],
  ['a camera that is switched off', (media) => media.setCamera(true), (media) => media.setCamera(false)],
  ['a camera for that on the other side', (media) => media.setCamera(true), (media) => media.flip()],
  ['a screen', (media) => media.startScreen(), (media) => media.stopScreen()],
  ['all at the end', (media) => media.start(), (media) => media.stop()],
]) {
  test(`nothing listens to what is given back: ${what}`, async () => {
    const { media, devices } = makeMedia();
    void take(media);
    const given = await devices.grant(0, { facingMode: 'user' });
    await settle();
    assert.ok(given.every(({ onended }) => onended));
    void change(media);
    while (devices.requests.length > 0) await devices.grant();
    assert.deepEqual(given.map(({ readyState, onended, onmute, onunmute }) => [readyState, onended, onmute, onunmute]), given.map(() => ['ended', null, null, null]));
  });
}

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

const microphones = (...ids) => ids.map((id) => ['audioinput', id]);

test('what is chosen is asked for again on the next visit, and told to remember', async () => {
  const { media, devices } = makeMedia();
  devices.list = [['audioinput', 'a', 'Headset']];
  void media.start();
  await devices.grant();
  assert.deepEqual(media.choose('audioinput', 'a'), { id: 'a', label: 'Headset' });
  const next = makeMedia({ preferred: { audioinput: { id: 'a', label: 'Headset' } } });
  void next.media.start();
  assert.deepEqual(next.devices.requests[0].constraints.audio.deviceId, { ideal: 'a' });
  assert.equal(next.devices.requests[0].constraints.video.deviceId, undefined);
});

for (const [what, list, given, asked] of [
  ['is given', [['audioinput', 'a', 'Headset']], 'a', undefined],
  ['has another id by now', [['audioinput', 'z', 'Built in'], ['audioinput', 'b', 'Headset']], 'z', 'b'],
  ['is not there', [['audioinput', 'z', 'Built in'], ['videoinput', 'a', 'Headset']], 'z', undefined],
  ['has no label, and another id', [['audioinput', 'z', ''], ['audioinput', 'b', '']], 'z', undefined],
]) {
  test(`a microphone of an earlier visit that ${what}`, async () => {
    const label = what.startsWith('has no label') ? '' : 'Headset';
    const { media, devices, problems } = makeMedia({ preferred: { audioinput: { id: 'a', label } } });
    devices.list = list;
    void media.start();
    await devices.grant(0, { deviceId: given });
    assert.deepEqual(devices.requests.map(({ constraints }) => constraints.audio?.deviceId), asked ? [{ exact: asked }] : []);
    assert.deepEqual(problems, []);
  });
}

test('a device that was unplugged is used again when it is back', async () => {
  for (const isMuted of [false, true]) {
    const { media, devices, problems, notes } = makeMedia();
    void media.start();
    await devices.grant(0, { deviceId: 'a' });
    if (isMuted) await media.setMicrophone(false);
    void media.audioTrack.onended();
    await devices.grant(0, { deviceId: 'b' });
    assert.deepEqual(problems, [['problem.microphone-replaced', 'b']]);
    await devices.plug(...microphones('b', 'c'));
    assert.equal(devices.requests.length, 0, 'that is another one');
    await devices.plug(...microphones('b', 'a'));
    assert.deepEqual(devices.requests[0].constraints.audio.deviceId, { exact: 'a' });
    await devices.grant(0, { deviceId: 'a' });
    assert.deepEqual([media.chosen('audioinput'), media.status.audio], ['a', !isMuted]);
    assert.deepEqual(notes, ['problem.microphone-gone', 'problem.microphone-replaced', ['problem.microphone-back', 'a']]);
    await devices.plug(...microphones('a'));
    assert.equal(devices.requests.length, 0, 'nothing is left to do');
  }
});

test('a device that is back before another one has taken its place is used again', async () => {
  for (const isReplaced of [true, false]) {
    const { media, devices } = makeMedia();
    void media.start();
    await devices.grant(0, { deviceId: 'a' });
    void media.audioTrack.onended();
    await devices.plug(...microphones('b', 'a'));
    assert.equal(devices.requests.length, 1, 'one at a time');
    if (isReplaced) await devices.grant(0, { deviceId: 'b' });
    else await devices.refuse('NotFoundError');
    assert.deepEqual(devices.requests.map(({ constraints }) => constraints.audio.deviceId), [{ exact: 'a' }]);
    await devices.grant(0, { deviceId: 'a' });
    assert.deepEqual([media.chosen('audioinput'), media.status.audio], ['a', true]);
  }
});

test('where nothing was left, whatever is plugged in is used, as it was used before', async () => {
  for (const isMuted of [false, true]) {
    const { media, devices } = makeMedia();
    void media.start();
    await devices.grant(0, { deviceId: 'a' });
    if (isMuted) await media.setMicrophone(false);
    void media.audioTrack.onended();
    await devices.refuse('NotFoundError');
    await devices.plug(['videoinput', 'x']);
    assert.equal(devices.requests.length, 0, 'a camera is no microphone');
    await devices.plug(...microphones('b'));
    await devices.grant(0, { deviceId: 'b' });
    assert.deepEqual([media.chosen('audioinput'), media.status.audio], ['b', !isMuted]);
  }
});

test('whoever chose another one meanwhile keeps it', async () => {
  const { media, devices } = makeMedia();
  void media.start();
  await devices.grant(0, { deviceId: 'a' });
  void media.audioTrack.onended();
  await devices.grant(0, { deviceId: 'b' });
  media.choose('audioinput', 'c');
  await devices.grant(0, { deviceId: 'c' });
  await devices.plug(...microphones('a', 'b', 'c'));
  assert.deepEqual([devices.requests.length, media.chosen('audioinput')], [0, 'c']);
});

test('a camera that is off stays off when another one is chosen, or plugged in', async () => {
  const { media, devices } = makeMedia();
  void media.start();
  await devices.grant(0, { deviceId: 'a' });
  await media.setCamera(false);
  media.choose('videoinput', 'b');
  await devices.plug(['videoinput', 'b']);
  assert.deepEqual([devices.requests.length, media.status.video], [0, false]);
});

test('what a person switches off stays off, whatever was unplugged before and is back', async () => {
  for (const isReplaced of [true, false]) {
    const { media, devices } = makeMedia();
    void media.start();
    await devices.grant(0, { deviceId: 'a' });
    void media.videoTrack.onended();
    if (isReplaced) await devices.grant(0, { deviceId: 'b' });
    else await devices.refuse('NotFoundError');
    await media.setCamera(false);
    await devices.plug(['videoinput', 'a'], ['videoinput', 'b']);
    assert.deepEqual([devices.requests.length, media.status.video], [0, false]);
  }
});

for (const [what, denied, expected] of [
  ['that was denied is asked for when it is granted', true, 1],
  ['that was not asked for is left alone when it is granted', false, 0],
]) {
  test(`a microphone ${what}`, async () => {
    const permission = Object.assign(new EventTarget(), { state: 'denied' });
    const { media, devices } = makeMedia({}, { query: async ({ name }) => (name === 'microphone' ? permission : Promise.reject(new TypeError('no')) ) });
    void media.start();
    await settle();
    for (let count = 0; count < 3; count += 1) await devices.refuse(denied ? 'NotAllowedError' : 'NotFoundError');
    permission.state = 'granted';
    permission.dispatchEvent(new Event('change'));
    await settle();
    assert.equal(devices.requests.length, expected);
    media.stop();
    permission.dispatchEvent(new Event('change'));
    assert.equal(devices.requests.length, expected, 'nothing is asked for after the end');
  });
}

test('that the browser asks is known while it does', async () => {
  const { media, devices } = makeMedia({}, { query: async () => Object.assign(new EventTarget(), { state: 'prompt' }) });
  void media.start();
  await settle();
  assert.equal(media.isPrompting, true);
  await devices.grant();
  assert.equal(media.isPrompting, false);
});

const states = (microphone, camera = microphone) => ({ query: async ({ name }) => Object.assign(new EventTarget(), { state: { microphone, camera }[name] }) });
const unsaid = { query: () => Promise.reject(new TypeError('no')) };
const nameless = [['audioinput', 'm', ''], ['videoinput', 'v', '']];

for (const [name, permissions, list, isBefore] of [
  ['both are given already', states('granted'), nameless, false],
  ['both would be asked for', states('prompt'), nameless, true],
  ['the camera alone would be asked for', states('granted', 'prompt'), nameless, true],
  ['there is no camera to ask for', states('granted', 'prompt'), nameless.slice(0, 1), false],
  ['nothing is plugged in', states('prompt'), [], false],
  ['both are refused already', states('denied'), nameless, false],
  ['the browser does not say, and has given none', unsaid, nameless, true],
  ['the browser does not say, and has given both', unsaid, [['audioinput', 'm'], ['videoinput', 'v']], false],
  ['the browser does not say, and has given one', unsaid, [['audioinput', 'm'], ['videoinput', 'v', '']], true],
  ['there is nothing to ask by', undefined, nameless, true],
]) {
  test(`what the browser will ask is said first where it will ask: ${name}`, async () => {
    const { media, devices } = makeMedia({}, permissions);
    devices.list = list;
    void media.prepare();
    await settle();
    assert.deepEqual([media.isBeforePrompt, devices.requests.length], [isBefore, isBefore ? 0 : 1]);
    if (!isBefore) return;
    void media.start();
    assert.deepEqual([media.isBeforePrompt, devices.requests.length], [false, 1]);
  });
}

for (const [name, act] of [
  ['switches the microphone on', (media) => media.setMicrophone(true)],
  ['switches the camera on', (media) => media.setCamera(true)],
]) {
  test(`whoever ${name} before it is said what the browser asks is asked for that alone`, async () => {
    for (const isFirst of [true, false]) {
      const { media, devices } = makeMedia({}, states('prompt'));
      devices.list = nameless;
      if (isFirst) void act(media);
      void media.prepare();
      await settle();
      if (!isFirst) void act(media);
      assert.deepEqual([media.isBeforePrompt, devices.requests.length], [false, 1]);
    }
  });
}

test('nothing is asked for by a page that is left before it is known whether the browser asks', async () => {
  const { media, devices } = makeMedia({}, states('granted'));
  devices.list = nameless;
  void media.prepare();
  media.stop();
  await settle();
  assert.deepEqual([media.isBeforePrompt, devices.requests.length], [false, 0]);
});

test('what is done to the voice changes with a new track, and who is muted stays so', async () => {
  const { media, devices } = makeMedia({ processing: { echoCancellation: false } });
  void media.setProcessing({ autoGainControl: false });
  assert.equal(devices.requests.length, 0, 'there is no microphone yet');
  void media.setMicrophone(true);
  const wanted = ({ constraints: { audio } }) => [audio.echoCancellation, audio.noiseSuppression, audio.autoGainControl];
  assert.deepEqual(wanted(devices.requests[0]), [false, true, false]);
  await devices.grant();
  await media.setMicrophone(false);
  void media.setProcessing({ noiseSuppression: false });
  assert.deepEqual(wanted(devices.requests[0]), [false, false, false]);
  await devices.grant();
  assert.deepEqual([media.status.audio, devices.live], [false, ['audio']]);
});

test('a phone turns its camera round, and turns it back where the other one cannot be had', async () => {
  const { media, devices, problems } = makeMedia();
  void media.setCamera(true);
  const [front] = await devices.grant(0, { deviceId: 'f', facingMode: 'user' });
  assert.equal(media.isFacingAway, false);
  void media.flip();
  assert.deepEqual([front.readyState, devices.requests[0].constraints.video.facingMode], ['ended', { ideal: 'environment' }]);
  await devices.grant(0, { deviceId: 'b', facingMode: 'environment' });
  assert.deepEqual([media.isFacingAway, media.status.video], [true, true]);
  void media.flip();
  await devices.refuse('NotReadableError');
  assert.deepEqual(devices.requests[0].constraints.video.facingMode, { ideal: 'environment' });
  await devices.grant(0, { deviceId: 'b', facingMode: 'environment' });
  assert.deepEqual([media.isFacingAway, media.status.video, problems.map(([key]) => key)], [true, true, ['problem.camera-busy']]);
  void media.flip();
  await devices.refuse('NotReadableError');
  await devices.refuse('NotReadableError');
  assert.deepEqual([media.status.video, media.wanted.video], [false, false]);
});

test('a computer takes the next camera, one after the other', async () => {
  const { media, devices } = makeMedia();
  devices.list = [['videoinput', 'a'], ['audioinput', 'm'], ['videoinput', 'b']];
  void media.start();
  await devices.grant(0, { deviceId: 'a' });
  for (const id of ['b', 'a']) {
    void media.flip();
    assert.deepEqual(devices.requests[0].constraints.video.deviceId, { exact: id });
    await devices.grant(0, { deviceId: id });
  }
  await media.setCamera(false);
  await media.flip();
  assert.equal(devices.requests.length, 0, 'it is off');
});

test('a background that was blurred stays so with another camera', async () => {
  const able = () => ({ capabilities: { backgroundBlur: [true, false] }, backgroundBlur: false });
  const { media, devices } = makeMedia();
  void media.setCamera(true);
  await devices.grant();
  await media.setBlur(true);
  assert.deepEqual(media.blur, { isPossible: false, isOn: false });
  for (const id of ['a', 'b']) {
    media.choose('videoinput', id);
    await devices.grant(0, able());
    assert.deepEqual(media.blur, { isPossible: true, isOn: true });
  }
  await media.setBlur(false);
  assert.equal(media.blur.isOn, false);
});

test('a speaker that is gone is not used, and used again when it is back', async () => {
  const { media, devices, problems, notes } = makeMedia({ preferred: { audiooutput: { id: 'old', label: 'Loud' } } });
  devices.list = [['audiooutput', 's', 'Loud']];
  void media.start();
  await devices.grant();
  assert.equal(media.chosen('audiooutput'), 's');
  await devices.plug(['audiooutput', 'x', 'Other']);
  assert.deepEqual([media.chosen('audiooutput'), problems], [undefined, [['problem.speaker-gone', undefined]]]);
  await devices.plug(['audiooutput', 's', 'Loud'], ['audiooutput', 'x', 'Other']);
  assert.deepEqual([media.chosen('audiooutput'), notes.at(-1)], ['s', 'problem.speaker-gone']);
  assert.deepEqual(media.choose('audiooutput', 'x'), { id: 'x', label: 'Other' });
  assert.equal(media.chosen('audiooutput'), 'x');
});
