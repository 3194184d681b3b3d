import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeFileName } from '../../files/file-name.js';

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
