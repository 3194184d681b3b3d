import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Negotiation } from '../../call/negotiation/negotiation.js';
import { ManualClock, settle } from '../clock.js';

/**
 * As much of `RTCPeerConnection` as negotiation uses: signalling states, implicit rollback, and
 * `negotiationneeded` only when it is stable.
 */
class FakeConnection {
  signalingState = 'stable';
  connectionState = 'new';
  localDescription = null;
  remoteDescription = null;
  candidates = [];
  calls = [];
  #needed = false;
  #count = 0;
  /** What comes of the next description of the peer. */
  refusal;
  static total = 0;

  /** @param {string} [origin]  the line of descriptions that tells the browser */
  constructor(origin = '') {
    FakeConnection.total += 1;
    this.number = FakeConnection.total;
    this.origin = origin;
  }

  need() {
    this.#needed = true;
    queueMicrotask(() => this.#fire());
  }

  #fire() {
    if (!this.#needed || this.signalingState !== 'stable') return;
    this.#needed = false;
    this.onnegotiationneeded?.();
  }

  restartIce() {
    this.calls.push('restartIce');
    this.need();
  }

  async setLocalDescription() {
    await settle();
    const isAnswer = this.signalingState === 'have-remote-offer';
    this.#count += 1;
    this.localDescription = { type: isAnswer ? 'answer' : 'offer', sdp: `${isAnswer ? 'answer' : 'offer'} ${this.number}.${this.#count}${this.origin}` };
    this.signalingState = isAnswer ? 'stable' : 'have-local-offer';
    this.calls.push(this.localDescription.sdp);
    if (isAnswer) queueMicrotask(() => this.#fire());
  }

  async setRemoteDescription({ type, sdp }) {
    await settle();
    if (this.refusal) throw new Error(this.refusal);
    if (type === 'offer') {
      if (this.signalingState === 'have-local-offer') {
        this.calls.push('rollback');
        this.#needed = true;
      }
      this.signalingState = 'have-remote-offer';
    } else {
      if (this.signalingState !== 'have-local-offer') throw new Error('InvalidStateError');
      this.signalingState = 'stable';
      queueMicrotask(() => this.#fire());
    }
    this.remoteDescription = { type, sdp };
    this.calls.push(`remote ${sdp}`);
  }

  getTransceivers() {
    return [];
  }

  async addIceCandidate(candidate) {
    if (!this.remoteDescription) throw new Error('InvalidStateError');
    if (candidate?.candidate === 'bad') throw new Error('OperationError');
    this.candidates.push(candidate?.candidate ?? null);
  }

  close() {
    this.signalingState = 'closed';
    this.connectionState = 'closed';
  }
}

function makeSide({ origin, ...options }) {
  const clock = new ManualClock();
  const side = { clock, sent: [], errors: [], connections: [], attached: [] };
  side.negotiation = new Negotiation({
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    now: clock.now,
    epoch: 1,
    makeConnection: () => {
      const connection = new FakeConnection(origin);
      side.connections.push(connection);
      return connection;
    },
    attach: (connection, isOfferer) => {
      side.attached.push(isOfferer);
      if (isOfferer) connection.need();
    },
    send: (signal) => side.sent.push(signal),
    onError: (error) => side.errors.push(error.message),
    ...options,
  });
  return side;
}

/** The origin of what a Firefox says. */
const mozilla = '\r\no=mozilla...THIS_IS_SDPARTA-99.0 1 0 IN IP4 0.0.0.0\r\n';

/** A polite and an impolite side with wires that a test may hold back. */
function makePair(origins = {}) {
  return { polite: makeSide({ polite: true, origin: origins.polite }), impolite: makeSide({ polite: false, origin: origins.impolite }) };
}

/** How many offers each side has made. */
function offersOf({ polite, impolite }) {
  return [polite, impolite].map((side) => last(side).calls.filter((call) => call.startsWith('offer ')).length);
}

async function deliver(from, to, count = from.sent.length) {
  for (const signal of from.sent.splice(0, count)) await to.negotiation.receive(signal);
}

async function exchange(a, b) {
  for (let round = 0; round < 20; round += 1) {
    await settle();
    await settle();
    await settle();
    if (a.sent.length === 0 && b.sent.length === 0) return;
    await deliver(a, b);
    await deliver(b, a);
  }
  assert.fail('the two sides do not come to rest');
}

/** The impolite side has offered, and the other one has not heard of it. */
async function makeOffer() {
  const pair = makePair();
  await pair.impolite.negotiation.start();
  await settle();
  await settle();
  return pair;
}

async function makeAgreed(origins) {
  const pair = makePair(origins);
  await pair.impolite.negotiation.start();
  await exchange(pair.polite, pair.impolite);
  return pair;
}

const last = (side) => side.connections.at(-1);

function assertAgreed(a, b) {
  assert.deepEqual([last(a).signalingState, last(b).signalingState], ['stable', 'stable']);
  assert.equal(last(a).localDescription.sdp, last(b).remoteDescription.sdp);
  assert.equal(last(b).localDescription.sdp, last(a).remoteDescription.sdp);
  assert.deepEqual([a.errors, b.errors], [[], []]);
}

for (const newcomer of ['polite', 'impolite']) {
  test(`the ${newcomer} newcomer offers once, the other adds its media to the answer`, async () => {
    const pair = makePair();
    const other = newcomer === 'polite' ? pair.impolite : pair.polite;
    await pair[newcomer].negotiation.start();
    await exchange(pair.polite, pair.impolite);
    assertAgreed(pair.polite, pair.impolite);
    assert.deepEqual([pair[newcomer].attached, other.attached], [[true], [false]]);
    assert.deepEqual(last(other).calls.length, 2);
  });
}

for (const first of ['polite', 'impolite']) {
  test(`two offers cross, that of the ${first} side arrives first`, async () => {
    const pair = makePair();
    await pair.polite.negotiation.start();
    await pair.impolite.negotiation.start();
    await settle();
    await settle();
    const [a, b] = first === 'polite' ? [pair.polite, pair.impolite] : [pair.impolite, pair.polite];
    assert.deepEqual([a.sent[0].description.type, b.sent[0].description.type], ['offer', 'offer']);
    await deliver(a, b, 1);
    await deliver(b, a, 1);
    await exchange(pair.polite, pair.impolite);
    assertAgreed(pair.polite, pair.impolite);
    // Nothing is left of the lines of the offer that gave way.
    assert.deepEqual([pair.polite.connections.length, pair.impolite.connections.length], [2, 1]);
    for (const { calls } of [...pair.polite.connections, ...pair.impolite.connections]) assert.ok(!calls.includes('rollback'));
    assert.deepEqual([pair.polite.negotiation.epoch, pair.impolite.negotiation.epoch], [1, 1]);
  });
}

for (const [what, origin, connections, rolledBack] of [['goes with its connection', '', 2, false], ['is taken back in Firefox', undefined, 1, true]]) {
  test(`a later offer that crosses another one ${what}`, async () => {
    const pair = await makeAgreed({ polite: origin ?? mozilla });
    last(pair.polite).need();
    await pair.polite.clock.advance(2000);
    last(pair.impolite).need();
    await exchange(pair.polite, pair.impolite);
    assertAgreed(pair.polite, pair.impolite);
    assert.deepEqual([pair.polite, pair.impolite].map((side) => side.connections.length), [connections, connections]);
    assert.equal(pair.polite.connections.some(({ calls }) => calls.includes('rollback')), rolledBack);
  });
}

test('candidates that overtake the offer that wins are of the connection that it makes', async () => {
  const pair = makePair();
  for (const side of ['polite', 'impolite']) await pair[side].negotiation.start();
  await settle();
  await settle();
  await pair.polite.negotiation.receive({ epoch: 1, candidate: { candidate: 'early' } });
  await exchange(pair.polite, pair.impolite);
  assertAgreed(pair.polite, pair.impolite);
  assert.deepEqual(last(pair.polite).candidates, ['early']);
});

test('an offer that arrives while the own one is being made', async () => {
  const pair = makePair();
  await pair.polite.negotiation.start();
  await settle();
  await settle();
  await pair.impolite.negotiation.start();
  await Promise.resolve();
  // The impolite side is inside setLocalDescription now.
  await deliver(pair.polite, pair.impolite);
  await exchange(pair.polite, pair.impolite);
  assertAgreed(pair.polite, pair.impolite);
});

test('an offer that arrives while an answer is being applied is no collision', async () => {
  const pair = await makeOffer();
  await deliver(pair.impolite, pair.polite);
  await settle();
  last(pair.polite).need();
  await pair.polite.clock.advance(2000);
  const [answer, wish, offer] = pair.polite.sent.splice(0);
  assert.deepEqual([answer.description.type, wish.offerWanted, offer.description.type], ['answer', 'change', 'offer']);
  const applying = pair.impolite.negotiation.receive(answer);
  const taking = pair.impolite.negotiation.receive(offer);
  await Promise.all([applying, taking]);
  assert.ok(last(pair.impolite).calls.includes(`remote ${offer.description.sdp}`));
  await exchange(pair.polite, pair.impolite);
  assertAgreed(pair.polite, pair.impolite);
});

test('both sides restart ICE at once: one offer, and none is taken back', async () => {
  const pair = await makeAgreed();
  pair.polite.negotiation.restartIce();
  pair.impolite.negotiation.restartIce();
  await exchange(pair.polite, pair.impolite);
  assertAgreed(pair.polite, pair.impolite);
  assert.deepEqual(offersOf(pair), [0, 2]);
  assert.ok(!last(pair.polite).calls.includes('rollback'));
});

for (const wanted of ['change', 'restart']) {
  /** The polite side wants to agree anew. */
  const want = ({ polite }) => (wanted === 'restart' ? polite.negotiation.restartIce() : last(polite).need());

  test(`the polite side asks for an offer: ${wanted}`, async () => {
    const pair = await makeAgreed();
    want(pair);
    await settle();
    assert.deepEqual(pair.polite.sent, [{ epoch: 1, offerWanted: wanted }]);
    await exchange(pair.polite, pair.impolite);
    assertAgreed(pair.polite, pair.impolite);
    assert.deepEqual(offersOf(pair), [0, 2]);
    assert.equal(last(pair.impolite).calls.includes('restartIce'), wanted === 'restart');
    assert.equal(pair.polite.clock.pending, 0);
  });

  test(`a peer that does not know of that gets one after two seconds: ${wanted}`, async () => {
    const pair = await makeAgreed();
    want(pair);
    await pair.polite.clock.advance(1999);
    pair.polite.sent.splice(0);
    await pair.polite.clock.advance(1);
    assert.deepEqual(pair.polite.sent.map(({ description }) => description?.type), ['offer']);
    await exchange(pair.polite, pair.impolite);
    assertAgreed(pair.polite, pair.impolite);
  });

  test(`an offer that was asked for and does not do is followed by one of this side: ${wanted}`, async () => {
    const pair = await makeAgreed();
    want(pair);
    await settle();
    await deliver(pair.polite, pair.impolite);
    await settle();
    await settle();
    await deliver(pair.impolite, pair.polite);
    last(pair.polite).need();
    await exchange(pair.polite, pair.impolite);
    assertAgreed(pair.polite, pair.impolite);
    assert.deepEqual(offersOf(pair), [1, 2]);
  });

  test(`asking is of no use at the wrong time: ${wanted}`, async () => {
    const fresh = makePair();
    await fresh.impolite.negotiation.receive({ epoch: 1, offerWanted: wanted });
    assert.deepEqual(fresh.impolite.sent, [], 'there is nothing to agree on yet');
    const pair = await makeAgreed();
    await pair.polite.negotiation.receive({ epoch: 1, offerWanted: wanted });
    await settle();
    assert.deepEqual(pair.polite.sent, [], 'the polite side is not asked');
    pair.impolite.negotiation.restartIce();
    await settle();
    for (let count = 0; count < 10; count += 1) await pair.impolite.negotiation.receive({ epoch: 1, offerWanted: wanted });
    await exchange(pair.polite, pair.impolite);
    assert.deepEqual(offersOf(pair), [0, 2], 'an offer is under way');
  });

  test(`what was asked for on a connection that is gone is forgotten: ${wanted}`, async () => {
    const pair = await makeAgreed();
    want(pair);
    await settle();
    await pair.polite.negotiation.renew();
    pair.polite.sent.splice(0);
    await pair.polite.clock.advance(10_000);
    assert.equal(last(pair.polite).calls.includes('restartIce'), false);
  });
}

test('an offer that crosses an older one: that got lost, and is said again', async () => {
  const pair = await makeAgreed();
  pair.impolite.negotiation.restartIce();
  await settle();
  await settle();
  const [lost] = pair.impolite.sent.splice(0);
  await pair.impolite.negotiation.receive({ epoch: 1, description: { type: 'offer', sdp: 'crossing' } });
  assert.deepEqual(pair.impolite.sent, [], 'it may be on its way');
  await pair.impolite.clock.advance(251);
  await pair.impolite.negotiation.receive({ epoch: 1, description: { type: 'offer', sdp: 'crossing' } });
  assert.deepEqual(pair.impolite.sent.splice(0), [lost]);
  await pair.impolite.negotiation.receive({ epoch: 1, offerWanted: 'restart' });
  assert.deepEqual(pair.impolite.sent, [lost], 'so does whoever asks');
});

test('what changes while a restart is asked for does not take its place', async () => {
  const { polite } = await makeAgreed();
  polite.negotiation.restartIce();
  last(polite).need();
  await polite.clock.advance(2000);
  assert.deepEqual(polite.sent.map(({ offerWanted, description }) => offerWanted ?? description.type), ['restart', 'offer']);
  assert.ok(last(polite).calls.includes('restartIce'));
});

test('whoever asked before the server was lost asks again when it is back', async () => {
  const { polite } = await makeAgreed();
  last(polite).connectionState = 'connected';
  polite.negotiation.restartIce();
  polite.sent.length = 0;
  polite.negotiation.resynchronize();
  assert.deepEqual(polite.sent, [{ epoch: 1, offerWanted: 'restart' }]);
});

for (const firefox of ['polite', 'impolite']) {
  for (const wanting of ['polite', 'impolite']) {
    test(`the ${wanting} side wants new credentials: the ${firefox} one, in Firefox, offers them`, async () => {
      const pair = await makeAgreed({ [firefox]: mozilla });
      pair[wanting].negotiation.restartIce();
      await settle();
      assert.deepEqual(pair[wanting].sent.map(({ offerWanted }) => offerWanted), firefox === wanting ? [] : ['restart']);
      await exchange(pair.polite, pair.impolite);
      assertAgreed(pair.polite, pair.impolite);
      const restarts = [pair.polite, pair.impolite].map((side) => last(side).calls.includes('restartIce'));
      assert.deepEqual(restarts, [firefox === 'polite', firefox === 'impolite']);
    });
  }
}

test('both sides are in Firefox: the impolite one offers new credentials', async () => {
  const pair = await makeAgreed({ polite: mozilla, impolite: mozilla });
  for (const side of ['polite', 'impolite']) pair[side].negotiation.restartIce();
  await exchange(pair.polite, pair.impolite);
  assertAgreed(pair.polite, pair.impolite);
  assert.deepEqual([pair.polite, pair.impolite].map((side) => last(side).calls.includes('restartIce')), [false, true]);
});

for (const firefox of ['polite', 'impolite']) {
  test(`the ${firefox} side, in Firefox, is asked again for new credentials, and is offered none`, async () => {
    const pair = await makeAgreed({ [firefox]: mozilla });
    const { negotiation, clock, sent } = pair[firefox === 'polite' ? 'impolite' : 'polite'];
    for (let count = 0; count < 2; count += 1) {
      negotiation.restartIce();
      await clock.advance(14_000);
      assert.deepEqual(sent.splice(0).map(({ offerWanted }) => offerWanted), Array(6).fill('restart'));
    }
    assert.equal(clock.pending, 0);
  });
}

for (const type of ['offer', 'answer']) {
  test(`a browser that does not take an ${type} any more gets another connection`, async () => {
    const pair = await makeAgreed();
    const [from, to] = type === 'offer' ? [pair.impolite, pair.polite] : [pair.polite, pair.impolite];
    last(to).refusal = 'no';
    last(pair.impolite).need();
    await exchange(pair.polite, pair.impolite);
    assert.deepEqual([to.errors.splice(0), from.errors], [['no'], []]);
    assertAgreed(pair.polite, pair.impolite);
    assert.deepEqual([from.connections.length, to.connections.length, to.negotiation.epoch], [2, 2, 2]);
    // What a peer says makes no more than one a second.
    last(to).refusal = 'no';
    last(pair.impolite).need();
    await exchange(pair.polite, pair.impolite);
    assert.equal(to.connections.length, 2);
  });
}

test('a browser that takes no description at all does not get one connection after the other', async () => {
  const pair = await makeOffer();
  last(pair.polite).refusal = 'no';
  await exchange(pair.polite, pair.impolite);
  assert.deepEqual([pair.polite.connections.length, pair.polite.errors], [1, ['no']]);
});

test('candidates before the description wait for it, in their order', async () => {
  const pair = await makeOffer();
  for (const candidate of ['a', 'b']) await pair.polite.negotiation.receive({ epoch: 1, candidate: { candidate } });
  await pair.polite.negotiation.receive({ epoch: 1, endOfCandidates: true });
  assert.deepEqual(last(pair.polite).candidates, []);
  await deliver(pair.impolite, pair.polite);
  assert.deepEqual(last(pair.polite).candidates, ['a', 'b', null]);
  await pair.polite.negotiation.receive({ epoch: 1, candidate: { candidate: 'c' } });
  assert.equal(last(pair.polite).candidates.at(-1), 'c');
});

test('candidates of an offer that was ignored raise nothing, others do', async () => {
  const pair = await makeAgreed();
  await pair.impolite.negotiation.receive({ epoch: 1, candidate: { candidate: 'bad' } });
  assert.deepEqual(pair.impolite.errors, ['OperationError']);
  last(pair.impolite).need();
  await settle();
  await settle();
  await pair.impolite.negotiation.receive({ epoch: 1, description: { type: 'offer', sdp: 'crossing' } });
  await pair.impolite.negotiation.receive({ epoch: 1, candidate: { candidate: 'bad' } });
  assert.equal(pair.impolite.errors.length, 1);
});

test('candidates of other credentials wait for their description; those that it does not fit are dropped', async () => {
  const { polite } = await makeAgreed();
  const of = (fragment) => ({ epoch: 1, candidate: { candidate: fragment === 'gone' ? 'bad' : fragment, usernameFragment: fragment } });
  const describe = (fragment) => polite.negotiation.receive({ epoch: 1, description: { type: 'offer', sdp: `a=ice-ufrag:${fragment}\r\n` } });
  await describe('now');
  await polite.negotiation.receive(of('now'));
  await polite.negotiation.receive(of('gone'));
  await polite.negotiation.receive(of('next'));
  assert.deepEqual(last(polite).candidates, ['now']);
  await describe('next');
  assert.deepEqual(last(polite).candidates, ['now', 'next']);
  for (const sdpMid of ['0', '1']) await polite.negotiation.receive({ epoch: 1, candidate: { candidate: `of line ${sdpMid}`, usernameFragment: 'next', sdpMid } });
  await polite.negotiation.receive({ epoch: 1, description: { type: 'offer', sdp: 'a=ice-ufrag:next\r\na=mid:0\r\n' } });
  assert.deepEqual(last(polite).candidates, ['now', 'next', 'of line 0']);
  assert.deepEqual(polite.errors, []);
});

test('an answer that the peer may not have is followed by no offer: the peer says its own again', async () => {
  const { polite } = await makeAgreed();
  const connection = last(polite);
  connection.localDescription = { type: 'answer', sdp: '' };
  for (const [state, restarts] of [['new', 0], ['connecting', 0], ['connected', 1]]) {
    connection.sctp = { transport: { state } };
    connection.connectionState = 'failed';
    polite.negotiation.resynchronize();
    assert.equal(polite.sent.filter(({ offerWanted }) => offerWanted === 'restart').length, restarts, state);
  }
});

test('own candidates and their end are sent with the epoch', () => {
  const side = makeSide({ polite: true, epoch: 5 });
  const { onicecandidate } = last(side);
  onicecandidate({ candidate: { candidate: 'x', toJSON: () => ({ candidate: 'x', sdpMid: '0' }) } });
  onicecandidate({ candidate: { candidate: '' } });
  onicecandidate({ candidate: null });
  assert.deepEqual(side.sent, [{ epoch: 5, candidate: { candidate: 'x', sdpMid: '0' } }, { epoch: 5, endOfCandidates: true }]);
});

test('an answer that comes twice in one turn is applied once', async () => {
  const pair = await makeOffer();
  await deliver(pair.impolite, pair.polite);
  const [answer] = pair.polite.sent;
  await Promise.all([pair.impolite.negotiation.receive(answer), pair.impolite.negotiation.receive(answer)]);
  assert.deepEqual([last(pair.impolite).signalingState, pair.impolite.errors], ['stable', []]);
});

test('an offer that comes twice in one turn is answered once', async () => {
  const pair = await makeOffer();
  const [offer] = pair.impolite.sent;
  await Promise.all([pair.polite.negotiation.receive(offer), pair.polite.negotiation.receive(offer)]);
  assert.deepEqual(pair.polite.sent.map(({ description }) => description?.type), ['answer']);
});

test('a description that comes twice changes nothing', async () => {
  const pair = await makeOffer();
  const [offer] = pair.impolite.sent;
  await pair.polite.negotiation.receive(offer);
  await deliver(pair.impolite, pair.polite);
  assert.equal(pair.polite.sent.length, 2);
  await exchange(pair.polite, pair.impolite);
  assert.equal(last(pair.impolite).signalingState, 'stable');
  assert.deepEqual(pair.impolite.errors, []);
});

test('kinds of description that nobody sends are left alone', async () => {
  const side = makeSide({ polite: true });
  for (const type of ['rollback', 'pranswer', 'x', undefined]) await side.negotiation.receive({ epoch: 1, description: { type } });
  await side.negotiation.receive({ epoch: 1 });
  assert.deepEqual([last(side).calls, side.errors, side.sent], [[], [], []]);
});

test('after a loss an unanswered offer is sent again; otherwise ICE is restarted', async () => {
  const pair = await makeOffer();
  const [lost] = pair.impolite.sent.splice(0);
  pair.impolite.negotiation.resynchronize();
  assert.deepEqual(pair.impolite.sent, [lost]);
  pair.polite.negotiation.resynchronize();
  assert.deepEqual(last(pair.polite).calls, [], 'there is nothing to restart yet');
  await exchange(pair.polite, pair.impolite);
  last(pair.polite).connectionState = 'connected';
  pair.polite.negotiation.resynchronize();
  assert.deepEqual(pair.polite.sent, []);
  for (const side of [pair.polite, pair.impolite]) {
    last(side).connectionState = 'failed';
    side.negotiation.resynchronize();
  }
  assert.deepEqual(pair.polite.sent, [{ epoch: 1, offerWanted: 'restart' }]);
  assert.ok(last(pair.impolite).calls.includes('restartIce'));
});

test('a higher epoch makes a new connection, a lower one is dropped', async () => {
  const pair = await makeAgreed();
  const before = last(pair.polite);
  await pair.polite.negotiation.receive({ epoch: 0, description: { type: 'offer', sdp: 'stale' } });
  assert.equal(pair.polite.sent.length, 0);
  await pair.polite.negotiation.receive({ epoch: 2, description: { type: 'offer', sdp: 'new' } });
  assert.equal(before.signalingState, 'closed');
  assert.notEqual(last(pair.polite), before);
  assert.deepEqual([pair.polite.sent[0].epoch, pair.polite.sent[0].description.type], [2, 'answer']);
  await pair.polite.negotiation.receive({ epoch: 1, candidate: { candidate: 'old' } });
  assert.deepEqual(last(pair.polite).candidates, []);
});

test('the first signal of a peer is no new connection, whatever its epoch', async () => {
  const side = makeSide({ polite: true });
  await side.negotiation.receive({ epoch: 77, description: { type: 'offer', sdp: 'x' } });
  assert.equal(side.connections.length, 1);
});

for (const epoch of ['x', undefined, NaN, null]) {
  test(`epoch ${epoch} is dropped`, async () => {
    const side = makeSide({ polite: true });
    await side.negotiation.receive({ epoch: 1, description: { type: 'offer', sdp: 'x' } });
    side.sent.length = 0;
    await side.negotiation.receive({ epoch, description: { type: 'offer', sdp: 'x' } });
    assert.deepEqual(side.sent, []);
  });
}

test('one side renews: the other follows, and it ends there', async () => {
  const pair = await makeAgreed();
  // Something of the old connection is still on its way.
  pair.polite.sent.push({ epoch: 1, candidate: { candidate: 'late' } });
  await pair.impolite.negotiation.renew();
  await exchange(pair.polite, pair.impolite);
  assert.deepEqual([pair.polite.connections.length, pair.impolite.connections.length], [2, 2]);
  assertAgreed(pair.polite, pair.impolite);
  assert.deepEqual(last(pair.impolite).candidates, []);
});

test('both sides renew at once: one new connection each, and one more for an offer that gives way', async () => {
  const pair = await makeAgreed();
  await Promise.all([pair.impolite.negotiation.renew(), pair.polite.negotiation.renew()]);
  await exchange(pair.polite, pair.impolite);
  assert.deepEqual([pair.polite.connections.length, pair.impolite.connections.length], [3, 2]);
  assertAgreed(pair.polite, pair.impolite);
});

for (const first of ['polite', 'impolite']) {
  test(`the ${first} side renews, and the other one just as it hears of that`, async () => {
    const pair = await makeAgreed();
    const other = first === 'polite' ? 'impolite' : 'polite';
    await pair[first].negotiation.renew();
    await settle();
    await settle();
    const hearing = deliver(pair[first], pair[other]);
    await pair[other].negotiation.renew();
    await hearing;
    for (let second = 0; second < 3; second += 1) {
      await exchange(pair.polite, pair.impolite);
      for (const { clock } of Object.values(pair)) await clock.advance(1000);
    }
    assertAgreed(pair.polite, pair.impolite);
    assert.equal(pair.polite.negotiation.epoch, pair.impolite.negotiation.epoch);
  });
}

test('a connection that is not answered yet is not renewed: its offer goes out again', async () => {
  const pair = await makeOffer();
  await deliver(pair.impolite, pair.polite);
  await pair.impolite.negotiation.renew();
  assert.deepEqual(pair.impolite.sent.map(({ epoch, description }) => [epoch, description.type]), [[1, 'offer']]);
  await exchange(pair.polite, pair.impolite);
  assert.equal(pair.impolite.connections.length, 1);
  assert.equal(last(pair.impolite).signalingState, 'stable');
});

const offerOf = (epoch) => ({ epoch, description: { type: 'offer', sdp: `offer ${epoch}` } });

test('500 signals make one new connection at once, and one a second after', async () => {
  const side = makeSide({ polite: true });
  await side.negotiation.receive(offerOf(1));
  for (let epoch = 2; epoch <= 501; epoch += 1) await side.negotiation.receive(offerOf(epoch));
  assert.equal(side.connections.length, 2);
  await side.clock.advance(999);
  assert.equal(side.connections.length, 2);
  await side.clock.advance(1);
  await settle();
  assert.equal(side.connections.length, 3);
  // What the peer has now is what it gets, and nothing of the connections between.
  assert.equal(last(side).remoteDescription.sdp, 'offer 501');
  await side.clock.advance(10_000);
  assert.equal(side.connections.length, 3);
});

test('a peer that goes on makes one connection a second', async () => {
  const side = makeSide({ polite: true });
  for (let epoch = 1; epoch <= 1000; epoch += 1) {
    await side.negotiation.receive(offerOf(epoch));
    await side.clock.advance(10);
  }
  assert.ok(side.connections.length <= 12, `${side.connections.length} connections in ten seconds`);
  assert.ok(side.connections.slice(0, -1).every(({ signalingState }) => signalingState === 'closed'));
});

test('a held connection keeps its last description and its candidates, in their order', async () => {
  const side = makeSide({ polite: true });
  for (const epoch of [1, 2]) await side.negotiation.receive(offerOf(epoch));
  const candidate = (epoch, name) => side.negotiation.receive({ epoch, candidate: { candidate: name } });
  await side.negotiation.receive(offerOf(3));
  await candidate(3, 'gone');
  await candidate(4, 'a');
  await side.negotiation.receive({ epoch: 4, description: { type: 'offer', sdp: 'first of 4' } });
  await candidate(3, 'stale');
  await candidate(4, 'b');
  await side.negotiation.receive({ epoch: 4, description: { type: 'offer', sdp: 'last of 4' } });
  await side.clock.advance(1000);
  await settle();
  assert.equal(last(side).remoteDescription.sdp, 'last of 4');
  assert.deepEqual(last(side).candidates, ['a', 'b']);
  assert.equal(side.connections.length, 3);
});

test('candidates that wait have an end', async () => {
  const side = makeSide({ polite: true });
  for (let index = 0; index < 10_000; index += 1) await side.negotiation.receive({ epoch: 1, candidate: { candidate: `c${index}` } });
  await side.negotiation.receive(offerOf(1));
  assert.equal(last(side).candidates.length, 100);
  for (const epoch of [2, 3]) await side.negotiation.receive(offerOf(epoch));
  for (let index = 0; index < 10_000; index += 1) await side.negotiation.receive({ epoch: 3, candidate: { candidate: `c${index}` } });
  await side.clock.advance(1000);
  await settle();
  assert.deepEqual([last(side).remoteDescription.sdp, last(side).candidates.length], ['offer 3', 99]);
});

test('what is held is dropped by close', async () => {
  const side = makeSide({ polite: true });
  for (const epoch of [1, 2, 3]) await side.negotiation.receive(offerOf(epoch));
  side.negotiation.close();
  await side.clock.advance(10_000);
  assert.deepEqual([side.connections.length, side.clock.pending], [2, 0]);
});

test('nothing happens after close', async () => {
  const side = makeSide({ polite: true });
  side.negotiation.close();
  await side.negotiation.receive({ epoch: 1, description: { type: 'offer', sdp: 'x' } });
  assert.deepEqual([side.sent, side.errors, side.connections.length], [[], [], 1]);
});
