import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { PieceDigests, ThreadHash, digestOf, hash, hex, pieceCount, pieceSize } from '../../files/digest.js';
import { sha256 } from '../../files/sha256.js';
import { settle } from '../clock.js';

const expected = (bytes) => createHash('sha256').update(bytes).digest('hex');

for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_000]) {
  test(`SHA-256 of ${length} bytes`, async () => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) % 256);
    assert.equal(hex(sha256(bytes)), expected(bytes));
    assert.equal(hex(await hash(bytes)), expected(bytes));
  });
}

for (const [size, count] of [
  [0, 0],
  [1, 1],
  [pieceSize, 1],
  [pieceSize + 1, 2],
]) {
  test(`${size} bytes are ${count} pieces`, () => assert.equal(pieceCount(size), count));
}

test('the digest of a file is that of the list of its digests', async () => {
  const pieces = [1, 2, 3].map((value) => new Uint8Array(32).fill(value));
  assert.equal(hex(await digestOf(pieces)), expected(Buffer.concat(pieces)));
  assert.equal(hex(await digestOf([])), expected(''));
});

test('a piece is hashed once, for however many peers', async () => {
  let count = 0;
  const digests = new PieceDigests(async (bytes) => {
    count += 1;
    return sha256(bytes);
  });
  for (const peer of [1, 2, 3]) {
    await Promise.all([digests.piece(0, Uint8Array.of(1)), digests.piece(1, Uint8Array.of(2))]);
    assert.equal(hex(await digests.whole()), expected(Buffer.concat([sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))])));
    assert.equal(count, 2 + peer, 'two pieces, and each list');
  }
});

/** A thread that answers when the test says so. */
class FakeThread {
  asked = [];
  isRunning = true;

  postMessage(bytes) {
    this.asked.push(bytes);
  }

  answer() {
    this.onmessage({ data: sha256(this.asked.shift()) });
  }

  terminate() {
    this.isRunning = false;
  }
}

test('a thread hashes in order; one that ends is started again', async () => {
  const threads = [];
  const { hash: inThread } = new ThreadHash(() => {
    threads.push(new FakeThread());
    return threads.at(-1);
  });
  assert.equal(threads.length, 0);
  const answers = [1, 2].map((value) => inThread(Uint8Array.of(value)));
  threads[0].answer();
  threads[0].answer();
  assert.deepEqual((await Promise.all(answers)).map(hex), [1, 2].map((value) => expected(Uint8Array.of(value))));
  const lost = [3, 4].map((value) => assert.rejects(inThread(Uint8Array.of(value))));
  threads[0].onerror();
  await Promise.all(lost);
  const again = inThread(Uint8Array.of(5));
  await settle();
  threads[1].answer();
  assert.equal(hex(await again), expected(Uint8Array.of(5)));
  assert.deepEqual([threads.length, threads[0].isRunning], [2, false]);
});
