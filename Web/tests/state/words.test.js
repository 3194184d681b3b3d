import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameProblem, personFrom, roomFrom, roomProblem } from '../../state/names.js';
import { suggestedRelayOnly, transportsIn } from '../../state/settings.js';

/** What is not seen, in numbers. */
const escape = (name) => JSON.stringify(name).replace(/[^ -~]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

for (const [room, isFine] of [
  ['a', true],
  ['A-b_c.9', true],
  ['x'.repeat(64), true],
  ['x'.repeat(65), false],
  ['', false],
  ['a b', false],
  ['a/b', false],
  ['..', false],
  ['é', false],
]) {
  test(`room ${JSON.stringify(room.slice(0, 10))} is ${isFine ? 'fine' : 'refused'}`, () => assert.equal(roomProblem(room) === undefined, isFine));
}

for (const [name, isFine] of [
  ['Ada', true],
  ['x'.repeat(64), true],
  ['😀'.repeat(64), true],
  ['x'.repeat(65), false],
  ['   ', false],
  ['a\u0007', false],
  ['a\u2028b', false],
  ['\ud800', false],
  ['\u200b', false],
  ['A\u200bnn', false],
  ['A\u2060nn', false],
  ['A\ufeffnn', false],
  ['A\u00adnn', false],
  ...[0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069].map((mark) => [`A${String.fromCodePoint(mark)}nn`, false]),
  ['\u0301', false],
  ['Z\u0336\u0337\u0338\u0335', true],
  ['Z\u0336\u0337\u0338\u0335\u0334', false],
  ['A\ue000', false],
  ['a\tb', false],
  ['a\u2003 b', true],
  ['\u3164', false],
  ['\u2800', false],
  ['\ufe0f', false],
  ['e\u0301', true],
  ['.', true],
  ['7', true],
  ['מיכל', true],
  ['محمد', true],
  ['می\u200cخواهم', true],
  ['क्\u200dष', true],
  ['👩\u200d💻', true],
  ['👩🏽\u200d💻', true],
  ['🏳\ufe0f\u200d🌈', true],
  ['Ann\u200d', false],
  ['\u200dAnn', false],
  ['A\u200c\u200dnn', false],
  ['A \u200d B', false],
  ['Ann\u200d7', false],
]) {
  test(`name ${escape(name.slice(0, 10))} is ${isFine ? 'fine' : 'refused'}`, () => assert.equal(nameProblem(name) === undefined, isFine));
}

test('a name is sent in one form', () => assert.equal(personFrom(' e\u0301va\u2003 de '), '\u00e9va de'));

test('a room made of what somebody typed', () => {
  assert.equal(roomFrom('  tea at   five '), 'tea-at-five');
});

for (const [query, expected] of [
  ['', ['polling', 'websocket']],
  ['?transports=polling', ['polling']],
  ['?transports=websocket,polling', ['polling', 'websocket']],
  ['?transports=carrier-pigeon', ['polling', 'websocket']],
]) {
  test(`transports in ${query}`, () => assert.deepEqual(transportsIn(query), expected));
}

for (const [query, stored, expected] of [
  ['', undefined, false],
  ['?relay=only', undefined, true],
  ['?relay=only', 'no', true],
  ['?relay=maybe', undefined, false],
  ['', 'yes', true],
  ['?relay=all', 'yes', true],
]) {
  test(`connecting through the server alone with ${query} after ${stored}`, () => {
    // Without storage, as where it is switched off, there is an error to survive.
    if (stored !== undefined) globalThis.localStorage = { getItem: (key) => (key === 'linkup.relay-only' ? stored : null) };
    try {
      assert.equal(suggestedRelayOnly(query), expected);
    } finally {
      delete globalThis.localStorage;
    }
  });
}
