import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { PieceDigests, hex, pieceSize } from '../../files/digest.js';
import { FileReceiver } from '../../files/file-receiver.js';
import { FileSender } from '../../files/file-sender.js';
import { sha256 } from '../../files/sha256.js';
import { codes, fileSizeLimit, version } from '../../files/transfer.js';
import { settle } from '../clock.js';
import { FakeChannel } from './fake-channel.js';

const digestOf = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
/** As docs/file-transfer.md has it. */
const fileDigest = (bytes) => {
  const pieces = [];
  for (let start = 0; start < bytes.length; start += pieceSize) pieces.push(digestOf(bytes.subarray(start, start + pieceSize)));
  return digestOf(...pieces).toString('hex');
};
/** Without a thread, so that nothing is waited for. */
const hash = async (bytes) => sha256(bytes);

function makeFile(size, name = 'photo.jpg') {
  const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7) % 256);
  return Object.assign(new Blob([bytes], { type: 'image/jpeg' }), { name });
}

function makeSender(channel, file, options = {}) {
  const batch = { id: 'b', files: 1, bytes: file.size };
  return new FileSender({ channel, file, id: 'f', batch, digests: new PieceDigests(hash), ...options });
}

/** A receiver whose person agrees to everything. */
function makeReceiver(channel, by = hash) {
  const receiver = new FileReceiver(channel, by);
  receiver.onchange = () => receiver.accept();
  return receiver;
}

function makePair(file, options = {}) {
  const [left, right] = [new FakeChannel(), new FakeChannel()];
  const sender = makeSender(left, file, options);
  const receiver = makeReceiver(right);
  const run = async (change) => {
    for (let round = 0; round < 400 && !(sender.isFinished && receiver.isFinished); round += 1) {
      await settle();
      left.flow(right, change);
      right.flow(left);
    }
  };
  return { left, right, sender, receiver, run };
}

const offer = (more) => JSON.stringify({ type: 'offer', version, name: 'x', size: 3, ...more });
const told = (channel) => channel.queue.map((data) => JSON.parse(data).type);
const lastCode = (channel) => JSON.parse(channel.queue.at(-1)).code;
const bytesOf = (...values) => Uint8Array.from(values).buffer;
const pieceOf = (bytes) => JSON.stringify({ type: 'piece', sha256: hex(sha256(bytes)) });
const piece = (...values) => pieceOf(Uint8Array.from(values));

for (const size of [0, 1, 65_536, 65_537, pieceSize - 1, pieceSize, pieceSize + 1, 3_000_000]) {
  test(`a file of ${size} bytes arrives whole`, async () => {
    const file = makeFile(size);
    const { sender, receiver, run, left } = makePair(file);
    await run();
    assert.deepEqual([sender.state, receiver.state], ['done', 'done']);
    const bytes = new Uint8Array(await file.arrayBuffer());
    assert.deepEqual([sender.digest, receiver.digest], [fileDigest(bytes), fileDigest(bytes)]);
    assert.deepEqual(await receiver.blob.arrayBuffer(), bytes.buffer);
    assert.deepEqual([receiver.name, receiver.size, receiver.blob.type], ['photo.jpg', size, 'application/octet-stream']);
    assert.ok(left.largest <= 65_536);
    assert.ok(left.highest <= 1024 ** 2 + 65_536 + 400, `${left.highest} bytes waited`);
  });
}

for (const [maxMessageSize, expected] of [
  [16_384, 16_384],
  [100_000, 65_536],
  [10_001, 10_001],
  [0, 65_536],
]) {
  test(`a peer that takes ${maxMessageSize} bytes gets ${expected} at once`, async () => {
    const { left, run, receiver } = makePair(makeFile(pieceSize + 200_000), { maxMessageSize });
    await run();
    assert.deepEqual([left.largest, receiver.state], [expected, 'done']);
  });
}

test('messages need not end where pieces do', async () => {
  const channel = new FakeChannel();
  const receiver = makeReceiver(channel);
  const bytes = new Uint8Array(2 * pieceSize + 5).map((_, index) => index % 251);
  channel.deliver(offer({ size: bytes.length }));
  for (let start = 0; start < bytes.length; start += 700_001) channel.deliver(bytes.slice(start, start + 700_001).buffer);
  for (let start = 0; start < bytes.length; start += pieceSize) channel.deliver(pieceOf(bytes.subarray(start, start + pieceSize)));
  channel.deliver(JSON.stringify({ type: 'end', sha256: fileDigest(bytes) }));
  for (let round = 0; round < 10; round += 1) await settle();
  assert.equal(receiver.state, 'done');
});

test('the first message has version, capabilities, and the batch', () => {
  const channel = new FakeChannel();
  makeSender(channel, makeFile(7));
  assert.deepEqual(JSON.parse(channel.queue[0]), {
    type: 'offer',
    version: 2,
    capabilities: [],
    id: 'f',
    name: 'photo.jpg',
    size: 7,
    batch: { id: 'b', files: 1, bytes: 7 },
  });
});

for (const spoken of [undefined, 1, 3, '2']) {
  test(`an offer of version ${spoken} is refused, and told what is spoken here`, () => {
    const channel = new FakeChannel();
    const receiver = new FileReceiver(channel);
    channel.deliver(offer({ version: spoken }));
    assert.deepEqual([receiver.state, receiver.code], ['failed', 'version']);
    assert.deepEqual(JSON.parse(channel.queue[0]), { type: 'refuse', code: 'version', version: 2 });
  });
}

test('the offer waits for the channel to open', () => {
  const channel = new FakeChannel();
  channel.readyState = 'connecting';
  makeSender(channel, makeFile(1));
  assert.deepEqual(channel.queue, []);
  channel.readyState = 'open';
  channel.dispatchEvent(new Event('open'));
  assert.deepEqual(told(channel), ['offer']);
});

test('bytes that change on the way are noticed with their piece', async () => {
  const { sender, receiver, run } = makePair(makeFile(3_000_000));
  let isChanged = false;
  await run((data) => {
    if (typeof data !== 'string' && !isChanged) {
      isChanged = true;
      new Uint8Array(data)[5] ^= 1;
    }
    return data;
  });
  assert.deepEqual([sender.state, sender.code], ['failed', 'not-what-was-sent']);
  assert.deepEqual([receiver.state, receiver.code], ['failed', 'not-what-was-sent']);
  assert.ok(receiver.progress < 3_000_000, `${receiver.progress} bytes came`);
  assert.equal(receiver.blob, undefined);
});

for (const who of ['sender', 'receiver']) {
  test(`the ${who} cancels, and both know who did`, async () => {
    const pair = makePair(makeFile(3_000_000));
    await settle();
    pair.left.flow(pair.right);
    pair.right.flow(pair.left);
    await settle();
    pair[who].cancel();
    await pair.run();
    assert.deepEqual([pair.sender.state, pair.receiver.state], ['cancelled', 'cancelled']);
    const [own, other] = who === 'sender' ? [pair.sender, pair.receiver] : [pair.receiver, pair.sender];
    assert.deepEqual([own.code, other.code], ['none', 'cancelled']);
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
  assert.deepEqual([sender.state, sender.code, receiver.state, receiver.code], ['failed', 'lost', 'failed', 'lost']);
});

test('a sender that waits for the channel leaves no listeners', async () => {
  const { left, run } = makePair(makeFile(6_000_000));
  const listening = new Set();
  const { addEventListener } = left;
  left.addEventListener = function (name, listener, options) {
    listening.add(listener);
    options?.signal?.addEventListener('abort', () => listening.delete(listener));
    addEventListener.call(this, name, listener, options);
  };
  await run();
  assert.equal(listening.size, 0);
});

test('a file that cannot be read is told to be', async () => {
  const file = makeFile(10);
  file.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) });
  const { sender, receiver, run } = makePair(file);
  await run();
  assert.deepEqual([sender.state, sender.code], ['failed', 'unreadable']);
  assert.deepEqual([receiver.state, receiver.code], ['failed', 'unreadable']);
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
    if (state === 'failed') assert.equal(lastCode(channel), 'too-large');
  });
}

const whole = { id: 'b', files: 2, bytes: 9 };
for (const [batch, expected] of [
  [whole, whole],
  [{ ...whole, bytes: 2 }, undefined],
  [{ ...whole, id: 'x'.repeat(64) }, { ...whole, id: 'x'.repeat(64) }],
  [{ ...whole, id: 'x'.repeat(65) }, undefined],
  [{ ...whole, files: 0 }, undefined],
  [{ ...whole, files: '2' }, undefined],
  [{ ...whole, bytes: -1 }, undefined],
  [null, undefined],
  ['b', undefined],
  [undefined, undefined],
]) {
  test(`a batch of ${JSON.stringify(batch)?.slice(0, 60)} is ${expected ? 'one' : 'none'}`, () => {
    const channel = new FakeChannel();
    const receiver = new FileReceiver(channel);
    channel.deliver(offer({ batch }));
    assert.deepEqual(receiver.batch, expected ?? { id: '', files: 1, bytes: 3 });
    assert.equal(receiver.state, 'waiting');
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
  assert.deepEqual([eager.state, eager.progress, eager.code], ['failed', 0, 'bad-peer']);
});

for (const [what, act, code, isAll] of [
  ['refused', (receiver) => receiver.refuse('too-many'), 'too-many', false],
  ['refused with all others', (receiver) => receiver.refuse('refused', true), 'refused', true],
  ['cancelled before it began', (receiver) => receiver.cancel(), 'refused', false],
]) {
  test(`an offer that is ${what} tells the sender why`, () => {
    const { left, right, sender, receiver } = makePair(makeFile(10));
    receiver.onchange = () => undefined;
    left.flow(right);
    act(receiver);
    right.flow(left);
    assert.deepEqual([sender.state, sender.code], ['failed', code]);
    assert.deepEqual([receiver.state, sender.refusesAll], ['cancelled', isAll]);
  });
}

test('whoever has the file already says so instead of taking it', () => {
  const { left, right, sender, receiver } = makePair(makeFile(10));
  receiver.onchange = () => undefined;
  left.flow(right);
  receiver.haveAlready();
  right.flow(left);
  assert.deepEqual([sender.state, sender.progress], ['done', 10]);
});

test('nobody has received what was not sent', () => {
  const { left, sender } = makePair(makeFile(3_000_000));
  left.deliver('{"type":"accept"}');
  left.deliver('{"type":"received"}');
  assert.deepEqual([sender.state, sender.code], ['failed', 'bad-peer']);
});

test('a code that is not on the list says nothing', () => {
  for (const [code, expected] of [['<b>', 'none'], [7, 'none'], ...codes.map((known) => [known, known])]) {
    const { left, sender } = makePair(makeFile(1));
    left.deliver(JSON.stringify({ type: 'failed', code }));
    assert.deepEqual([sender.state, sender.code], ['failed', expected]);
  }
});

test('a channel is refused as soon as it is open', () => {
  const channel = new FakeChannel();
  channel.readyState = 'connecting';
  const receiver = new FileReceiver(channel);
  receiver.refuse('too-many');
  assert.equal(channel.readyState, 'connecting');
  channel.readyState = 'open';
  channel.dispatchEvent(new Event('open'));
  assert.deepEqual([told(channel), channel.readyState], [['refuse'], 'closing']);
});

for (const [what, messages, code] of [
  ['bytes before the offer', [new ArrayBuffer(1)], 'bad-peer'],
  ['one byte more than offered', [offer(), new ArrayBuffer(4)], 'more-than-offered'],
  ['one byte more than offered, later', [offer(), new ArrayBuffer(3), new ArrayBuffer(1)], 'more-than-offered'],
  ['an end that comes too early', [offer(), new ArrayBuffer(2), '{"type":"end","sha256":"x"}'], 'not-what-was-sent'],
  ['an end without the digests', [offer(), bytesOf(1, 2, 3), JSON.stringify({ type: 'end', sha256: fileDigest(Buffer.of(1, 2, 3)) })], 'not-what-was-sent'],
  ['a digest that is another', [offer(), bytesOf(1, 2, 3), piece(1, 2, 4)], 'not-what-was-sent'],
  ['a digest of the whole that is another', [offer(), bytesOf(1, 2, 3), piece(1, 2, 3), '{"type":"end","sha256":"x"}'], 'not-what-was-sent'],
  ['a digest before its piece', [offer(), bytesOf(1, 2), piece(1, 2, 3)], 'bad-peer'],
  ['one digest more than there are pieces', [offer(), bytesOf(1, 2, 3), piece(1, 2, 3), piece(1, 2, 3)], 'bad-peer'],
  ['a second end', [offer(), bytesOf(1, 2, 3), piece(1, 2, 3), '{"type":"end"}', '{"type":"end"}'], 'not-what-was-sent'],
  ['text that is not JSON', ['{'], 'bad-peer'],
  ['JSON that is no object', ['7'], 'bad-peer'],
]) {
  test(`${what} fails the transfer, and tells why`, async () => {
    const channel = new FakeChannel();
    const receiver = makeReceiver(channel);
    for (const message of messages) channel.deliver(message);
    for (let round = 0; round < 5; round += 1) await settle();
    assert.deepEqual([receiver.state, receiver.code, receiver.blob], ['failed', code, undefined]);
    assert.deepEqual([told(channel).at(-1), lastCode(channel)], ['failed', code]);
  });
}

test('a digest that cannot be made fails the transfer', async () => {
  const channel = new FakeChannel();
  const receiver = makeReceiver(channel, () => Promise.reject(new Error('no thread')));
  for (const message of [offer(), bytesOf(1, 2, 3), piece(1, 2, 3)]) channel.deliver(message);
  await settle();
  assert.deepEqual([receiver.state, receiver.code], ['failed', 'unchecked']);
});

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
