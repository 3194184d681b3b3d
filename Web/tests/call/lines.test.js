import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lines } from '../../call/lines/lines.js';
import { Negotiation } from '../../call/negotiation/negotiation.js';
import { settle } from '../clock.js';
import { FakeConnection } from './fake-connection.js';

const track = (kind, name) => ({ kind, name });
const microphone = track('audio', 'voice');
const camera = track('video', 'camera');
const screen = track('video', 'screen');
const sound = track('audio', 'sound');

async function rest() {
  for (let round = 0; round < 80; round += 1) await settle();
}

/** A page with its end of a connection; `isOld`: one that knows of a microphone and a camera alone. */
function makeEnd({ polite, media = {}, isOld = false, send }) {
  const end = { media: { stream: {}, screenStream: {}, audioTrack: microphone, videoTrack: camera, ...media }, heard: new Map() };
  end.lines = new Lines(end.media);
  const open = (connection) => {
    if (!isOld) end.lines.open(connection);
    else for (const of of [microphone, camera]) connection.addTransceiver(of);
  };
  const answer = async (connection) => {
    if (!isOld) return end.lines.answer(connection);
    for (const of of [microphone, camera]) {
      const line = connection.getTransceivers().find(({ receiver }) => receiver.track.kind === of.kind);
      if (!line) continue;
      line.direction = 'sendrecv';
      await line.sender.replaceTrack(of);
    }
  };
  end.negotiation = new Negotiation({
    polite,
    epoch: 1,
    makeConnection() {
      const connection = new FakeConnection({});
      end.lines.reset();
      connection.onsignalingstatechange = () => connection.signalingState === 'stable' && end.lines.settle() && void end.lines.send();
      connection.ontrack = ({ transceiver }) => end.heard.set(transceiver.mid, end.lines.isOfScreen(connection, transceiver));
      return connection;
    },
    attach: (connection, isOfferer) => (isOfferer ? open(connection) : answer(connection)),
    send,
    onError: (error) => assert.fail(error),
  });
  return end;
}

/** Two ends; signals arrive in their order, unless they are held back. */
function makePair({ ann = {}, bea = {} } = {}) {
  const pair = { held: undefined };
  const pass = (to) => async (signal) => {
    if (pair.held) pair.held.push([to, signal]);
    else await settle().then(() => pair[to].negotiation.receive(structuredClone(signal)));
  };
  pair.ann = makeEnd({ polite: true, ...ann, send: pass('bea') });
  pair.bea = makeEnd({ polite: false, ...bea, send: pass('ann') });
  return pair;
}

const connectionOf = ({ negotiation }) => negotiation.connection;
const linesOf = (end) =>
  connectionOf(end).getTransceivers().filter(({ mid }) => mid !== null).sort((a, b) => a.mid - b.mid);
/** What is sent on each line, where the line lets it through. */
const sent = (end) => linesOf(end).map(({ sender, currentDirection }) => (currentDirection.startsWith('send') ? sender.track?.name ?? '-' : ''));

async function share(end, tracks = { screenTrack: screen, screenSound: sound }) {
  Object.assign(end.media, tracks);
  await end.lines.send();
  await rest();
}
const unshare = (end) => share(end, { screenTrack: undefined, screenSound: undefined });

for (const [offerer, answerer] of [['ann', 'bea'], ['bea', 'ann']]) {
  for (const sharer of [offerer, answerer]) {
    test(`${offerer} offers, and ${sharer} shares again and again on the same lines`, async () => {
      const pair = makePair();
      await pair[offerer].negotiation.start();
      await rest();
      const other = sharer === offerer ? answerer : offerer;
      assert.deepEqual([pair.ann.lines.takesScreen, pair.bea.lines.takesScreen], [true, true]);
      for (let round = 0; round < 3; round += 1) {
        await share(pair[sharer]);
        assert.deepEqual(sent(pair[sharer]), ['voice', 'camera', 'screen', 'sound']);
        await unshare(pair[sharer]);
        assert.deepEqual(sent(pair[sharer]), ['voice', 'camera', '-', '-']);
      }
      assert.deepEqual([...pair[other].heard.values()], [false, false, true, true]);
    });
  }

  test(`${offerer} offers, and both share at the same moment`, async () => {
    const pair = makePair();
    await pair[offerer].negotiation.start();
    await rest();
    await Promise.all([share(pair.ann), share(pair.bea)]);
    for (const end of [pair.ann, pair.bea]) assert.deepEqual(sent(end), ['voice', 'camera', 'screen', 'sound']);
  });

  test(`${offerer} shares while the other offers something else`, async () => {
    const pair = makePair();
    await pair[offerer].negotiation.start();
    await rest();
    pair[answerer].negotiation.restartIce();
    await share(pair[offerer]);
    assert.deepEqual(sent(pair[offerer]), ['voice', 'camera', 'screen', 'sound']);
    assert.equal(linesOf(pair[answerer]).length, 4);
  });

  test(`${answerer} shares before ${offerer} offers`, async () => {
    const pair = makePair({ [answerer]: { media: { screenTrack: screen, screenSound: sound } } });
    await pair[offerer].negotiation.start();
    await rest();
    assert.deepEqual(sent(pair[answerer]), ['voice', 'camera', 'screen', 'sound']);
  });

  test(`${offerer} shares before offering`, async () => {
    const pair = makePair({ [offerer]: { media: { screenTrack: screen, screenSound: sound } } });
    await pair[offerer].negotiation.start();
    await rest();
    assert.deepEqual(sent(pair[offerer]), ['voice', 'camera', 'screen', 'sound']);
  });

  test(`${offerer} makes another connection while sharing, which has the screen from its first offer on`, async () => {
    const pair = makePair();
    await pair[offerer].negotiation.start();
    await rest();
    await share(pair[offerer]);
    await pair[offerer].negotiation.renew();
    await rest();
    const [connection] = [connectionOf(pair[offerer])];
    assert.equal(connection.getTransceivers().length, 4);
    assert.deepEqual(sent(pair[offerer]), ['voice', 'camera', 'screen', 'sound']);
    assert.match(connection.localDescription.sdp, /^offer \d+\.1 /, 'one offer was enough');
  });

  test(`${offerer}'s page is one of before: a screen takes the place of the camera`, async () => {
    const pair = makePair({ [offerer]: { isOld: true } });
    await pair[offerer].negotiation.start();
    await rest();
    assert.equal(pair[answerer].lines.takesScreen, false);
    await share(pair[answerer]);
    assert.deepEqual(sent(pair[answerer]), ['voice', 'screen']);
    await unshare(pair[answerer]);
    assert.deepEqual(sent(pair[answerer]), ['voice', 'camera']);
  });

  test(`${offerer} offers to a page of before: that is never told of more than camera and voice`, async () => {
    const pair = makePair({ [offerer]: { media: { screenTrack: screen, screenSound: sound } }, [answerer]: { isOld: true } });
    await pair[offerer].negotiation.start();
    await rest();
    assert.equal(pair[offerer].lines.takesScreen, false);
    assert.deepEqual(sent(pair[offerer]), ['voice', 'screen', '', '']);
    pair[answerer].negotiation.restartIce();
    await rest();
    assert.deepEqual([...pair[answerer].heard.keys()], ['0', '1']);
    await unshare(pair[offerer]);
    assert.deepEqual(sent(pair[offerer]), ['voice', 'camera', '', '']);
    await pair[offerer].negotiation.renew();
    await rest();
    assert.deepEqual(sent(pair[offerer]), ['voice', 'camera', '', '']);
  });
}

test('of two first offers that cross, the lines of one are left, and carry all', async () => {
  const pair = makePair({ ann: { media: { screenTrack: screen } }, bea: { media: { screenTrack: screen, screenSound: sound } } });
  await Promise.all([pair.ann.negotiation.start(), pair.bea.negotiation.start()]);
  await rest();
  assert.deepEqual([linesOf(pair.ann).length, linesOf(pair.bea).length], [4, 4]);
  assert.deepEqual([sent(pair.ann), sent(pair.bea)], [['voice', 'camera', 'screen', '-'], ['voice', 'camera', 'screen', 'sound']]);
  for (const end of [pair.ann, pair.bea]) assert.ok([...end.heard].every(([mid, isOfScreen]) => isOfScreen === mid > 1));
});

for (const old of ['ann', 'bea']) {
  test(`the same where the page of ${old} is one of before: voice and camera pass`, async () => {
    const other = old === 'ann' ? 'bea' : 'ann';
    const pair = makePair({ [old]: { isOld: true } });
    await Promise.all([pair.ann.negotiation.start(), pair.bea.negotiation.start()]);
    await rest();
    assert.ok([...pair[other].heard.values()].every((isOfScreen) => !isOfScreen));
    await share(pair[other]);
    assert.ok(sent(pair[other]).includes('voice') && sent(pair[other]).includes('screen') && !sent(pair[other]).includes('camera'));
  });
}

test('a peer that takes neither picture nor sound, and one that takes the voice alone', async () => {
  for (const kinds of [[], ['audio']]) {
    const lines = new Lines({ audioTrack: microphone, videoTrack: camera, screenTrack: screen });
    const connection = new FakeConnection({});
    await connection.setRemoteDescription({ type: 'offer', sdp: `offer 0.0 ${JSON.stringify(kinds.map((kind) => [kind, 'sendrecv']))}` });
    await lines.answer(connection);
    assert.equal(lines.takesScreen, false);
    assert.deepEqual(Object.entries(lines.senders).map(([role, { track }]) => [role, track?.name]), [['microphone', 'voice'], ['screen', 'screen']]);
  }
});
