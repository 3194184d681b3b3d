import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathIn } from '../../call/route.js';
import { RouteWatch } from '../../call/route-watch.js';
import { ManualClock, settle } from '../clock.js';

/** A report as Chromium makes it: the transport names its pair. */
function report(local, remote, { transport = { selectedCandidatePairId: 'P' }, pair = {} } = {}) {
  return new Map(
    [
      { id: 'other', type: 'candidate-pair', localCandidateId: 'H', remoteCandidateId: 'H', state: 'succeeded' },
      { id: 'H', type: 'local-candidate', candidateType: 'host' },
      { id: 'L', type: 'local-candidate', ...local },
      { id: 'R', type: 'remote-candidate', ...remote },
      { id: 'P', type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R', state: 'succeeded', ...pair },
      { id: 'T', type: 'transport', ...transport },
    ].map((stats) => [stats.id, stats]),
  );
}

const relay = (relayProtocol, url) => ({ candidateType: 'relay', relayProtocol, url });
const plain = (candidateType) => ({ candidateType });

for (const [local, remote, route, usesOwnRelay] of [
  [plain('host'), plain('host'), 'direct', false],
  [plain('prflx'), plain('srflx'), 'direct', false],
  [{ candidateType: 'host', protocol: 'tcp' }, plain('host'), 'direct', false],
  [relay('udp'), plain('host'), 'relay-udp', true],
  [relay('tcp'), plain('prflx'), 'relay-tcp', true],
  [relay('tls'), plain('srflx'), 'relay-tls', true],
  // Both sides have one: what decides is how this side reaches its own.
  [relay('tls'), relay('udp'), 'relay-tls', true],
  [plain('srflx'), plain('relay'), 'relay-udp', false],
  [plain('host'), relay('tcp'), 'relay-udp', false],
  // A browser that does not say it, but where the relay is; or not even that.
  [relay(undefined, 'turns:relay.example:443?transport=tcp'), plain('host'), 'relay-tls', true],
  [relay(undefined, 'turn:relay.example:3478?transport=tcp'), plain('host'), 'relay-tcp', true],
  [relay(undefined, 'turn:relay.example:3478?transport=udp'), plain('host'), 'relay-udp', true],
  [relay(undefined, 'turn:relay.example'), plain('host'), 'relay-udp', true],
  [relay(undefined, undefined), plain('host'), 'relay-udp', true],
  [relay('carrier-pigeon', undefined), plain('host'), 'relay-udp', true],
]) {
  test(`${JSON.stringify(local)} to ${JSON.stringify(remote)} is ${route}`, () => {
    assert.deepEqual(pathIn(report(local, remote)), { route, usesOwnRelay });
  });
}

test('Firefox: the pair says itself that it is selected', () => {
  const stats = report(relay('tcp'), plain('host'), { transport: {}, pair: { selected: true } });
  assert.equal(pathIn(stats)?.route, 'relay-tcp');
});

test('neither says it: of the nominated pairs the one that carries most', () => {
  const options = { transport: {}, pair: { nominated: true, bytesReceived: 10 } };
  const stats = report(relay('tcp'), plain('host'), options);
  assert.equal(pathIn(stats)?.route, 'relay-tcp');
  stats.set('H2', { id: 'H2', type: 'remote-candidate', candidateType: 'host' });
  const other = { id: 'P2', type: 'candidate-pair', localCandidateId: 'H', remoteCandidateId: 'H2', nominated: true };
  stats.set('P2', { ...other, state: 'succeeded', bytesReceived: 11 });
  assert.equal(pathIn(stats)?.route, 'direct');
  stats.set('P2', { ...other, state: 'failed', bytesReceived: 11 });
  assert.equal(pathIn(stats)?.route, 'relay-tcp');
});

test('no way is known without a selected pair, or when its candidates are missing', () => {
  assert.equal(pathIn(new Map()), undefined);
  assert.equal(pathIn(report(plain('host'), plain('host'), { transport: {} })), undefined);
  assert.equal(pathIn(report(plain('host'), plain('host'), { transport: { selectedCandidatePairId: 'gone' } })), undefined);
  const stats = report(plain('host'), plain('host'));
  stats.delete('R');
  assert.equal(pathIn(stats), undefined);
});

function makeWatch() {
  const clock = new ManualClock();
  const changes = [];
  const state = { connection: makeConnection(report(plain('host'), plain('host'))), reads: 0 };
  function makeConnection(stats) {
    return {
      stats,
      async getStats() {
        state.reads += 1;
        if (!this.stats) throw new Error('closed');
        return this.stats;
      },
    };
  }
  const reports = [];
  const watch = new RouteWatch({
    getConnection: () => state.connection,
    onChange: () => changes.push(watch.path?.route),
    onReport: (report) => reports.push(report),
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
  });
  return { clock, changes, reports, state, watch, makeConnection };
}

test('without an event a change is told once, within 5 seconds', async () => {
  const { clock, changes, state } = makeWatch();
  await clock.advance(1000);
  assert.deepEqual(changes, ['direct']);
  await clock.advance(20_000);
  assert.deepEqual(changes, ['direct']);
  assert.equal(state.reads, 5);
  state.connection.stats = report(relay('udp'), plain('host'));
  await clock.advance(5000);
  assert.deepEqual(changes, ['direct', 'relay-udp']);
});

test('a way that is not known is looked for once a second', async () => {
  const { clock, changes, state, watch } = makeWatch();
  state.connection.stats = new Map();
  await watch.look();
  await clock.advance(3000);
  assert.equal(state.reads, 4);
  assert.deepEqual(changes, []);
  state.connection.stats = report(plain('host'), plain('host'));
  await clock.advance(1000);
  assert.deepEqual(changes, ['direct']);
});

test('an event is followed up at once, and a change by a second look after a second', async () => {
  const { clock, changes, state, watch } = makeWatch();
  await clock.advance(900);
  assert.deepEqual(await watch.look(), { route: 'direct', usesOwnRelay: false });
  assert.deepEqual(changes, ['direct']);
  await clock.advance(999);
  assert.equal(state.reads, 1);
  // What looked like an address of the peer's own is that of its relay.
  state.connection.stats = report(plain('host'), plain('relay'));
  await clock.advance(1);
  assert.deepEqual(changes, ['direct', 'relay-udp']);
  await clock.advance(1000);
  assert.equal(state.reads, 3);
  await clock.advance(4999);
  assert.equal(state.reads, 3);
  await clock.advance(1);
  assert.equal(state.reads, 4);
});

test('the same route over a relay of this side instead of the other is a change', async () => {
  const { changes, state, watch } = makeWatch();
  state.connection.stats = report(plain('host'), plain('relay'));
  await watch.look();
  state.connection.stats = report(relay('udp'), plain('relay'));
  await watch.look();
  assert.deepEqual(changes, ['relay-udp', 'relay-udp']);
  assert.equal(watch.path?.usesOwnRelay, true);
});

test('a connection that is closed has no way, and one that was replaced does not count', async () => {
  const { changes, state, watch, makeConnection } = makeWatch();
  await watch.look();
  state.connection.stats = undefined;
  assert.equal(await watch.look(), undefined);
  assert.deepEqual(changes, ['direct', undefined]);
  state.connection.stats = report(relay('tls'), plain('host'));
  const late = watch.look();
  state.connection = makeConnection(report(plain('host'), plain('host')));
  await late;
  assert.deepEqual(changes, ['direct', undefined]);
});

test('after it was stopped nothing is read or told', async () => {
  const { clock, changes, state, watch } = makeWatch();
  const late = watch.look();
  watch.stop();
  await late;
  await settle();
  assert.deepEqual(changes, []);
  assert.equal(clock.pending, 0);
  assert.equal(state.reads, 1);
});

test('while somebody looks at the figures they are read every second, by the same timer', async () => {
  const { clock, reports, state, watch } = makeWatch();
  await clock.advance(10_000);
  assert.equal(state.reads, 3);
  watch.watchClosely(true);
  watch.watchClosely(true);
  assert.equal(clock.pending, 1);
  await clock.advance(10_000);
  assert.equal(state.reads, 13);
  watch.watchClosely(false);
  assert.equal(clock.pending, 1);
  await clock.advance(10_000);
  assert.equal(state.reads, 15);
  assert.equal(reports.length, 15);
});

test('a report that cannot be had, or comes too late, is passed to nobody', async () => {
  const { reports, state, watch, makeConnection } = makeWatch();
  state.connection.stats = undefined;
  await watch.look();
  state.connection.stats = new Map();
  const late = watch.look();
  state.connection = makeConnection(new Map());
  await late;
  watch.watchClosely(true);
  const last = watch.look();
  watch.stop();
  await last;
  watch.watchClosely(false);
  assert.deepEqual(reports, []);
});
