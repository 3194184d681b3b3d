import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';

const web = new URL('../../', import.meta.url);

/** The files of the page, by their paths. */
const files = readdirSync(web, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => posix.relative(web.pathname, posix.join(entry.parentPath ?? entry.path, entry.name)))
  .filter((path) => !path.startsWith('tests/'))
  .sort();
const modules = files.filter((path) => path.endsWith('.js'));
const textOf = (path) => readFileSync(new URL(path, web), 'utf8');
const roomOf = (path) => (path.includes('/') ? path.split('/')[0] : '');

const codeOf = (path) => textOf(path).replace(/\/\*\*[\s\S]*?\*\//g, '');

/** What a module imports before it runs; types in comments are not. */
function fixedImportsOf(path) {
  const found = codeOf(path).matchAll(/^(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)';/gm);
  return [...found].map(([, specifier]) => specifier);
}

/** What a module imports, sooner or later. */
function importsOf(path) {
  return [...fixedImportsOf(path), ...[...codeOf(path).matchAll(/\bimport\('([^']+)'\)/g)].map(([, specifier]) => specifier)];
}

/** Whom each room may use, besides itself. */
const allowed = {
  '': ['call', 'client', 'files', 'i18n', 'net', 'state', 'ui', ''],
  client: [],
  i18n: [],
  state: ['i18n'],
  net: ['client', 'state', 'i18n'],
  call: ['client', 'net', 'state', 'i18n'],
  files: ['client', 'net', 'state', 'i18n', 'call'],
  ui: ['call', 'files', 'i18n', 'net', 'state', ''],
};

test('the rooms are those of the house', () => {
  const rooms = new Set(files.map(roomOf));
  assert.deepEqual([...rooms].sort(), ['', 'call', 'client', 'files', 'i18n', 'net', 'state', 'styles', 'ui']);
});

for (const path of modules) {
  test(`${path} imports what it may, by relative paths to what is there`, () => {
    for (const specifier of importsOf(path)) {
      assert.match(specifier, /^\.\.?\//, specifier);
      const target = posix.normalize(posix.join(posix.dirname(path), specifier));
      assert.ok(modules.includes(target), `${target} is not there`);
      const room = roomOf(target);
      assert.ok(room === roomOf(path) || allowed[roomOf(path)].includes(room), `${roomOf(path)} may not use ${room}`);
    }
  });
}

for (const path of modules.filter((path) => !path.startsWith('ui/') && path !== 'main.js' && !path.endsWith('-worker.js'))) {
  test(`${path} needs no page`, async () => {
    globalThis.MediaStream ??= class {};
    await import(new URL(path, web));
    assert.equal(typeof globalThis.document, 'undefined');
  });
}

test('a folder holds 14 files at most, and a part of the page its script and its style side by side', () => {
  const sizes = new Map();
  for (const path of files) sizes.set(posix.dirname(path), (sizes.get(posix.dirname(path)) ?? 0) + 1);
  // A catalogue a language is a list by nature.
  for (const [folder, size] of sizes) if (folder !== 'i18n') assert.ok(size <= 14, `${folder} holds ${size}`);
  const parts = [...sizes.keys()].filter((folder) => /^ui\/[^/]+$/.test(folder));
  for (const part of parts) {
    const name = posix.basename(part);
    assert.ok(files.includes(`${part}/${name}.js`), `${part}/${name}.js`);
    const hasLooks = !['commands', 'room'].includes(name);
    assert.equal(files.includes(`${part}/${name}.css`), hasLooks, `${part}/${name}.css`);
  }
});

test('files hold one thing, in 400 lines at most; catalogues are longer', () => {
  for (const path of files.filter((path) => /\.(js|css)$/.test(path) && !/^i18n\/[a-z]{2}/.test(path))) {
    const lines = textOf(path).split('\n').length;
    assert.ok(lines <= 401, `${path} has ${lines} lines`);
  }
});

const askedFor = (ending) => [...textOf('index.html').matchAll(new RegExp(`href="/([^"]+\\.${ending})"`, 'g'))].map(([, path]) => path).sort();

test('the page asks for each of its styles once, at first or after the lobby', () => {
  const [, later = ''] = /const parts = \[([^\]]*)\]/.exec(textOf('ui/room/inside.js')) ?? [];
  const parts = [...later.matchAll(/'([a-z]+)'/g)].map(([, name]) => `ui/${name}/${name}.css`);
  // The page for debugging brings its own.
  const all = files.filter((path) => path.endsWith('.css') && path !== 'ui/debug/debug.css');
  assert.deepEqual([...askedFor('css'), ...parts].sort(), all);
});

test('the page asks at once for what the lobby needs, not module by module, and not for what comes after', () => {
  const needed = new Set(['main.js', 'ui/room/room.js']);
  for (const path of needed) {
    for (const specifier of fixedImportsOf(path)) needed.add(posix.normalize(posix.join(posix.dirname(path), specifier)));
  }
  needed.delete('main.js');
  assert.deepEqual(askedFor('js'), [...needed].sort());
  assert.ok(!needed.has('stay.js') && !needed.has('ui/call/call.js'));
});

test('nothing of the page for debugging is loaded before the address asks for it', () => {
  const users = modules.filter((path) => !path.startsWith('ui/debug/') && importsOf(path).some((specifier) => specifier.includes('/debug')));
  assert.deepEqual(users, ['main.js']);
  assert.ok(fixedImportsOf('main.js').every((specifier) => !specifier.includes('debug')));
  assert.ok(modules.every((path) => path.startsWith('ui/debug/') || !/window\.\w*(linkup|debug)/.test(codeOf(path))));
});
