import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adapted } from '../../ui/debug/connections.js';
import { narrowed } from '../../ui/debug/senders.js';

const servers = [
  { urls: 'stun:a:1' },
  { urls: ['turn:a:1', 'turn:a:1?transport=tcp', 'turns:a:2?transport=tcp'], username: 'u', credential: 'c' },
];

test('a page without faults asks for what it asks for', () => {
  const wanted = { iceServers: servers, iceTransportPolicy: 'all' };
  assert.equal(adapted(wanted, { isRelayOnly: false, isWithoutUDP: false }), wanted);
});

test('relay only keeps all ways to the relay, no UDP only those over TCP', () => {
  const relayed = adapted({ iceServers: servers }, { isRelayOnly: true, isWithoutUDP: false });
  assert.deepEqual(relayed, { iceServers: servers, iceTransportPolicy: 'relay' });
  const streamed = adapted({ iceServers: servers }, { isRelayOnly: false, isWithoutUDP: true });
  const left = { ...servers[1], urls: ['turn:a:1?transport=tcp', 'turns:a:2?transport=tcp'] };
  assert.deepEqual(streamed, { iceServers: [left], iceTransportPolicy: 'relay' });
});

test('a limit only lowers what the page asks for, and what is frozen is not sent', () => {
  const parameters = { encodings: [{ maxBitrate: 500, active: true }, { active: true }] };
  const of = (narrowing) => narrowed(parameters, { limit: Infinity, isFrozen: false, ...narrowing }).encodings;
  assert.deepEqual(of({}), parameters.encodings);
  assert.deepEqual(of({ limit: 300 }), [{ maxBitrate: 300, active: true }, { maxBitrate: 300, active: true }]);
  assert.deepEqual(of({ limit: 900 })[0], { maxBitrate: 500, active: true });
  assert.ok(of({ isFrozen: true }).every(({ active }) => active === false));
});
