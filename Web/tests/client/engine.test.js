import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from '../../client/engine.js';
import { ManualClock, settle } from '../clock.js';

class FakeTransport {
  writable = true;
  sent = [];
  log = [];

  constructor(name, url, handlers) {
    Object.assign(this, { name, url, handlers });
  }

  open() {
    this.log.push('open');
  }

  send(packets) {
    this.sent.push(...packets.map(({ type, data }) => `${type}${data ?? ''}`));
  }

  pause() {
    this.log.push('pause');
    return new Promise((resolve) => {
      this.paused = resolve;
    });
  }

  resume() {
    this.log.push('resume');
  }

  async close(packets) {
    this.send(packets);
    this.log.push('close');
  }

  abort() {
    this.log.push('abort');
  }
}

function makeEngine(options = {}) {
  const transports = [];
  const events = [];
  const clock = new ManualClock();
  const engine = new Engine(new URL('http://host/socket.io/'), {
    transports: ['polling', 'websocket'],
    timers: clock,
    makeTransport: (...args) => {
      const transport = new FakeTransport(...args);
      transports.push(transport);
      return transport;
    },
    ...options,
  });
  for (const name of ['open', 'message', 'upgrade', 'close']) engine.on(name, (...args) => events.push([name, ...args]));
  engine.open();
  const handshake = { sid: 'S', upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200, maxPayload: 20, ...options.handshake };
  const receive = (type, data, index = 0) => transports[index].handlers.onPacket({ type, data });
  const openSession = () => receive('open', JSON.stringify(handshake));
  return { engine, transports, events, clock, receive, openSession };
}

test('the handshake opens the session and gives its id to further requests', () => {
  const { engine, transports, events, openSession } = makeEngine({ query: { a: 'b c' } });
  assert.equal(String(transports[0].url('polling')), 'http://host/socket.io/?a=b+c&EIO=4&transport=polling');
  openSession();
  assert.deepEqual(events, [['open']]);
  assert.equal(engine.id, 'S');
  assert.equal(transports[0].url('websocket').searchParams.get('sid'), 'S');
});

test('a broken handshake closes', () => {
  const { events, receive } = makeEngine();
  receive('open', '{');
  assert.equal(events[0][1], 'parse error');
});

test('a ping is answered, a message is passed on', () => {
  const { transports, events, receive, openSession } = makeEngine();
  openSession();
  receive('ping');
  receive('message', 'x');
  assert.deepEqual(transports[0].sent, ['pong']);
  assert.deepEqual(events.at(-1), ['message', 'x']);
});

test('messages that wait leave in batches of at most maxPayload', () => {
  const { engine, transports, openSession } = makeEngine();
  openSession();
  const [polling] = transports;
  polling.writable = false;
  engine.send(['123456789', '123456789', '12']);
  assert.deepEqual(polling.sent, []);
  assert.equal(engine.writable, false);
  polling.writable = true;
  polling.handlers.onDrain();
  assert.deepEqual(polling.sent, ['message123456789']);
  polling.handlers.onDrain();
  assert.equal(polling.sent.length, 3);
  assert.equal(engine.writable, true);
});

test('the upgrade: probe, pause, upgrade, then everything on the new transport', async () => {
  const { engine, transports, events, receive, openSession } = makeEngine();
  openSession();
  const [polling, websocket] = transports;
  websocket.handlers.onOpen();
  assert.deepEqual(websocket.sent, ['pingprobe']);
  engine.send(['before']);
  assert.deepEqual(polling.sent, ['messagebefore'], 'polling is used until the probe is answered');
  receive('pong', 'probe', 1);
  engine.send(['during']);
  assert.deepEqual(polling.sent, ['messagebefore']);
  receive('message', 'late');
  polling.paused();
  await settle();
  assert.deepEqual(websocket.sent, ['pingprobe', 'upgrade', 'messageduring']);
  assert.deepEqual(events.slice(1), [['message', 'late'], ['upgrade', 'websocket']]);
  receive('message', 'new', 1);
  assert.deepEqual(events.at(-1), ['message', 'new']);
  polling.handlers.onClose(new Error('old'));
  assert.equal(engine.transportName, 'websocket');
  assert.notEqual(events.at(-1)[0], 'close');
});

test('a probe that fails leaves polling alone, even when it was paused', async () => {
  const { engine, transports, events, receive, openSession } = makeEngine();
  openSession();
  const [polling, websocket] = transports;
  receive('pong', 'probe', 1);
  websocket.handlers.onClose(new Error('cut'));
  assert.deepEqual(polling.log, ['open', 'pause', 'resume']);
  polling.paused();
  await settle();
  engine.send(['x']);
  assert.deepEqual(polling.sent, ['messagex']);
  assert.deepEqual(websocket.sent, []);
  assert.equal(events.length, 1);
});

test('a probe that is answered wrongly is given up', () => {
  const { engine, transports, receive, openSession } = makeEngine();
  openSession();
  receive('pong', 'other', 1);
  assert.deepEqual(transports[1].log, ['open', 'abort']);
  assert.equal(engine.transportName, 'polling');
});

for (const [what, options] of [
  ['not offered', { handshake: { upgrades: [] } }],
  ['not wanted', { upgrade: false }],
  ['not allowed', { transports: ['polling'] }],
]) {
  test(`no probe when it is ${what}`, () => {
    const { transports, openSession } = makeEngine(options);
    openSession();
    assert.equal(transports.length, 1);
  });
}

test('silence for longer than interval and timeout together closes, any packet feeds the watchdog', async () => {
  const { events, receive, openSession, clock } = makeEngine();
  openSession();
  await clock.advance(499);
  receive('ping');
  await clock.advance(499);
  assert.equal(events.length, 1);
  await clock.advance(1);
  assert.deepEqual(events.at(-1), ['close', 'ping timeout', undefined]);
  assert.equal(clock.pending, 0);
});

for (const [what, error, reason] of [
  ['an error', new Error('x'), 'transport error'],
  ['a plain close', undefined, 'transport close'],
]) {
  test(`${what} of the transport closes the session once`, () => {
    const { events, transports, openSession, engine } = makeEngine();
    openSession();
    transports[0].handlers.onClose(error);
    engine.close();
    assert.deepEqual(events.slice(1), [['close', reason, error]]);
  });
}

test('close sends what is left', () => {
  const { engine, transports, events, openSession } = makeEngine();
  openSession();
  transports[0].writable = false;
  engine.send(['last']);
  engine.close();
  assert.deepEqual(transports[0].sent, ['messagelast']);
  assert.deepEqual(events.at(-1), ['close', 'forced close', undefined]);
  engine.send(['never']);
  assert.equal(transports[0].sent.length, 1);
});

test('a close packet of the server ends the session', () => {
  const { events, receive, openSession } = makeEngine();
  openSession();
  receive('close');
  assert.deepEqual(events.at(-1), ['close', 'transport close', undefined]);
});
