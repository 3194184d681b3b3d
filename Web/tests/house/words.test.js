import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import english from '../../i18n/en.js';

const web = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, web), 'utf8');
const modules = readdirSync(web, { recursive: true }).filter((path) => path.endsWith('.js') && !/^(tests|client|i18n)\//.test(path));

/** Comments say what they like, and so do errors of ours, which nobody is shown. */
function codeOf(path) {
  return read(path)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/new Error\((`[^`]*`|'[^']*')\)|console\.\w+\((`[^`]*`|'[^']*')/g, '');
}

/** The literal texts of a module; of a template what stands between its values. */
function textsOf(path) {
  const code = codeOf(path);
  const texts = [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/g)].map((match) => match[1] ?? match[2]);
  const templates = [...code.matchAll(/`((?:[^`\\]|\\.)*)`/g)].flatMap((match) => match[1].split(/\$\{[^}]*\}/));
  return [...texts, ...templates];
}

/** A word for people begins with a capital, or there are several of them. */
const isSentence = (text) => /^\p{Lu}\p{Ll}+$|^\p{Lu}\p{Ll}+ |\p{Ll}{2,}[ ,] ?\p{Ll}{2,}.*[.!?…]$|\p{L}…/u.test(text);

/** What looks like words, and is the name of something: of a key, a class, an error, a header or a list to pick from. */
const names = /^(Escape|Enter|Space|Tab|Arrow(Left|Right|Up|Down)|Files|Shift|Key|Digit|[A-Z]\w+Error|text\/plain|SHA-256)$/;

for (const path of modules) {
  test(`${path} holds no words for people`, () => {
    const found = textsOf(path).filter((text) => isSentence(text) && !names.test(text) && !text.includes('Shift+'));
    assert.deepEqual(found, []);
  });
}

test('every word of the catalogue is used, and every key that is used is there', () => {
  const code = modules.map(codeOf).join('\n') + read('i18n/format.js');
  const literal = new Set([...code.matchAll(/'([a-z]+\.[a-z-]*[a-z])'/g)].map(([, key]) => key));
  // Keys that are put together: the beginning is what can be told.
  const beginnings = [...code.matchAll(/`([a-z]+\.[a-z-]*)\$\{/g)].map(([, start]) => start);
  const unused = Object.keys(english).filter((key) => !literal.has(key) && !beginnings.some((start) => key.startsWith(start)));
  assert.deepEqual(unused, []);
  const parts = new Set(Object.keys(english).map((key) => key.split('.')[0]));
  const unknown = [...literal].filter((key) => parts.has(key.split('.')[0]) && !(key in english) && !/\.(js|txt)$/.test(key));
  assert.deepEqual(unknown, []);
});
