import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { FileReceiver, FileSender, digestOf, fileSizeLimit } from '../../files/transfer.js';
import { Sha256 } from '../../files/sha256.js';
import { settle } from '../clock.js';
import { FakeChannel } from './fake-channel.js';

function makeFile(size, name = 'photo.jpg') {
  const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7) % 256);
  return Object.assign(new Blob([bytes], { type: 'image/jpeg' }), { name });
}

/** A receiver whose person agrees to everything. */
function makeReceiver(channel) {
  const receiver = new FileReceiver(channel);
  receiver.onchange = () => receiver.accept();
  return receiver;
}

function makePair(file, options = {}) {
  const [left, right] = [new FakeChannel(), new FakeChannel()];
  const sender = new FileSender({ channel: left, file, digest: digestOf(file), ...options });
  const receiver = makeReceiver(right);
  const run = async (change) => {
    for (let round = 0; round < 200 && !(sender.isFinished && receiver.isFinished); round += 1) {
      await settle();
      left.flow(right, change);
      right.flow(left);
    }
  };
  return { left, right, sender, receiver, run };
}

const offer = (more) => JSON.stringify({ type: 'offer', name: 'x', size: 3, mime: '', ...more });
const told = (channel) => channel.queue.map((data) => JSON.parse(data).type);

for (const length of [0, 1, 55, 56, 63, 64, 65, 1000, 100_000]) {
  test(`SHA-256 of ${length} bytes, in pieces`, () => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) % 256);
    const hash = new Sha256();
    for (let start = 0; start < length; start += 37) hash.update(bytes.subarray(start, start + 37));
    assert.equal(hash.digest(), createHash('sha256').update(bytes).digest('hex'));
  });
}

for (const size of [0, 1, 65_536, 65_537, 3_000_000]) {
  test(`a file of ${size} bytes arrives whole`, async () => {
    const file = makeFile(size);
    const { sender, receiver, run, left } = makePair(file);
    await run();
    assert.deepEqual([sender.state, receiver.state], ['done', 'done']);
    assert.equal(receiver.sha256, await digestOf(file));
    assert.deepEqual(await receiver.blob.arrayBuffer(), await file.arrayBuffer());
    assert.deepEqual([receiver.name, receiver.size, receiver.blob.type], ['photo.jpg', size, 'application/octet-stream']);
    assert.ok(left.largest <= 65_536);
    assert.ok(left.highest <= 1024 ** 2 + 65_536 + 200, `${left.highest} bytes waited`);
  });
}

for (const [maxMessageSize, expected] of [
  [16_384, 16_384],
  [262_144, 65_536],
  [0, 65_536],
]) {
  test(`a peer that takes ${maxMessageSize} bytes gets ${expected} at once`, async () => {
    const { left, run } = makePair(makeFile(200_000), { maxMessageSize });
    await run();
    assert.equal(left.largest, expected);
  });
}

test('the offer waits for the channel to open', () => {
  const channel = new FakeChannel();
  channel.readyState = 'connecting';
  const file = makeFile(1);
  new FileSender({ channel, file, digest: digestOf(file) });
  assert.deepEqual(channel.queue, []);
  channel.readyState = 'open';
  channel.dispatchEvent(new Event('open'));
  assert.deepEqual(told(channel), ['offer']);
});

test('bytes that change on the way are noticed', async () => {
  const { sender, receiver, run } = makePair(makeFile(1000));
  await run((data) => {
    if (typeof data !== 'string') new Uint8Array(data)[5] ^= 1;
    return data;
  });
  assert.deepEqual([sender.state, receiver.state], ['failed', 'failed']);
  assert.match(receiver.reason, /not-what-was-sent/);
  assert.equal(receiver.blob, undefined);
});

for (const who of ['sender', 'receiver']) {
  test(`the ${who} cancels`, async () => {
    const pair = makePair(makeFile(3_000_000));
    await settle();
    pair.left.flow(pair.right);
    pair.right.flow(pair.left);
    await settle();
    pair[who].cancel();
    await pair.run();
    assert.deepEqual([pair.sender.state, pair.receiver.state], ['cancelled', 'cancelled']);
    pair.left.queue.length = 0;
    await settle();
    assert.deepEqual(pair.left.queue, []);
  });
}

test('a channel that closes fails both, and frees a sender that waits', async () => {
  const { left, right, sender, receiver } = makePair(makeFile(3_000_000));
  await settle();
  left.flow(right);
  right.flow(left);
  await settle();
  left.cut();
  right.cut();
  await settle();
  assert.deepEqual([sender.state, receiver.state], ['failed', 'failed']);
});

for (const [size, state] of [
  [0, 'waiting'],
  [fileSizeLimit, 'waiting'],
  [fileSizeLimit + 1, 'failed'],
  [-1, 'failed'],
  [1.5, 'failed'],
  ['3', 'failed'],
  [undefined, 'failed'],
]) {
  test(`an offer of ${size} bytes: ${state}`, () => {
    const channel = new FakeChannel();
    const receiver = new FileReceiver(channel);
    channel.deliver(offer({ size }));
    assert.equal(receiver.state, state);
    assert.deepEqual(told(channel), state === 'failed' ? ['refuse'] : []);
  });
}

test('nothing is received before the person has agreed', () => {
  const channel = new FakeChannel();
  const receiver = new FileReceiver(channel);
  channel.deliver(offer());
  receiver.accept();
  assert.deepEqual([receiver.state, told(channel)], ['receiving', ['accept']]);
  const other = new FakeChannel();
  const eager = new FileReceiver(other);
  for (const data of [offer(), new ArrayBuffer(3)]) other.deliver(data);
  assert.deepEqual([eager.state, eager.progress], ['failed', 0]);
});

for (const [what, act, reason] of [
  ['refused', (receiver) => receiver.refuse('files.too-many'), 'files.too-many'],
  ['cancelled before it began', (receiver) => receiver.cancel(), 'files.refused'],
]) {
  test(`an offer that is ${what} tells the sender why`, () => {
    const { left, right, sender, receiver } = makePair(makeFile(10));
    receiver.onchange = () => undefined;
    left.flow(right);
    act(receiver);
    right.flow(left);
    assert.deepEqual([sender.state, sender.reason, receiver.state], ['failed', reason, 'cancelled']);
  });
}

test('a channel is refused as soon as it is open', () => {
  const channel = new FakeChannel();
  channel.readyState = 'connecting';
  const receiver = new FileReceiver(channel);
  receiver.refuse('Too many.');
  assert.equal(channel.readyState, 'connecting');
  channel.readyState = 'open';
  channel.dispatchEvent(new Event('open'));
  assert.deepEqual([told(channel), channel.readyState], [['refuse'], 'closing']);
});

for (const [what, messages] of [
  ['bytes before the offer', [new ArrayBuffer(1)]],
  ['one byte more than offered', [offer(), new ArrayBuffer(4)]],
  ['one byte more than offered, later', [offer(), new ArrayBuffer(3), new ArrayBuffer(1)]],
  ['an end that comes too early', [offer(), new ArrayBuffer(2), '{"type":"end","sha256":"x"}']],
  ['text that is not JSON', ['{']],
  ['JSON that is no object', ['7']],
]) {
  test(`${what} fails the transfer`, () => {
    const channel = new FakeChannel();
    const receiver = makeReceiver(channel);
    for (const message of messages) channel.deliver(message);
    assert.equal(receiver.state, 'failed');
    assert.equal(receiver.blob, undefined);
  });
}

test('a receiver that sends bytes back fails the sender', () => {
  const { left, sender } = makePair(makeFile(10));
  left.deliver(new ArrayBuffer(1));
  assert.equal(sender.state, 'failed');
});

test('a second offer, and words that nobody knows, change nothing', () => {
  const channel = new FakeChannel();
  const receiver = makeReceiver(channel);
  for (const message of [offer(), offer({ name: 'other', size: 9 }), '{"type":"wave"}']) channel.deliver(message);
  assert.deepEqual([receiver.name, receiver.size, receiver.state], ['x', 3, 'receiving']);
});

for (const [mime, body] of [
  ['text/html', '<script>alert(1)</script>'],
  ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ['application/xhtml+xml', '<html xmlns="http://www.w3.org/1999/xhtml"/>'],
  ['text/plain', 'text'],
  ['', ''],
]) {
  test(`a file that is sent as "${mime}" is received as no document`, async () => {
    const file = Object.assign(new Blob([body], { type: mime }), { name: 'page.html' });
    const { receiver, run } = makePair(file);
    await run();
    assert.deepEqual([receiver.state, receiver.blob.type], ['done', 'application/octet-stream']);
  });
}

test('the name of a file from somebody else is made safe', () => {
  const channel = new FakeChannel();
  const receiver = makeReceiver(channel);
  channel.deliver(offer({ name: '../../a\u202etxt.exe' }));
  assert.equal(receiver.name, 'atxt.exe');
});
