import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../client/emitter.js';
import { settle } from '../clock.js';
import { FakeConnection } from './fake-connection.js';

globalThis.MediaStream = class {
  getTracks() {
    return [];
  }
};
globalThis.RTCPeerConnection = FakeConnection;
const { Call, knownLimit } = await import('../../call/call.js');
const { CallLink } = await import('../../net/call-link.js');

/** The listeners on the window that are not removed. */
const listeners = new Set();
globalThis.addEventListener = (name, listener, { signal } = {}) => {
  if (signal?.aborted) return;
  listeners.add(listener);
  signal?.addEventListener('abort', () => listeners.delete(listener));
};

/** A socket whose server is the test. */
class FakeSocket extends Emitter {
  connected = false;
  requests = [];

  constructor(answer) {
    super();
    this.answer = answer;
  }

  connect() {
    this.connected = true;
    this.dispatch('connect');
  }

  disconnect() {
    this.connected = false;
  }

  timeout() {
    return this;
  }

  emit() {}

  async emitWithAck(name, request) {
    return this.answer(name, request);
  }
}

function makeMedia() {
  return Object.assign(new Emitter(), { status: { audio: false, video: false, screen: false }, stream: {} });
}

/** Two people whose signals the test passes on. */
function makePair() {
  const sockets = {};
  const calls = {};
  let joins = 0;
  const [polite, impolite] = ['ann', 'bea'];
  const info = (id) => ({ id, name: id, polite: id === impolite, status: { audio: true, video: true, screen: false } });
  for (const [self, other] of [['ann', 'bea'], ['bea', 'ann']]) {
    sockets[self] = new FakeSocket((name, request) => {
      if (name === 'join') return { self, peers: calls[other] ? [info(other)] : [], iceServers: [], epoch: 10 * (joins += 1), resumeKey: self };
      const { to, ...signal } = request;
      void settle().then(() => sockets[to].dispatch('signal', { from: self, ...structuredClone(signal) }));
      return {};
    });
  }
  const enter = async (id) => {
    calls[id] = new Call({ link: new CallLink({ socket: sockets[id], room: 'room', name: id }), media: makeMedia() });
    calls[id].start();
    await rest();
  };
  const leave = () => Object.values(calls).forEach((call) => call.leave());
  return { calls, sockets, info, enter, leave, polite, impolite };
}

async function rest() {
  for (let round = 0; round < 60; round += 1) await settle();
}

const peerOf = (call, id) => call.peers.get(id);

function assertConnected({ calls }) {
  const [ann, bea] = [peerOf(calls.ann, 'bea').pc, peerOf(calls.bea, 'ann').pc];
  assert.deepEqual([ann.connectionState, bea.connectionState], ['connected', 'connected']);
  assert.deepEqual([ann.localDescription.sdp, ann.remoteDescription.sdp], [bea.remoteDescription.sdp, bea.localDescription.sdp]);
}

test('two people connect', async (context) => {
  const pair = makePair();
  context.after(pair.leave);
  await pair.enter('ann');
  pair.sockets.ann.dispatch('peer-joined', pair.info('bea'));
  await pair.enter('bea');
  assertConnected(pair);
});

for (const [sleeper, waker, state] of [
  ['ann', 'bea', 'connected'],
  ['bea', 'ann', 'connected'],
  ['ann', 'bea', 'failed'],
  ['bea', 'ann', 'failed'],
]) {
  test(`${sleeper} sleeps for so long that ${waker} gives up, and sees herself ${state} on waking`, async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const pair = makePair();
    context.after(pair.leave);
    await pair.enter('ann');
    pair.sockets.ann.dispatch('peer-joined', pair.info('bea'));
    await pair.enter('bea');

    for (let round = 0; round < 3; round += 1) {
      const before = peerOf(pair.calls[sleeper], waker).pc;
      pair.sockets[waker].dispatch('peer-away', { id: sleeper });
      peerOf(pair.calls[waker], sleeper).pc.become('failed');
      pair.sockets[waker].dispatch('peer-left', { id: sleeper });
      assert.equal(pair.calls[waker].peers.size, 0);

      if (state !== 'connected') before.become(state);
      pair.sockets[sleeper].dispatch('disconnect');
      pair.sockets[sleeper].dispatch('connect');
      pair.sockets[waker].dispatch('peer-joined', pair.info(sleeper));
      await rest();
      // No timer has run: nobody waited for one.
      assertConnected(pair);
      assert.notEqual(peerOf(pair.calls[sleeper], waker).pc, before);
      // Connections that a peer asks for come once a second.
      context.mock.timers.tick(1000);
    }
  });
}

test('whoever comes and goes without a word in between is not taken for somebody further on', async (context) => {
  const pair = makePair();
  context.after(pair.leave);
  await pair.enter('ann');
  pair.sockets.ann.dispatch('peer-joined', pair.info('bea'));
  await pair.enter('bea');
  peerOf(pair.calls.ann, 'bea').pc.become('failed');
  pair.sockets.bea.dispatch('disconnect');
  for (let round = 0; round < 3; round += 1) {
    pair.sockets.ann.dispatch('peer-left', { id: 'bea' });
    pair.sockets.ann.dispatch('peer-joined', pair.info('bea'));
  }
  pair.sockets.bea.dispatch('connect');
  await rest();
  assertConnected(pair);
});

for (const [who, other] of [['ann', 'bea'], ['bea', 'ann']]) {
  test(`${who} loads the page again, as the same member`, async (context) => {
    const pair = makePair();
    context.after(pair.leave);
    await pair.enter('ann');
    pair.sockets.ann.dispatch('peer-joined', pair.info('bea'));
    await pair.enter('bea');
    for (let round = 0; round < 3; round += 1) {
      pair.calls[who].leave();
      pair.sockets[other].dispatch('peer-left', { id: who });
      pair.sockets[who].off();
      pair.sockets[other].dispatch('peer-joined', pair.info(who));
      await pair.enter(who);
      assertConnected(pair);
    }
  });
}

test('a loss of signalling alone changes no connection', async (context) => {
  const pair = makePair();
  context.after(pair.leave);
  await pair.enter('ann');
  pair.sockets.ann.dispatch('peer-joined', pair.info('bea'));
  await pair.enter('bea');
  const before = [peerOf(pair.calls.ann, 'bea').pc, peerOf(pair.calls.bea, 'ann').pc];
  pair.sockets.ann.dispatch('peer-away', { id: 'bea' });
  pair.sockets.bea.dispatch('disconnect');
  pair.sockets.bea.dispatch('connect');
  pair.sockets.ann.dispatch('peer-back', pair.info('bea'));
  await rest();
  assert.deepEqual([peerOf(pair.calls.ann, 'bea').pc, peerOf(pair.calls.bea, 'ann').pc], before);
});

test('so many of those who left are remembered', async (context) => {
  const pair = makePair();
  context.after(pair.leave);
  await pair.enter('ann');
  const call = pair.calls.ann;
  const visit = (id) => {
    pair.sockets.ann.dispatch('peer-joined', { id, name: id, polite: true });
    const { epoch } = peerOf(call, id).successor;
    pair.sockets.ann.dispatch('peer-left', { id });
    return epoch;
  };
  const first = visit('p0');
  for (let index = 1; index < knownLimit; index += 1) visit(`p${index}`);
  assert.equal(visit('p0'), first + 1);
  visit('one more');
  assert.deepEqual([visit('p1'), visit('p0')], [first + 1, first]);
});

test('entering and leaving eight times leaves no listener', async () => {
  for (let round = 0; round < 8; round += 1) {
    const pair = makePair();
    await pair.enter('ann');
    assert.ok(listeners.size > 0);
    pair.leave();
  }
  assert.equal(listeners.size, 0);
});

test('whoever finds the call full is told once, stays, and joins when there is a place', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let isFull = true;
  const socket = new FakeSocket(() =>
    isFull ? { error: { code: 'room-full', message: 'Full.' } } : { self: 'me', peers: [], iceServers: [], epoch: 1 },
  );
  const call = new Call({ link: new CallLink({ socket, room: 'room', name: 'Me' }), media: makeMedia() });
  const heard = [];
  call.on('note', (note) => heard.push(note.key));
  call.on('refused', () => heard.push('refused'));
  call.start();
  for (let attempt = 0; attempt < 3; attempt++) {
    await settle();
    context.mock.timers.tick(60_000);
  }
  await settle();
  assert.deepEqual([heard, call.self], [['call.without'], undefined]);
  isFull = false;
  context.mock.timers.tick(60_000);
  await settle();
  assert.deepEqual([heard, call.self], [['call.without'], 'me']);
  call.leave();
});
