import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptLimit } from '../../files/delivery.js';
import { Lanes } from '../../files/lanes.js';
import { fileSizeLimit } from '../../files/transfer.js';
import { settle, until } from '../clock.js';
import { file, makeFiles, told } from './room.js';

const states = (rows) => rows.map(({ state }) => state);
const recipients = ({ recipients }) => recipients.map(({ name, state, code }) => [name, state, code].join(' '));

/** The other side agrees, and takes the file. */
async function take(channel) {
  channel.deliver('{"type":"accept"}');
  await until(() => told(channel).at(-1) === 'end');
  channel.deliver('{"type":"received"}');
  await settle();
}

test('three files at once for each peer; the others wait their turn', async () => {
  const { files, peer, rows } = makeFiles('ann', 'bea');
  files.send(Array.from({ length: 7 }, (_, index) => file(`f${index}`)));
  await settle();
  assert.deepEqual([peer('ann').channels.length, peer('bea').channels.length], [3, 3]);
  const offers = peer('ann').channels.map((channel) => JSON.parse(channel.queue[0]));
  assert.deepEqual(new Set(offers.map(({ batch }) => JSON.stringify([batch.files, batch.bytes]))), new Set(['[7,21]']));
  assert.deepEqual([new Set(offers.map(({ id }) => id)).size, new Set(offers.map(({ batch }) => batch.id)).size], [3, 1]);
  // Nothing is on its way before somebody agrees.
  assert.deepEqual(states(rows()), new Array(7).fill('waiting'));
  assert.deepEqual(recipients(rows()[0]), ['ann asked none', 'bea asked none']);
  assert.deepEqual(recipients(rows()[3]), ['ann queued none', 'bea queued none']);
  // One who takes nothing keeps nobody else waiting.
  for (let index = 0; index < 7; index += 1) {
    peer('ann').channels[index].deliver('{"type":"refuse","code":"refused"}');
    await settle();
  }
  assert.deepEqual([peer('ann').channels.length, peer('bea').channels.length], [7, 3]);
  rows()[5].cancel();
  assert.equal(rows()[5].state, 'failed');
  for (const channel of peer('bea').channels.slice(0, 3)) channel.deliver('{"type":"cancel"}');
  await settle();
  // The sixth was taken back.
  assert.equal(peer('bea').channels.length, 6);
  assert.deepEqual(peer('bea').channels.map((channel) => JSON.parse(channel.queue[0]).name), ['f0', 'f1', 'f2', 'f3', 'f4', 'f6']);
});

test('forty-five files at once all arrive', async () => {
  const { files, peer, rows } = makeFiles('ann');
  files.send(Array.from({ length: 45 }, (_, index) => file(`f${index}`)));
  for (let index = 0; index < 45; index += 1) {
    await take(peer('ann').channels[index]);
    await settle();
  }
  assert.deepEqual(states(rows()), new Array(45).fill('done'));
});

test('whoever is not connected gets the file when they are', async () => {
  const { files, connect, peer, rows } = makeFiles('ann', 'bea', 'cid');
  peer('bea').connectionState = 'connecting';
  files.send([file('f')]);
  assert.deepEqual(recipients(rows()[0]), ['ann asked none', 'bea absent none', 'cid asked none']);
  for (const id of ['ann', 'cid']) await take(peer(id).channels[0]);
  // It is not sent while somebody has got nothing.
  assert.deepEqual([rows()[0].state, recipients(rows()[0])], ['waiting', ['ann done none', 'bea absent none', 'cid done none']]);
  connect('bea');
  assert.deepEqual(recipients(rows()[0])[1], 'bea asked none');
  await take(peer('bea').channels[0]);
  assert.deepEqual([rows()[0].state, rows()[0].progress], ['done', 3]);
  assert.match(rows()[0].digest, /^[0-9a-f]{64}$/);
});

for (const [what, lose] of [
  ['with its channel', (room) => room.peer('ann').channels[0].cut()],
  ['without a word', (room) => room.call.dispatch('replaced', room.peer('ann'))],
]) {
  test(`a connection that goes ${what} is waited for`, async () => {
    const room = makeFiles('ann');
    room.files.send([file('f'), file('g'), file('h'), file('i')]);
    const [first] = room.peer('ann').channels;
    first.deliver('{"type":"accept"}');
    await settle();
    room.peer('ann').connectionState = 'new';
    lose(room);
    await settle();
    assert.equal(recipients(room.rows()[0])[0], 'ann absent none');
    room.connect('ann');
    await settle();
    const offers = room.peer('ann').channels.map(({ queue }) => JSON.parse(queue[0]));
    const ids = offers.filter(({ name }) => name === 'f').map(({ id }) => id);
    assert.ok(new Set(ids).size === 1, 'it is the same file');
    for (let index = 1; index < room.peer('ann').channels.length; index += 1) {
      const channel = room.peer('ann').channels[index];
      if (channel.readyState === 'open') await take(channel);
    }
    assert.deepEqual(states(room.rows()), new Array(4).fill('done'));
  });
}

test('a channel that always closes is not tried for ever', async () => {
  const { files, peer, rows } = makeFiles('ann');
  files.send([file('f')]);
  for (let index = 0; index < attemptLimit + 2; index += 1) {
    peer('ann').channels[index]?.cut();
    await settle();
  }
  assert.deepEqual([peer('ann').channels.length, rows()[0].state, rows()[0].code], [attemptLimit, 'failed', 'none']);
  assert.deepEqual(recipients(rows()[0]), ['ann failed lost']);
});

test('who leaves has not got it, and gets it when they come back', async () => {
  const { files, join, connect, leave, peer, rows } = makeFiles('ann', 'bea');
  files.send([file('f')]);
  await take(peer('ann').channels[0]);
  leave('bea');
  assert.deepEqual([rows()[0].state, recipients(rows()[0])], ['partly', ['ann done none', 'bea failed left']]);
  join('bea');
  assert.deepEqual(recipients(rows()[0])[1], 'bea absent none');
  connect('bea');
  await take(peer('bea').channels[0]);
  assert.equal(rows()[0].state, 'done');
});

test('nobody who comes later is sent what they were not there for', () => {
  const { files, join, connect, peer, rows } = makeFiles('ann');
  files.send([file('f')]);
  join('bea');
  connect('bea');
  assert.deepEqual([peer('bea').channels.length, rows()[0].recipients.length], [0, 1]);
});

test('a row that was dismissed waits for nobody', () => {
  const { files, join, connect, leave, peer, rows } = makeFiles('ann', 'bea');
  files.send([file('f')]);
  leave('ann');
  leave('bea');
  assert.equal(rows()[0].state, 'failed');
  rows()[0].dismiss();
  join('bea');
  connect('bea');
  assert.equal(peer('bea').channels.length, 0);
});

for (const [what, message, expected] of [
  ['refuses', { type: 'refuse', code: 'refused' }, 'bea failed refused'],
  ['has no room', { type: 'refuse', code: 'too-many' }, 'bea failed too-many'],
  ['cancels', { type: 'cancel' }, 'bea cancelled cancelled'],
]) {
  test(`of three people one ${what}: it is said who, and why`, async () => {
    const { files, peer, rows } = makeFiles('ann', 'bea', 'cid');
    files.send([file('f')]);
    peer('bea').channels[0].deliver(JSON.stringify(message));
    for (const id of ['ann', 'cid']) await take(peer(id).channels[0]);
    assert.deepEqual([rows()[0].state, recipients(rows()[0])], ['partly', ['ann done none', expected, 'cid done none']]);
  });
}

test('whoever wants nothing of what was sent is offered no more of it', async () => {
  const { files, peer, rows } = makeFiles('ann', 'bea');
  files.send(Array.from({ length: 7 }, (_, index) => file(`f${index}`)));
  peer('ann').channels[0].deliver('{"type":"refuse","code":"refused","all":true}');
  await settle();
  assert.equal(peer('ann').channels.length, 3);
  assert.deepEqual(rows().map((row) => recipients(row)[0]), new Array(7).fill('ann failed refused'));
  assert.equal(recipients(rows()[0])[1], 'bea asked none');
  files.send([file('another')]);
  await settle();
  assert.equal(peer('ann').channels.length, 4, 'what is sent later is offered');
});

test('a file that is too large is not sent, and nobody is asked when nobody is there', () => {
  const { files, rows, notes } = makeFiles('ann');
  const large = { name: 'large', size: fileSizeLimit + 1 };
  files.send([large, file('small')]);
  assert.deepEqual([rows().map(({ name }) => name), notes], [['small'], ['files.too-large']]);
  const empty = makeFiles();
  empty.files.send([file('a'), file('b')]);
  assert.deepEqual([empty.rows(), empty.notes], [[], ['files.nobody']]);
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
