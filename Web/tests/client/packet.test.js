import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decoder, PacketError, PacketType, encode } from '../../client/packet.js';

const bytes = (...values) => Uint8Array.from(values).buffer;
const { connect, disconnect, event, ack, connectError } = PacketType;

const vectors = [
  [{ type: connect, namespace: '/' }, ['0']],
  [{ type: connect, namespace: '/admin', data: { token: 'x' } }, ['0/admin,{"token":"x"}']],
  [{ type: disconnect, namespace: '/admin' }, ['1/admin,']],
  [{ type: event, namespace: '/', data: ['hello', 1] }, ['2["hello",1]']],
  [{ type: event, namespace: '/admin', id: 12, data: ['hello'] }, ['2/admin,12["hello"]']],
  [{ type: event, namespace: '/', id: 0, data: ['a,1[', '/x,'] }, ['20["a,1[","/x,"]']],
  [{ type: ack, namespace: '/', id: 12, data: [] }, ['312[]']],
  [{ type: connectError, namespace: '/', data: { message: 'no' } }, ['4{"message":"no"}']],
  [
    { type: event, namespace: '/', data: ['b', { z: bytes(1), a: [bytes(2, 3), null] }] },
    ['52-["b",{"z":{"_placeholder":true,"num":0},"a":[{"_placeholder":true,"num":1},null]}]', bytes(1), bytes(2, 3)],
  ],
  [{ type: ack, namespace: '/a', id: 7, data: [bytes()] }, ['61-/a,7[{"_placeholder":true,"num":0}]', bytes()]],
];

for (const [packet, messages] of vectors) {
  test(`packet ${messages[0]}`, () => {
    assert.deepEqual(encode(packet), messages);
    const decoder = new Decoder();
    const decoded = messages.map((message) => decoder.add(message));
    assert.deepEqual(decoded.pop(), packet);
    assert.ok(decoded.every((early) => early === undefined));
  });
}

test('a view is sent as the bytes that it shows', () => {
  const view = new Uint16Array(bytes(0, 0, 1, 2, 3, 4), 2, 1);
  assert.deepEqual(encode({ type: event, namespace: '/', data: ['b', view] })[1], bytes(1, 2));
});

test('a date is its text, and undefined in a list is null', () => {
  const data = ['d', new Date(0), undefined];
  assert.deepEqual(encode({ type: event, namespace: '/', data }), ['2["d","1970-01-01T00:00:00.000Z",null]']);
});

test('a namespace without a comma', () => {
  assert.deepEqual(new Decoder().add('0/random'), { type: connect, namespace: '/random' });
});

const broken = [
  '', '7', 'abc', '2', '2{}', '2[]', '2[null]', '2["connect"]', '2["disconnect",1]', '2abc["x"]', '20', '3[]', '31', '31{}', '0[]', '0null',
  '1{}', '4', '4[]', '4null', '5["x"]', '5-["x"]', '511-["x"]', '2["x"', '2/a["x"]', '21-["x"]',
];
for (const text of broken) {
  test(`no packet: ${JSON.stringify(text)}`, () => {
    assert.throws(() => new Decoder().add(text), PacketError);
  });
}

test('no truncation of a packet is taken for it', () => {
  for (const [packet, [text]] of vectors) {
    for (let length = 0; length < text.length; length += 1) {
      let decoded;
      try {
        decoded = new Decoder().add(text.slice(0, length));
      } catch (error) {
        assert.ok(error instanceof PacketError);
      }
      // A namespace may end without its comma.
      if (text.slice(length) !== ',') assert.notDeepEqual(decoded, packet);
    }
  }
});

test('attachments that do not fit', () => {
  const header = '51-["b",{"_placeholder":true,"num":0}]';
  assert.throws(() => new Decoder().add(bytes(1)), PacketError);
  const decoder = new Decoder();
  decoder.add(header);
  assert.throws(() => decoder.add('2["x"]'), PacketError);
  for (const number of ['1', '-1', '0.5', '"0"', 'null']) {
    const other = new Decoder();
    other.add(header.replace('"num":0', `"num":${number}`));
    assert.throws(() => other.add(bytes(1)), PacketError);
  }
});

test('ten attachments are taken, eleven are not', () => {
  assert.equal(new Decoder().add('510-["b"]'), undefined);
  assert.throws(() => new Decoder().add('511-["b"]'), PacketError);
});

test('reset forgets a packet that was begun', () => {
  const decoder = new Decoder();
  decoder.add('51-["b",{"_placeholder":true,"num":0}]');
  decoder.reset();
  assert.deepEqual(decoder.add('2["x"]')?.data, ['x']);
});
