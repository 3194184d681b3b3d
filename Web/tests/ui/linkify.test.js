import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkify } from '../../ui/chat/linkify.js';

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
