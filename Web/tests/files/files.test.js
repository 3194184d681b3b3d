import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inbox, incomingLimit, roomLimit, unaskedSizeLimit } from '../../files/inbox.js';
import { Lanes } from '../../files/lanes.js';
import { settle } from '../clock.js';
import { FakeChannel } from './fake-channel.js';

const { Emitter } = await import('../../client/emitter.js');
const { Files } = await import('../../files/files.js');

function makePeer(id) {
  const peer = { id, name: id, connectionState: 'connected', pc: {}, channels: [] };
  peer.openChannel = () => {
    if (peer.connectionState !== 'connected') throw new DOMException('closed', 'InvalidStateError');
    const channel = new FakeChannel();
    peer.channels.push(channel);
    return channel;
  };
  return peer;
}

function makeFiles(...ids) {
  const call = new Emitter();
  call.peers = new Map(ids.map((id) => [id, makePeer(id)]));
  const files = new Files(call);
  const rows = new Map();
  files.on('change', (row) => rows.set(row.id, row));
  const peer = (id) => call.peers.get(id);
  /** Somebody offers a file. */
  const offer = (id, size, name = 'x') => {
    const channel = new FakeChannel();
    call.dispatch('channel', peer(id), channel);
    if (channel.readyState === 'open') channel.deliver(JSON.stringify({ type: 'offer', name, size }));
    return channel;
  };
  return { call, files, peer, offer, rows: () => [...rows.values()] };
}

const file = (name, size = 3) => Object.assign(new Blob([new Uint8Array(size)]), { name });
const told = (channel) => channel.queue.filter((data) => typeof data === 'string').map((data) => JSON.parse(data).type);
const states = (rows) => rows.map(({ state }) => state);

for (const [what, agreed, size, isAsked, expected] of [
  ['a stranger', false, 0, false, 'ask'],
  ['a stranger, to this one', false, 3, true, 'receive'],
  ['somebody', true, unaskedSizeLimit, false, 'receive'],
  ['somebody, a large one', true, unaskedSizeLimit + 1, false, 'ask'],
  ['somebody, to a large one', true, roomLimit, true, 'receive'],
  ['somebody, to more than fits', true, roomLimit + 1, true, 'full'],
]) {
  test(`the person agrees to ${what}: ${expected}`, () => {
    const inbox = new Inbox();
    if (agreed) inbox.agree('ann');
    assert.equal(inbox.judge('ann', size, isAsked), expected);
    assert.equal(inbox.judge('bea', 0), 'ask', 'each sender is asked about');
  });
}

test('all together have no more room than the limit', () => {
  const inbox = new Inbox();
  inbox.agree('ann');
  inbox.reserve(roomLimit - 10);
  assert.deepEqual([inbox.judge('ann', 10), inbox.judge('ann', 11), inbox.judge('bea', 11, true)], ['receive', 'full', 'full']);
  inbox.release(1);
  assert.equal(inbox.judge('ann', 11), 'receive');
});

test('nothing is received before the person agrees, and then what they agreed to', () => {
  const { offer, rows } = makeFiles('ann', 'bea');
  const channels = [offer('ann', 3), offer('ann', 3), offer('bea', 3)];
  assert.deepEqual(channels.flatMap(told), []);
  assert.deepEqual(states(rows()), ['waiting', 'waiting', 'waiting']);
  rows()[0].accept();
  assert.deepEqual(channels.map(told), [['accept'], [], []]);
  channels.push(offer('ann', 3));
  rows()[1].acceptAll();
  channels.push(offer('ann', 3), offer('ann', unaskedSizeLimit + 1));
  assert.deepEqual(channels.map(told), [['accept'], ['accept'], [], ['accept'], ['accept'], []]);
});

test('more files at once than the limit are refused with a reason', () => {
  const { offer, rows } = makeFiles('ann');
  const channels = Array.from({ length: incomingLimit + 2 }, () => offer('ann', 3));
  assert.deepEqual(channels.slice(incomingLimit).map(told), [['refuse'], ['refuse']]);
  assert.match(JSON.parse(channels[incomingLimit].queue[0]).reason, /too-many/);
  assert.equal(rows().length, incomingLimit);
  channels[0].cut();
  assert.deepEqual(told(offer('ann', 3)), []);
  assert.equal(rows().length, incomingLimit + 1);
});

test('what does not fit waits until something is dismissed', async () => {
  const { offer, rows } = makeFiles('ann');
  offer('ann', roomLimit - 2);
  rows()[0].accept();
  const second = offer('ann', 3);
  rows()[1].acceptAll();
  assert.deepEqual([states(rows()), told(second)], [['receiving', 'waiting'], []]);
  assert.match(rows()[1].note.key, /no-room/);
  rows()[0].cancel();
  assert.deepEqual([states(rows()), told(second)], [['cancelled', 'receiving'], ['accept']]);
});

test('a dismissed file is forgotten once', async () => {
  const { offer, rows } = makeFiles('ann');
  const channel = offer('ann', 0);
  rows()[0].acceptAll();
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  channel.deliver(JSON.stringify({ type: 'end', sha256: empty }));
  const [row] = rows();
  assert.deepEqual([row.state, (await (await fetch(row.url)).blob()).type], ['done', 'application/octet-stream']);
  row.dismiss();
  row.dismiss();
  await assert.rejects(fetch(row.url));
});

test('three files at once for each peer; the others wait their turn', async () => {
  const { files, peer, rows } = makeFiles('ann', 'bea');
  files.send(Array.from({ length: 7 }, (_, index) => file(`f${index}`)));
  await settle();
  assert.deepEqual([peer('ann').channels.length, peer('bea').channels.length], [3, 3]);
  assert.deepEqual(rows().map(({ note }) => note?.key), [...new Array(3).fill('files.to-accept'), ...new Array(4).fill('files.queued')]);
  // One who takes nothing keeps nobody else waiting.
  for (let index = 0; index < 7; index += 1) {
    peer('ann').channels[index].deliver('{"type":"refuse","reason":"No."}');
    await settle();
  }
  assert.deepEqual([peer('ann').channels.length, peer('bea').channels.length], [7, 3]);
  rows()[5].cancel();
  assert.equal(rows()[5].state, 'failed');
  for (const channel of peer('bea').channels.slice(0, 3)) channel.cut();
  await settle();
  // The sixth was taken back.
  assert.equal(peer('bea').channels.length, 6);
  assert.deepEqual(peer('bea').channels.map((channel) => JSON.parse(channel.queue[0]).name), ['f0', 'f1', 'f2', 'f3', 'f4', 'f6']);
});

test('who leaves ends what is on its way, and what waits', async () => {
  const { files, call, peer, offer, rows } = makeFiles('ann');
  files.send(Array.from({ length: 5 }, (_, index) => file(`f${index}`)));
  offer('ann', 3);
  peer('ann').connectionState = 'closed';
  call.peers.delete('ann');
  call.dispatch('peers');
  await settle();
  assert.deepEqual(states(rows()), new Array(6).fill('failed'));
  assert.ok(rows().every(({ note }) => note.key === 'files.lost'));
});

test('a lane of ten thousand jobs that end as they start', async () => {
  const lanes = new Lanes(1);
  let count = 0;
  const start = (done) => {
    count += 1;
    done();
    done();
  };
  for (let index = 0; index < 10_000; index += 1) lanes.add('a', { start });
  await settle();
  assert.equal(count, 10_000);
});
