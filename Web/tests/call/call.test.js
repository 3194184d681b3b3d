import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../client/emitter.js';
import { settle } from '../clock.js';
import { FakeConnection } from './fake-connection.js';

globalThis.MediaStream = class {
  getTracks() {
    return [];
  }

  addTrack() {}
};
globalThis.RTCPeerConnection = FakeConnection;
const { Call, knownLimit } = await import('../../call/call.js');
const { CallLink } = await import('../../net/call-link.js');
const { Members } = await import('../../net/members.js');
const { RoomLink } = await import('../../net/room-link.js');
const { createPageStore } = await import('../../state/state.js');

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

  async emitWithAck(name, ...values) {
    this.requests.push([name, ...values]);
    return this.answer(name, ...values);
  }
}

function makeMedia() {
  return Object.assign(new Emitter(), { status: { audio: false, video: false, screen: false }, stream: {} });
}

function makeLinks(socket, name) {
  const store = createPageStore();
  const link = new RoomLink({ socket, room: 'room', name });
  const members = new Members({ link, store });
  return { store, link, members, callLink: new CallLink(link, store) };
}

function makeCall(socket, name) {
  const { link, callLink } = makeLinks(socket, name);
  const call = new Call({ link: callLink, media: makeMedia() });
  call.start();
  const leave = () => {
    call.leave();
    link.leave();
  };
  return { call, link, leave };
}

const away = (info) => ({ ...info, call: { ...info.call, away: true } });

/** Two people whose signals the test passes on. */
function makePair() {
  const sockets = {};
  const calls = {};
  const leaves = [];
  let joins = 0;
  const forgotten = new Set();
  const info = (id, stay = `stay of ${id}`) => ({ id, name: id, away: false, call: { stay, away: false, audio: true, video: true, screen: false } });
  const makeSocket = (self, other) =>
    new FakeSocket((name, ...values) => {
      if (name === 'join') {
        const members = [info(self), ...(calls[other] ? [info(other)] : [])];
        return { self, key: self, members, call: { forgottenBy: forgotten.has(self) ? [other] : [] }, iceServers: [], epoch: 10 * (joins += 1) };
      }
      const [to, signal] = values;
      if (name === 'signal') void settle().then(() => sockets[to].dispatch('signal', self, structuredClone(signal)));
      return {};
    });
  const enter = async (id) => {
    sockets[id] = makeSocket(id, id === 'ann' ? 'bea' : 'ann');
    const made = makeCall(sockets[id], id);
    calls[id] = made.call;
    leaves.push(made.leave);
    made.link.start();
    await rest();
  };
  const leave = () => leaves.forEach((each) => each());
  return { calls, sockets, info, enter, leave, forgotten };
}

/** The same, ended with the test, after both have come. */
async function makeConnectedPair(context) {
  const pair = makePair();
  context.after(pair.leave);
  await pair.enter('ann');
  pair.sockets.ann.dispatch('member', pair.info('bea'));
  await pair.enter('bea');
  return pair;
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
  const pair = await makeConnectedPair(context);
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
    const pair = await makeConnectedPair(context);

    for (let round = 0; round < 3; round += 1) {
      const before = peerOf(pair.calls[sleeper], waker).pc;
      pair.sockets[waker].dispatch('member', away(pair.info(sleeper)));
      peerOf(pair.calls[waker], sleeper).pc.become('failed');
      pair.sockets[waker].dispatch('member-left', { id: sleeper, reason: 'lost' });
      pair.forgotten.add(sleeper);
      assert.equal(pair.calls[waker].peers.size, 0);

      if (state !== 'connected') before.become(state);
      pair.sockets[sleeper].dispatch('disconnect');
      pair.sockets[sleeper].dispatch('connect');
      pair.sockets[waker].dispatch('member', pair.info(sleeper));
      await rest();
      // No timer has run: nobody waited for one.
      assertConnected(pair);
      assert.notEqual(peerOf(pair.calls[sleeper], waker).pc, before);
      // Connections that a peer asks for come once a second.
      context.mock.timers.tick(1000);
    }
  });
}

for (const [reason, count] of /** @type {const} */ ([['lost', 1], ['left', 0], ['removed', 0]])) {
  test(`of somebody who was away and is gone (${reason}), ${count} tiles stay while media goes on`, async (context) => {
    const pair = await makeConnectedPair(context);
    pair.sockets.ann.dispatch('member', away(pair.info('bea')));
    pair.sockets.ann.dispatch('member-left', { id: 'bea', reason });
    assert.equal(pair.calls.ann.peers.size, count);
  });
}

for (const [sleeper, waker] of [['ann', 'bea'], ['bea', 'ann']]) {
  for (const said of ['nothing', 'another thing while away', 'an offer of before']) {
    test(`${sleeper} sleeps until ${waker}'s connection fails, and the place is kept; what was said: ${said}`, async (context) => {
      const pair = await makeConnectedPair(context);
      const before = peerOf(pair.calls[sleeper], waker).pc;
      pair.sockets[waker].dispatch('member', away(pair.info(sleeper)));
      peerOf(pair.calls[waker], sleeper).pc.become('failed');
      assert.equal(pair.calls[waker].peers.size, 0);
      if (said === 'another thing while away') pair.sockets[waker].dispatch('member', away({ ...pair.info(sleeper), hand: 1 }));
      pair.sockets[sleeper].dispatch('disconnect');
      if (said === 'an offer of before') await before.onnegotiationneeded();
      pair.sockets[sleeper].dispatch('connect');
      pair.sockets[waker].dispatch('member', pair.info(sleeper));
      await rest();
      assertConnected(pair);
    });
  }
}

test('whoever comes and goes without a word in between is not taken for somebody further on', async (context) => {
  const pair = await makeConnectedPair(context);
  peerOf(pair.calls.ann, 'bea').pc.become('failed');
  pair.sockets.bea.dispatch('disconnect');
  for (let round = 0; round < 3; round += 1) {
    pair.sockets.ann.dispatch('member-left', { id: 'bea', reason: 'lost' });
    pair.sockets.ann.dispatch('member', pair.info('bea'));
  }
  pair.forgotten.add('bea');
  pair.sockets.bea.dispatch('connect');
  await rest();
  assertConnected(pair);
});

for (const [who, other] of [['ann', 'bea'], ['bea', 'ann']]) {
  test(`${who} loads the page again, as the same member`, async (context) => {
    const pair = await makeConnectedPair(context);
    for (let round = 0; round < 3; round += 1) {
      pair.calls[who].leave();
      pair.sockets[who].off();
      pair.sockets[other].dispatch('member', pair.info(who, `page ${round}`));
      await pair.enter(who);
      assertConnected(pair);
    }
  });
}

test('a loss of signalling alone changes no connection', async (context) => {
  const pair = await makeConnectedPair(context);
  const before = [peerOf(pair.calls.ann, 'bea').pc, peerOf(pair.calls.bea, 'ann').pc];
  pair.sockets.ann.dispatch('member', away(pair.info('bea')));
  pair.sockets.bea.dispatch('disconnect');
  pair.sockets.bea.dispatch('connect');
  pair.sockets.ann.dispatch('member', pair.info('bea'));
  await rest();
  assert.deepEqual([peerOf(pair.calls.ann, 'bea').pc, peerOf(pair.calls.bea, 'ann').pc], before);
});

test('whoever forgot this side is connected to anew; with whoever was away too, media goes on', async (context) => {
  const info = (id) => ({ id, name: id, away: false, call: { stay: `stay of ${id}`, away: false, audio: true, video: true, screen: false } });
  const people = ['bea', 'cid', 'dee'];
  let forgottenBy = [];
  const socket = new FakeSocket((name) =>
    name === 'join' ? { self: 'ann', key: 'k', members: people.map(info), call: { forgottenBy }, iceServers: [], epoch: 10 } : {},
  );
  const { call, link, leave } = makeCall(socket, 'ann');
  context.after(leave);
  link.start();
  await rest();
  const pcs = () => people.map((id) => peerOf(call, id).pc);
  const before = pcs();
  const counts = [];
  call.on('peers', () => counts.push(call.peers.size));
  forgottenBy = ['bea', 'dee', 'whoever has left'];
  socket.dispatch('disconnect');
  socket.dispatch('connect');
  await rest();
  assert.deepEqual(pcs().map((pc, index) => pc === before[index]), [false, true, false]);
  assert.deepEqual(before.map(({ connectionState }) => connectionState === 'closed'), [true, false, true]);
  // Those who watch the peers see that the old ones are gone.
  assert.deepEqual(counts, [1, 3]);
});

test('so many of those who left are remembered', async (context) => {
  const pair = makePair();
  context.after(pair.leave);
  await pair.enter('ann');
  const call = pair.calls.ann;
  const visit = (id) => {
    pair.sockets.ann.dispatch('member', pair.info(id));
    const { epoch } = peerOf(call, id).successor;
    pair.sockets.ann.dispatch('member-left', { id, reason: 'left' });
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

test('a page that was loaded again makes a new connection, and nobody hears of leaving', async (context) => {
  const pair = await makeConnectedPair(context);
  const before = peerOf(pair.calls.ann, 'bea').pc;
  const heard = [];
  pair.calls.ann.on('note', ({ key }) => heard.push(key));
  pair.sockets.ann.dispatch('member', pair.info('bea', 'another'));
  await pair.enter('bea');
  assertConnected(pair);
  assert.notEqual(peerOf(pair.calls.ann, 'bea').pc, before);
  assert.deepEqual(heard, []);
});

test('the call that moved to another page closes its connections, and is taken back by another stay', async () => {
  const bea = { id: 'bea', name: 'Bea', away: false, call: { stay: 's', away: false, audio: true, video: true, screen: false } };
  const socket = new FakeSocket((name) =>
    name === 'join' ? { self: 'ann', key: 'k', members: [bea], call: {}, iceServers: [], epoch: 1 } : { iceServers: [], epoch: 2, forgottenBy: [] },
  );
  const { call, link, leave } = makeCall(socket, 'Ann');
  const heard = [];
  call.on('elsewhere', (isElsewhere) => heard.push(isElsewhere));
  link.start();
  await rest();
  socket.dispatch('moved', {});
  assert.deepEqual([call.peers.size, heard], [0, [false, true]]);
  // Comes back as a member who is not in the call.
  socket.dispatch('disconnect');
  socket.dispatch('connect');
  await settle();
  const joins = () => socket.requests.filter(([name]) => name === 'join').map(([, { call: asked }]) => asked);
  assert.equal(joins()[1], undefined);
  call.takeBack();
  await settle();
  const [, asked] = socket.requests.findLast(([name]) => name === 'enter');
  assert.notEqual(asked.stay, joins()[0].stay);
  assert.deepEqual([call.peers.size, heard.at(-1)], [1, false]);
  leave();
});

test('the stay is the same after each loss of the connection', async () => {
  const socket = new FakeSocket(() => ({ self: 'ann', key: 'k', members: [], call: {}, iceServers: [], epoch: 1 }));
  const { link, leave } = makeCall(socket, 'Ann');
  link.start();
  await settle();
  socket.dispatch('disconnect');
  socket.dispatch('connect');
  await settle();
  const [first, second] = socket.requests.filter(([name]) => name === 'join').map(([, request]) => request);
  assert.match(first.call.stay, /^[a-zA-Z0-9_-]{1,32}$/);
  assert.deepEqual([second.call.stay, second.key], [first.call.stay, 'k']);
  leave();
});

for (const [self, peer, polite] of [['a', 'b', true], ['b', 'a', false], ['a', 'ab', true], ['ab', 'a', false], ['Z', 'a', true], ['\uffee', '\u{1f600}', true]]) {
  test(`of ${self} and ${peer} the lower by bytes is polite`, async () => {
    const socket = new FakeSocket(() => ({ self, key: 'k', members: [], call: {}, iceServers: [], epoch: 1 }));
    const { link, callLink } = makeLinks(socket, 'x');
    const heard = [];
    callLink.on('peer', (info) => heard.push(info.polite));
    link.start();
    await settle();
    socket.dispatch('member', { id: peer, name: 'y', away: false, call: { stay: 's', away: false, audio: true, video: true, screen: false } });
    assert.deepEqual(heard, [polite]);
    link.leave();
  });
}

test('whoever finds the call full is told once, stays, and enters when there is a place', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let isFull = true;
  const full = { error: { code: 'call-full', limit: 16 } };
  const socket = new FakeSocket((name) =>
    name === 'join' ? { self: 'me', key: 'k', members: [], call: full, epoch: 1 } : isFull ? full : { iceServers: [], epoch: 2, forgottenBy: [] },
  );
  const { call, link, leave } = makeCall(socket, 'Me');
  const heard = [];
  call.on('note', (note) => heard.push(note.key));
  link.on('refused', () => heard.push('refused'));
  link.start();
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
  leave();
});

test('all connections of a stay have its certificate, those that are made anew and configured anew too', async (context) => {
  const info = (stay) => ({ id: 'bea', name: 'bea', away: false, call: { stay, away: false, audio: true, video: true, screen: false } });
  const socket = new FakeSocket(() => ({ self: 'ann', key: 'k', members: [info('one')], call: { forgottenBy: [] }, iceServers: [], epoch: 10 }));
  const { link, callLink } = makeLinks(socket, 'ann');
  const certificates = [{}];
  const call = new Call({ link: callLink, media: makeMedia(), certificates });
  context.after(() => (call.leave(), link.leave()));
  link.start();
  await rest();
  const first = peerOf(call, 'bea').pc;
  socket.dispatch('member', info('two'));
  await rest();
  const second = peerOf(call, 'bea').pc;
  assert.notEqual(second, first);
  for (const { configuration } of [first, second]) assert.equal(configuration.certificates[0], certificates[0]);
  socket.dispatch('ice-servers', { iceServers: [{ urls: 'stun:server.example' }] });
  await rest();
  assert.deepEqual(second.configuration.iceServers, [{ urls: 'stun:server.example' }]);
  assert.equal(second.configuration.certificates[0], certificates[0]);
});

test('where a browser makes no certificate, the connections are not asked to have none', async (context) => {
  const pair = await makeConnectedPair(context);
  assert.equal('certificates' in peerOf(pair.calls.ann, 'bea').pc.configuration, false);
});
