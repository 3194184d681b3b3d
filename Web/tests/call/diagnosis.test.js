import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptOf, reasonOf } from '../../call/diagnosis.js';

const host = 'a=candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host\r\n';
const relay = 'a=candidate:3 1 udp 41885439 198.51.100.1 49152 typ relay raddr 0.0.0.0 rport 0\r\n';
const turn = [{ urls: ['stun:a.example', 'turn:a.example?transport=udp'] }];

function connection({ servers = turn, local = host, remote } = {}) {
  return {
    getConfiguration: () => ({ iceServers: servers }),
    localDescription: local === undefined ? null : { sdp: local },
    remoteDescription: remote === undefined ? null : { sdp: remote },
  };
}

for (const [what, made, expected] of [
  ['no answer', connection(), 'tile.silent'],
  ['no answer and no relay', connection({ servers: [] }), 'tile.silent'],
  ['no relay', connection({ servers: [{ urls: 'stun:a.example' }], remote: host }), 'tile.no-way'],
  ['a relay that gives no address to either side', connection({ remote: host }), 'tile.no-relay'],
  ['a relay of this side that does not help', connection({ local: host + relay, remote: host }), 'tile.no-path'],
  ['a relay of the other side that does not help', connection({ remote: host + relay }), 'tile.no-path'],
]) {
  test(`why there is no connection: ${what}`, () => assert.equal(reasonOf(attemptOf(made)), expected));
}
