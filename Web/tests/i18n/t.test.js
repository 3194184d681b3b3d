import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { clockTime, dayLabel, formatBytes, formatDuration } from '../../i18n/format.js';
import { isolate } from '../../i18n/isolate.js';
import { catalogueOf, closest, directionOf, languages } from '../../i18n/languages.js';
import { currentLanguage, direction, t, tParts, useLanguage } from '../../i18n/t.js';

const folder = new URL('../../i18n/', import.meta.url);

for (const [key, values, expected] of [
  ['lobby.join', undefined, 'Join the call'],
  ['note.joined', { name: 'Ann' }, '\u2068Ann\u2069 joined the call'],
  ['note.joined', { name: '\u202eAnn' }, '\u2068Ann\u2069 joined the call'],
  ['lobby.camera-number', { count: 2 }, 'Camera 2'],
  ['chat.left-to-write', { count: 1 }, '1 character left'],
  ['chat.left-to-write', { count: 1500 }, '1,500 characters left'],
  ['chat.typing', { names: ['A'], count: 1 }, '\u2068A\u2069 is typing…'],
  ['chat.typing', { names: ['A', 'B'], count: 2 }, '\u2068A\u2069 and \u2068B\u2069 are typing…'],
  ['chat.typing', { names: ['A', 'B', 'C'], count: 3 }, '\u2068A\u2069, \u2068B\u2069, and \u2068C\u2069 are typing…'],
]) {
  test(`${key} with ${JSON.stringify(values)}`, () => assert.equal(t(key, values), expected));
}

test('elements stand between texts', () => {
  const element = {};
  assert.deepEqual(tParts('lobby.title', { room: element }), ['Ready to join ', element, '?']);
});

test('a key that is missing, or a value, ends a test', () => {
  assert.throws(() => t('no.such-key'), /no words for no\.such-key/);
  assert.throws(() => t('note.joined'), /note\.joined: \{name\}/);
});

test('every language has a file, and every file is a language', () => {
  const files = readdirSync(folder).filter((name) => /^[a-z]{2,3}(-[A-Za-z]+)*\.js$/.test(name));
  assert.deepEqual(files.sort(), languages.map((tag) => `${tag}.js`).sort());
});

for (const tag of languages) {
  test(`the words of ${tag} are those of English, and have its values`, async () => {
    const english = await catalogueOf('en');
    const words = await catalogueOf(tag);
    assert.deepEqual(Object.keys(words).filter((key) => !(key in english)), []);
    assert.deepEqual(Object.keys(english).filter((key) => !(key in words)), []);
    const used = (entry) => [...new Set(JSON.stringify(entry).match(/\{!?[a-z]+\}/gi) ?? [])].sort();
    for (const [key, entry] of Object.entries(words)) assert.deepEqual(used(entry), used(english[key]), key);
    // What is counted has a form for each kind of number that the language tells apart.
    const kinds = new Intl.PluralRules(tag).resolvedOptions().pluralCategories.toSorted();
    for (const [key, entry] of Object.entries(words)) {
      assert.equal(typeof entry, typeof english[key], key);
      if (typeof entry !== 'string') assert.deepEqual(Object.keys(entry).sort(), kinds, key);
    }
  });
}

for (const [wanted, offered, expected] of [
  [['de-AT', 'en'], ['en', 'de'], 'de'],
  [['pt-BR'], ['en', 'pt', 'pt-BR'], 'pt-BR'],
  [['zh-Hant-TW'], ['en', 'zh-Hant'], 'zh-Hant'],
  [['xx', 'EN-gb'], ['en', 'de'], 'en'],
  [[], ['de', 'en'], 'en'],
  [['../evil', 'constructor'], ['en'], 'en'],
]) {
  test(`${wanted} is served by ${expected}`, () => assert.equal(closest(wanted, offered), expected));
}

for (const [tag, expected] of [['en', 'ltr'], ['ar-EG', 'rtl'], ['HE', 'rtl'], ['de', 'ltr']]) {
  test(`${tag} is read ${expected}`, () => assert.equal(directionOf(tag), expected));
}

test('the language that is spoken', async () => {
  assert.equal(await useLanguage(['xx-YY']), 'en');
  assert.deepEqual([currentLanguage(), direction(), t('lobby.join')], ['en', 'ltr', 'Join the call']);
});

for (const [count, expected] of [
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [5_000_000, '5.0 MB'],
  [123_456_789, '123 MB'],
  [2 ** 31, '2.1 GB'],
  [5e12, '5,000 GB'],
]) {
  test(`${count} is ${expected}`, () => assert.equal(formatBytes(count), expected));
}

for (const [seconds, expected] of [[-1, '0:00'], [0.9, '0:00'], [59, '0:59'], [61.5, '1:01'], [3599, '59:59'], [3600, '1:00:00'], [36_061, '10:01:01']]) {
  test(`${seconds} seconds are ${expected}`, () => assert.equal(formatDuration(seconds), expected));
}

for (const [name, expected] of [
  ['Ann', '\u2068Ann\u2069'],
  ['\u202eAnn', '\u2068Ann\u2069'],
  // What ends the isolation too early.
  ['A\u2069\u2067nn', '\u2068Ann\u2069'],
]) {
  test(`${JSON.stringify(name)} alone`, () => assert.equal(isolate(name), expected));
}

test('days and times', () => {
  const now = new Date(2026, 2, 1, 0, 30).getTime();
  assert.equal(dayLabel(now, now), 'Today');
  assert.equal(dayLabel(now - 3_600_000, now), 'Yesterday');
  assert.match(dayLabel(now - 3 * 86_400_000, now), /26/);
  assert.match(dayLabel(new Date(2020, 1, 1).getTime(), now), /2020/);
  assert.match(clockTime(now), /30/);
});
