import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basePath, logoPath, roomInPath, roomPath } from '../../state/addresses.js';

for (const [path, base, expected] of [
  ['/', undefined, undefined],
  ['/r/tea', undefined, 'tea'],
  ['/r/tea/', undefined, 'tea'],
  ['/r/a%20b', undefined, 'a b'],
  ['/r/%zz', undefined, undefined],
  ['/r/a/b', undefined, undefined],
  ['/calls/r/tea', '/calls/', 'tea'],
  ['/r/tea', '/calls/', undefined],
  ['/calls/r/tea', '/', undefined],
]) {
  test(`the room in ${path} below ${base ?? 'nothing'}`, () => assert.equal(roomInPath(path, base), expected));
}

const page = (content) => ({ querySelector: () => (content === undefined ? null : { getAttribute: () => content }) });

test('the site lies where the page says', () => {
  assert.deepEqual([basePath(page('/calls/')), basePath(page(undefined)), basePath()], ['/calls/', '/', '/']);
  assert.deepEqual([roomPath('a b'), roomPath('tea', '/calls/')], ['/r/a%20b', '/calls/r/tea']);
  assert.equal(logoPath(), new URL('../../favicon.svg', import.meta.url).href);
});
