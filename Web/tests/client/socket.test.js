import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Manager } from '../../client/manager.js';
import { ManualClock } from '../clock.js';

const handshake = JSON.stringify({ sid: 'S', upgrades: [], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1e6 });

/** A server in a few lines: what the client sent, and a way to answer. */
function makeServer(options = {}) {
  const clock = new ManualClock();
  const connections = [];
  const manager = new Manager(new URL('http://host/'), {
    timers: clock,
    transports: ['polling'],
    randomizationFactor: 0,
    makeTransport: (name, url, handlers) => {
      const connection = {
        name, url, handlers, sent: [], writable: true, isClosed: false,
        open() {}, resume() {}, pause: async () => {},
        send(packets) { this.sent.push(...packets.filter(({ type }) => type === 'message').map(({ data }) => data)); },
        async close(packets) { this.send(packets); this.isClosed = true; },
        abort() { this.isClosed = true; },
        accept() { handlers.onPacket({ type: 'open', data: handshake }); },
        receive(...messages) { for (const data of messages) handlers.onPacket({ type: 'message', data }); },
        cut(error) { handlers.onClose(error); },
      };
      connections.push(connection);
      return connection;
    },
    ...options,
  });
  return { manager, connections, clock };
}

function connected(options) {
  const server = makeServer(options);
  const socket = server.manager.socket('/');
  const [connection] = server.connections;
  connection.accept();
  connection.receive('0{"sid":"id-1"}');
  return { ...server, socket, connection };
}

const record = (socket, ...names) => {
  const log = [];
  for (const name of names) socket.on(name, (...args) => log.push([name, ...args]));
  return log;
};

test('namespaces share a connection, each with its own auth', () => {
  const { manager, connections } = makeServer();
  const a = manager.socket('/', { auth: { token: 1 } });
  const b = manager.socket('/b', { auth: (give) => give({ token: 2 }) });
  assert.equal(connections.length, 1);
  connections[0].accept();
  assert.deepEqual(connections[0].sent, ['0{"token":1}', '0/b,{"token":2}']);
  connections[0].receive('0/b,{"sid":"B"}');
  assert.deepEqual([a.connected, b.connected, b.id], [false, true, 'B']);
  const late = manager.socket('/c');
  assert.equal(connections[0].sent.at(-1), '0/c,');
  assert.equal(late.active, true);
  assert.equal(manager.socket('/c'), late);
});

test('what is emitted before the connection waits for it, volatile does not', () => {
  const { manager, connections } = makeServer();
  const socket = manager.socket('/');
  socket.emit('a', 1);
  socket.volatile.emit('b');
  connections[0].accept();
  assert.deepEqual(connections[0].sent, ['0']);
  connections[0].receive('0{"sid":"x"}');
  socket.volatile.emit('c');
  connections[0].writable = false;
  socket.volatile.emit('d');
  assert.deepEqual(connections[0].sent, ['0', '2["a",1]', '2["c"]']);
});

test('acknowledgements from the server, by callback and by promise', async () => {
  const { socket, connection } = connected();
  const answers = [];
  socket.emit('a', (...args) => answers.push(args));
  const promise = socket.emitWithAck('b', { x: 1 });
  assert.deepEqual(connection.sent.slice(1), ['20["a"]', '21["b",{"x":1}]']);
  connection.receive('31["two"]', '30[1,2]', '30[9]', '37[]');
  assert.deepEqual(answers, [[1, 2]]);
  assert.equal(await promise, 'two');
});

test('acknowledgements to the server, once', () => {
  const { socket, connection } = connected();
  socket.on('ask', (value, answer) => {
    answer(value + 1, 'x');
    answer('again');
  });
  connection.receive('20["ask",1]');
  assert.deepEqual(connection.sent.slice(1), ['30[2,"x"]']);
});

test('binary both ways', async () => {
  const { socket, connection } = connected();
  const promise = socket.emitWithAck('b', new Uint8Array([1, 2]));
  assert.deepEqual(connection.sent.slice(1), ['51-0["b",{"_placeholder":true,"num":0}]', Uint8Array.of(1, 2).buffer]);
  connection.receive('61-0[{"_placeholder":true,"num":0}]', Uint8Array.of(3).buffer);
  assert.deepEqual(await promise, Uint8Array.of(3).buffer);
});

test('a timeout forgets the acknowledgement, and the event that was not sent yet', async () => {
  const { manager, connections, clock } = makeServer();
  const socket = manager.socket('/');
  const outcome = assert.rejects(socket.timeout(100).emitWithAck('a'), /in time/);
  const answers = [];
  socket.timeout(100).emit('b', (error) => answers.push(error));
  socket.timeout(1000).emit('c', (...args) => answers.push(args));
  await clock.advance(100);
  await outcome;
  assert.match(answers[0].message, /in time/);
  connections[0].accept();
  connections[0].receive('0{"sid":"x"}');
  assert.deepEqual(connections[0].sent, ['0', '22["c"]']);
  connections[0].receive('32["ok"]');
  assert.deepEqual(answers[1], [null, 'ok']);
  await clock.advance(2000);
  assert.equal(answers.length, 2);
});

test('a lost connection rejects what waits for an answer and comes back by itself', async () => {
  const { socket, connection, connections, clock, manager } = connected();
  const log = record(socket, 'connect', 'disconnect', 'connect_error');
  const reconnects = record(manager, 'reconnect');
  const lost = assert.rejects(socket.emitWithAck('a'), /lost/);
  connection.cut(new Error('wire'));
  await lost;
  const kept = socket.emitWithAck('kept');
  assert.deepEqual(log, [['disconnect', 'transport error']]);
  assert.equal(connections.length, 1);
  await clock.advance(999);
  assert.equal(connections.length, 1);
  await clock.advance(1);
  connections[1].cut(new Error('still'));
  assert.equal(log.at(-1)[0], 'connect_error');
  await clock.advance(1999);
  assert.equal(connections.length, 2);
  await clock.advance(1);
  connections[2].accept();
  connections[2].receive('0{"sid":"id-2"}');
  assert.deepEqual([socket.id, reconnects], ['id-2', [['reconnect', 2]]]);
  assert.deepEqual(connections[2].sent, ['0', '21["kept"]']);
  connections[2].receive('31["yes"]');
  assert.equal(await kept, 'yes');
});

test('attempts end at their limit', async () => {
  const { manager, connections, clock } = makeServer({ reconnectionAttempts: 2 });
  manager.socket('/');
  const log = record(manager, 'error', 'reconnect_error', 'reconnect_failed');
  for (const index of [0, 1, 2]) {
    connections[index].cut(new Error('no'));
    await clock.advance(10_000);
  }
  assert.equal(connections.length, 3);
  assert.deepEqual(log.map(([name]) => name), ['error', 'reconnect_error', 'reconnect_error', 'reconnect_failed']);
});

for (const [what, sleep, delay, comes = () => undefined] of [
  ['a sleep that the session can have outlived', 40_000, 1000],
  ['a sleep that ended it', 50_000, 0],
  ['the same, with what came before the end', 50_000, 0, ({ connection }) => connection.handlers.onPacket({ type: 'ping' })],
  ['an end long after such a sleep', 50_000, 1000, async ({ connection, clock }) => {
    for (let count = 0; count < 6; count += 1) {
      connection.handlers.onPacket({ type: 'ping' });
      await clock.advance(1000);
    }
  }],
]) {
  test(`${what}: the next connection is made after ${delay} ms`, async () => {
    const clock = new ManualClock();
    let asleep = 0;
    const { connection, connections } = connected({ timers: { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout, now: () => clock.now() + asleep } });
    asleep = sleep;
    await comes({ connection, clock });
    connection.cut();
    if (delay > 0) await clock.advance(delay - 1);
    assert.equal(connections.length, 1);
    await clock.advance(1);
    assert.equal(connections.length, 2);
    // That one was not open: it is not tried all the time.
    connections[1].cut(new Error('away'));
    await clock.advance(999);
    assert.equal(connections.length, 2);
  });
}

test('no reconnection when it is not wanted', async () => {
  const { connection, connections, clock } = connected({ reconnection: false });
  connection.cut();
  await clock.advance(60_000);
  assert.equal(connections.length, 1);
});

test('a connection that does not open in time is given up', async () => {
  const { manager, connections, clock } = makeServer({ timeout: 500, reconnection: false });
  const log = record(manager.socket('/'), 'connect_error');
  await clock.advance(500);
  assert.equal(log[0][1].message, 'timeout');
  assert.equal(connections[0].isClosed, true);
});

test('a refused namespace gets the error with its data, and is not asked for again', async () => {
  const { manager, connections, clock } = makeServer();
  const socket = manager.socket('/');
  const log = record(socket, 'connect_error');
  connections[0].accept();
  connections[0].receive('4{"message":"no","data":{"code":7}}');
  assert.deepEqual([log[0][1].message, log[0][1].data], ['no', { code: 7 }]);
  assert.equal(connections[0].isClosed, true);
  await clock.advance(60_000);
  assert.equal(connections.length, 1);
});

test('the server ends one namespace, the other stays', async () => {
  const { manager, socket, connection } = connected();
  const other = manager.socket('/b');
  connection.receive('0/b,{"sid":"B"}');
  const log = record(socket, 'disconnect');
  connection.receive('1');
  assert.deepEqual(log, [['disconnect', 'io server disconnect']]);
  assert.deepEqual([socket.active, other.connected, connection.isClosed], [false, true, false]);
});

test('disconnect leaves the namespace; the last one closes the connection', async () => {
  const { socket, connection, connections, clock, manager } = connected();
  const other = manager.socket('/b');
  connection.receive('0/b,{"sid":"B"}');
  const log = record(socket, 'disconnect');
  socket.disconnect();
  assert.equal(connection.sent.at(-1), '1');
  assert.deepEqual([log, connection.isClosed], [[['disconnect', 'io client disconnect']], false]);
  other.disconnect();
  assert.equal(connection.isClosed, true);
  await clock.advance(60_000);
  assert.equal(connections.length, 1);
  socket.connect();
  assert.equal(connections.length, 2);
});

test('what is not a packet closes the connection, and it is made anew', async () => {
  const { connection, connections, clock, socket } = connected();
  connection.receive('2{}');
  assert.deepEqual([connection.isClosed, socket.connected], [true, false]);
  await clock.advance(1000);
  assert.equal(connections.length, 2);
});

test('packets of a namespace that nobody asked for are ignored', () => {
  const { connection, socket } = connected();
  const log = record(socket, 'x');
  connection.receive('2/other,["x"]', '2["x",1]');
  assert.deepEqual(log, [['x', 1]]);
});

test('a listener that throws keeps neither the others nor the connection from going on', () => {
  const { connection, socket } = connected();
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  socket.on('x', () => {
    throw new Error('mine');
  });
  const log = record(socket, 'x');
  connection.receive('2["x"]', '2["x"]');
  delete globalThis.reportError;
  assert.equal(log.length, 2);
  assert.deepEqual(reported, ['mine', 'mine']);
});

test('the network is watched only while a socket wants to be connected', (context) => {
  const window = new EventTarget();
  let listeners = 0;
  globalThis.addEventListener = (name, listener, { signal }) => {
    listeners += 1;
    signal.addEventListener('abort', () => {
      listeners -= 1;
    });
    window.addEventListener(name, listener, { signal });
  };
  context.after(() => delete globalThis.addEventListener);
  const { manager, socket, connection } = connected();
  const other = manager.socket('/other');
  for (let round = 0; round < 8; round += 1) {
    socket.disconnect();
    socket.connect();
  }
  assert.equal(listeners, 2);
  socket.disconnect();
  assert.equal(listeners, 2);
  window.dispatchEvent(new Event('offline'));
  assert.equal(connection.isClosed, true);
  other.disconnect();
  assert.equal(listeners, 0);
});
