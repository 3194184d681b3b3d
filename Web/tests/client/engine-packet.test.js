import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketError, countThatFits, decodePacket, decodePayload, encodeFrame, encodePayload, encodeText } from '../../client/engine-packet.js';

const bytes = (...values) => Uint8Array.from(values).buffer;

const vectors = [
  [{ type: 'open', data: '{"sid":"x"}' }, '0{"sid":"x"}'],
  [{ type: 'close' }, '1'],
  [{ type: 'ping', data: 'probe' }, '2probe'],
  [{ type: 'pong' }, '3'],
  [{ type: 'message', data: 'hé\u2028' }, '4hé\u2028'],
  [{ type: 'upgrade' }, '5'],
  [{ type: 'noop' }, '6'],
  [{ type: 'message', data: bytes(1, 2, 3, 4) }, 'bAQIDBA=='],
  [{ type: 'message', data: bytes() }, 'b'],
];

for (const [packet, text] of vectors) {
  test(`packet ${text}`, () => {
    assert.equal(encodeText(packet), text);
    assert.deepEqual(decodePacket(text), packet);
  });
}

test('an empty message and one without data are the same on the wire', () => {
  assert.equal(encodeText({ type: 'message', data: '' }), '4');
  assert.deepEqual(decodePacket('4'), { type: 'message' });
});

test('binary is bare in a frame', () => {
  const data = bytes(0, 255);
  assert.equal(encodeFrame({ type: 'message', data }), data);
  assert.deepEqual(decodePacket(data), { type: 'message', data });
});

test('a payload joins packets', () => {
  const packets = vectors.map(([packet]) => packet);
  const payload = encodePayload(packets);
  assert.equal(payload, vectors.map(([, text]) => text).join('\u001e'));
  assert.deepEqual(decodePayload(payload), packets);
});

test('large binary survives base64', () => {
  const data = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251).buffer;
  assert.deepEqual(decodePacket(encodeText({ type: 'message', data })).data, data);
});

for (const text of ['', '7', 'abc', '-', 'b!', '4a\u001e']) {
  test(`no packet: ${JSON.stringify(text)}`, () => {
    assert.throws(() => decodePayload(text), PacketError);
  });
}

test('a batch is filled to the limit and not one byte more', () => {
  const packets = [{ type: 'message', data: 'aé' }, { type: 'message', data: bytes(1, 2, 3, 4) }, { type: 'pong' }];
  // 4 bytes, then 1 + 9, then 1 + 1.
  const payload = new TextEncoder().encode(encodePayload(packets)).length;
  assert.equal(payload, 16);
  assert.equal(countThatFits(packets, 16), 3);
  assert.equal(countThatFits(packets, 15), 2);
  assert.equal(countThatFits(packets, 14), 2);
  assert.equal(countThatFits(packets, 13), 1);
  assert.equal(countThatFits(packets, 1), 1, 'a packet that is too big alone still goes');
});
