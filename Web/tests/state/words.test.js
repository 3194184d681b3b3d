import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colourIndex, initials, linkify, safeFileName } from '../../state/format.js';
import { fitTiles } from '../../ui/stage/grid.js';
import { nameProblem, personFrom, roomFrom, roomInPath, roomProblem } from '../../state/names.js';
import { suggestedRelayOnly, transportsIn } from '../../state/settings.js';

/** What is not seen, in numbers. */
const escape = (name) => JSON.stringify(name).replace(/[^ -~]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

for (const [text, expected] of [
  ['no link', ['no link']],
  ['', []],
  ['see https://a.example/x.', ['see ', '<https://a.example/x>', '.']],
  ['(http://a.example/b(c))!', ['(', '<http://a.example/b(c)>', ')!']],
  ['https://a.example https://b.example', ['<https://a.example>', ' ', '<https://b.example>']],
  ['javascript:alert(1) data:text/html,x', ['javascript:alert(1) data:text/html,x']],
  ['https://', ['https://']],
  ['<a href="https://a.example">', ['<a href="', '<https://a.example>', '">']],
]) {
  test(`links in ${JSON.stringify(text)}`, () => {
    const parts = linkify(text);
    assert.deepEqual(parts.map((part) => (part.href ? `<${part.href}>` : part.text)), expected);
    assert.equal(parts.map((part) => part.text).join(''), text);
  });
}

for (const [name, expected] of [
  ['photo.jpg', 'photo.jpg'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\x\\a.txt', 'a.txt'],
  ['.bashrc', 'bashrc'],
  ['gpj\u202eexe.a', 'gpjexe.a'],
  ['a\u0000b\n.txt', 'ab.txt'],
  ['a\u200bb\u2060\ufeff\u00ad.txt', 'ab.txt'],
  ['a\u061c\u200e\u2066b\u2069.txt', 'ab.txt'],
  ['a\u3164\uffa0\u115f\u034f\u180eb.txt', 'ab.txt'],
  ['a\u2028\u2029\ufff9b.txt', 'ab.txt'],
  ['a\u{e0041}\ud800b.txt', 'ab.txt'],
  ['photo.jpg\u2003\u00a0 \u2800 .exe', 'photo.jpg .exe'],
  ['\u200b', 'file'],
  ['a<b>:"|?*c', 'a_b______c'],
  ['...', 'file'],
  ['', 'file'],
  ['dir/', 'file'],
  [`${'x'.repeat(300)}.tar`, `${'x'.repeat(116)}.tar`],
  [`${'😀'.repeat(300)}.tar`, `${'😀'.repeat(116)}.tar`],
  ['日本語.pdf', '日本語.pdf'],
  ['Grüße من.txt', 'Grüße من.txt'],
]) {
  test(`a safe name for ${JSON.stringify(name.slice(0, 30))}`, () => assert.equal(safeFileName(name), expected));
}

test('initials', () => {
  assert.deepEqual(['Ada Lovelace', 'ada', ' a b c ', '', '😀 x', 'Ada (home)', '...'].map(initials), ['AL', 'A', 'AC', '', '😀X', 'AH', '.']);
});

test('a colour is always the same one', () => {
  assert.equal(colourIndex('Ada'), colourIndex('Ada'));
  assert.ok(['', 'x', '日本'].every((name) => colourIndex(name) >= 0 && colourIndex(name) < 8));
});

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

for (const [path, expected] of [
  ['/', undefined],
  ['/r/tea', 'tea'],
  ['/r/tea/', 'tea'],
  ['/r/a%20b', 'a b'],
  ['/r/%zz', undefined],
  ['/r/a/b', undefined],
]) {
  test(`the room in ${path}`, () => assert.equal(roomInPath(path), expected));
}

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

for (const [count, width, height, columns] of [
  [1, 900, 600, 1],
  [2, 900, 600, 2],
  [2, 360, 600, 1],
  [3, 360, 640, 1],
  [4, 900, 600, 2],
  [5, 900, 600, 3],
  [9, 900, 600, 3],
]) {
  test(`${count} tiles in ${width}×${height} stand in ${columns} columns and fit`, () => {
    const fit = fitTiles({ count, width, height, gap: 12 });
    assert.equal(fit.columns, columns);
    assert.ok(fit.columns * fit.tileWidth + (fit.columns - 1) * 12 <= width);
    assert.ok(fit.rows * fit.tileHeight + (fit.rows - 1) * 12 <= height);
    assert.ok(fit.tileWidth > 80 && fit.tileHeight > 80);
  });
}

test('no space gives no tiles, and no error', () => {
  assert.equal(fitTiles({ count: 3, width: 0, height: 0, gap: 12 }).tileWidth, 0);
});
