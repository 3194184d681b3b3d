import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { incomingLimit, roomLimit, unaskedSizeLimit } from '../../files/inbox.js';
import { until } from '../clock.js';
import { knownLimit } from '../../files/incoming.js';
import { makeFiles, told } from './room.js';

const batch = (id, files, bytes) => ({ batch: { id, files, bytes } });
const states = (rows) => rows.map(({ state }) => state);
const questions = (rows) => rows.map(({ question }) => question && [question.files, question.bytes]);
const sum = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const bytes = Buffer.of(1, 2, 3);

/** The sender sends what it offered, the bytes 1, 2 and 3. */
async function send(channel) {
  channel.deliver(Uint8Array.from(bytes).buffer);
  channel.deliver(JSON.stringify({ type: 'piece', sha256: sum(bytes).toString('hex') }));
  channel.deliver(JSON.stringify({ type: 'end', sha256: sum(sum(bytes)).toString('hex') }));
  await until(() => told(channel).at(-1) === 'received');
}

test('one question for each sender, however many files; those of this time are received', () => {
  const { offer, rows } = makeFiles('ann', 'bea');
  const ann = [offer('ann', 3, batch('b', 5, 15)), offer('ann', 3, batch('b', 5, 15)), offer('ann', 4, batch('c', 1, 4))];
  const bea = offer('bea', 3);
  assert.deepEqual([...ann, bea].flatMap(told), []);
  assert.deepEqual(states(rows()), ['waiting', 'waiting', 'waiting', 'waiting']);
  assert.deepEqual(questions(rows()), [[6, 19], undefined, undefined, [1, 3]]);
  rows()[0].question.accept();
  assert.deepEqual(ann.map(told), [['accept'], ['accept'], ['accept']]);
  assert.deepEqual(told(bea), []);
  // The rest of the batch comes without another question, and nothing beyond it.
  const more = [3, 3, 3, 3].map((size) => offer('ann', size, batch('b', 5, 15)));
  assert.deepEqual(more.map(told), [['accept'], ['accept'], ['accept'], []]);
  assert.deepEqual(told(offer('ann', 3, batch('d', 1, 3))), []);
  assert.deepEqual(questions(rows()).filter(Boolean), [[1, 3], [6, 18]]);
});

test('always is for what comes later too, but for what is very large', () => {
  const { offer, rows } = makeFiles('ann');
  const channels = [offer('ann', 3)];
  rows()[0].question.acceptAlways();
  channels.push(offer('ann', 3), offer('ann', unaskedSizeLimit + 1));
  assert.deepEqual(channels.map(told), [['accept'], ['accept'], []]);
  assert.deepEqual(questions(rows()), [undefined, undefined, [1, unaskedSizeLimit + 1]]);
});

test('no is for all of it, and what else comes of it is refused unseen', () => {
  const { offer, rows } = makeFiles('ann');
  const channels = [offer('ann', 3, batch('b', 5, 15)), offer('ann', 3, batch('b', 5, 15))];
  rows()[0].question.refuse();
  channels.push(offer('ann', 3, batch('b', 5, 15)));
  assert.deepEqual(channels.map(told), [['refuse'], ['refuse'], ['refuse']]);
  assert.deepEqual(JSON.parse(channels[2].queue[0]), { type: 'refuse', code: 'refused', all: true, version: 2 });
  assert.deepEqual(states(rows()), ['cancelled', 'cancelled']);
  assert.deepEqual(told(offer('ann', 3, batch('c', 1, 3))), [], 'another batch is another question');
});

test('the question stays when the file that it stood with is taken back', () => {
  const { offer, rows } = makeFiles('ann');
  const first = offer('ann', 3, batch('b', 2, 6));
  offer('ann', 3, batch('b', 2, 6));
  first.deliver('{"type":"cancel"}');
  assert.deepEqual(questions(rows()), [undefined, [2, 6]]);
  assert.deepEqual([rows()[0].state, rows()[0].code], ['cancelled', 'cancelled']);
  rows()[1].cancel();
  assert.deepEqual(questions(rows()), [undefined, undefined]);
});

test('more files at once than the limit are refused with a reason', () => {
  const { offer, rows } = makeFiles('ann');
  const channels = Array.from({ length: incomingLimit + 2 }, () => offer('ann', 3));
  assert.deepEqual(channels.slice(incomingLimit).map(told), [['refuse'], ['refuse']]);
  assert.equal(JSON.parse(channels[incomingLimit].queue[0]).code, 'too-many');
  assert.equal(rows().length, incomingLimit);
  channels[0].cut();
  assert.deepEqual(told(offer('ann', 3)), []);
  assert.equal(rows().length, incomingLimit + 1);
});

test('what does not fit waits until something is dismissed', () => {
  const { offer, rows } = makeFiles('ann');
  offer('ann', roomLimit - 2);
  rows()[0].question.accept();
  const second = offer('ann', 3);
  rows()[1].question.acceptAlways();
  assert.deepEqual([states(rows()), told(second)], [['receiving', 'waiting'], []]);
  assert.equal(rows()[1].waitsFor, 'room');
  rows()[0].cancel();
  assert.deepEqual([states(rows()), told(second)], [['cancelled', 'receiving'], ['accept']]);
});

test('a dismissed file is forgotten once', async () => {
  const { offer, rows } = makeFiles('ann');
  const channel = offer('ann', 3, { id: 'f' });
  rows()[0].question.accept();
  await send(channel);
  const [row] = rows();
  const { url } = row;
  const blob = await (await fetch(url)).blob();
  assert.deepEqual([row.state, blob.type, blob.size], ['done', 'application/octet-stream', 3]);
  row.dismiss();
  row.dismiss();
  await assert.rejects(fetch(url));
  assert.deepEqual(told(offer('ann', 3, { id: 'f' })), ['refuse'], 'it was dismissed');
});

test('who leaves ends what they send, and it is said that they left', () => {
  const { leave, offer, rows } = makeFiles('ann', 'bea');
  offer('ann', 3);
  offer('bea', 3);
  rows()[1].question.accept();
  leave('bea');
  leave('ann');
  assert.deepEqual(rows().map(({ state, code, from }) => [state, code, from]), [['failed', 'left', 'ann'], ['failed', 'left', 'bea']]);
});

test('that the sender left is said too when the connection ends first', () => {
  const { leave, offer, rows } = makeFiles('ann', 'bea');
  const channels = [offer('ann', 3, { id: 'f' }), offer('bea', 3, { id: 'f' })];
  for (const channel of channels) channel.cut();
  leave('ann');
  assert.deepEqual(rows().map(({ code }) => code), ['left', 'lost']);
});

for (const [what, lose] of [
  ['whose channel closes', ({ channel }) => channel.cut()],
  ['whose connection is replaced without a word', ({ call, peer }) => call.dispatch('replaced', peer('ann'))],
  ['that is offered before its channel closes', () => undefined],
]) {
  test(`a file ${what} comes again in the same row, without another question`, async () => {
    const room = makeFiles('ann');
    const channel = room.offer('ann', 3, { id: 'f' });
    room.rows()[0].question.accept();
    lose({ ...room, channel });
    const again = room.offer('ann', 3, { id: 'f' });
    assert.deepEqual(told(again), ['accept']);
    await send(again);
    assert.deepEqual(states(room.rows()), ['done']);
    // The sender did not hear so.
    const third = room.offer('ann', 3, { id: 'f' });
    assert.deepEqual([told(third), states(room.rows())], [['received'], ['done']]);
    assert.deepEqual(told(room.offer('ann', 4, { id: 'f' })), [], 'another size is another file');
  });
}

test('so many files are known again, and the oldest of more are not', () => {
  const { offer, rows } = makeFiles('ann');
  const again = (index) => {
    offer('ann', 3, { id: `f${index}` }).cut();
    return rows().length;
  };
  for (let index = 0; index < knownLimit; index += 1) again(index);
  assert.equal(again(0), knownLimit);
  again(knownLimit);
  assert.equal(again(1), knownLimit + 1, 'the second is known');
  assert.equal(again(0), knownLimit + 2, 'the first is not');
});

test('what the person does not want is not asked about again', () => {
  const { offer, rows } = makeFiles('ann');
  offer('ann', 3, { id: 'f' });
  rows()[0].cancel();
  assert.deepEqual(told(offer('ann', 3, { id: 'f' })), ['refuse']);
  assert.equal(rows().length, 1);
});
