import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceOf, check, waysIn } from '../../call/check.js';

const account = { username: 'u', credential: 'c' };
const servers = [
  { urls: 'stun:a.example:3478' },
  { urls: ['turn:a.example:3478?transport=udp', 'turn:a.example:3478?transport=tcp', 'turns:a.example:5349?transport=tcp'], ...account },
  { urls: ['turn:b.example'], ...account },
];

/** Connections whose relay answers, or not, by its address. */
function network(answers) {
  const made = [];
  const makeConnection = (configuration) => {
    const connection = { configuration, onicecandidate: undefined, isClosed: false, createDataChannel() {}, close: () => (connection.isClosed = true) };
    connection.setLocalDescription = async () => {
      const answer = answers(configuration.iceServers.map(({ urls }) => urls));
      for (const candidate of answer) connection.onicecandidate({ candidate: candidate && { candidate } });
    };
    made.push(connection);
    return connection;
  };
  return { made, makeConnection };
}

const relay = 'candidate:3 1 udp 41885439 198.51.100.1 49152 typ relay raddr 0.0.0.0 rport 0';
const host = 'candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host';

async function outcomesOf(iceServers, answers, options = {}) {
  const { made, makeConnection } = network(answers);
  const told = [];
  await check(iceServers, { onChange: (outcomes) => told.push(Object.fromEntries(outcomes)), signal: new AbortController().signal, makeConnection, ...options });
  assert.ok(made.every(({ isClosed, configuration }) => isClosed && configuration.iceTransportPolicy === 'relay'));
  return told;
}

test('each way to the relay is tried by itself, with the credentials of its server', () => {
  const ways = Object.fromEntries([...waysIn(servers)].map(([way, list]) => [way, list.map(({ urls, username }) => `${username} ${urls}`)]));
  assert.deepEqual(ways, {
    'relay-udp': ['u turn:a.example:3478?transport=udp', 'u turn:b.example'],
    'relay-tcp': ['u turn:a.example:3478?transport=tcp'],
    'relay-tls': ['u turns:a.example:5349?transport=tcp'],
  });
});

test('a way that gives an address works, one that ends without does not', async () => {
  const told = await outcomesOf(servers, (urls) => (/transport=udp/.test(urls[0]) ? [host, null] : [relay]));
  assert.deepEqual(told[0], { 'relay-udp': 'tried', 'relay-tcp': 'tried', 'relay-tls': 'tried' });
  assert.deepEqual(told.at(-1), { 'relay-udp': 'fails', 'relay-tcp': 'works', 'relay-tls': 'works' });
});

test('a way that is silent fails after its time', async () => {
  assert.deepEqual((await outcomesOf([servers[2]], () => [host], { time: 1 })).at(-1), { 'relay-udp': 'fails' });
});

test('a trial that is given up tells no more', async () => {
  const trial = new AbortController();
  const { made, makeConnection } = network(() => []);
  const told = [];
  const end = check(servers, { onChange: (outcomes) => told.push(outcomes), signal: trial.signal, makeConnection });
  trial.abort();
  await end;
  assert.equal(told.length, 1);
  assert.ok(made.every(({ isClosed }) => isClosed));
});

for (const [outcomes, expected] of [
  [{}, 'check.no-relay'],
  [{ 'relay-udp': 'works', 'relay-tcp': 'tried' }, 'check.good'],
  [{ 'relay-udp': 'tried', 'relay-tcp': 'works' }, undefined],
  [{ 'relay-udp': 'fails', 'relay-tcp': 'works' }, 'check.slow'],
  [{ 'relay-udp': 'fails', 'relay-tcp': 'fails' }, 'check.nothing'],
]) {
  test(`what to make of ${JSON.stringify(outcomes)}`, () => assert.equal(adviceOf(new Map(Object.entries(outcomes))), expected));
}
