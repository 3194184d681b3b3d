import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPageStore } from '../../state/state.js';
import { canShare, codeAddress, copyLink, shareLink } from '../../ui/room/invite.js';

const link = 'https://talk.example/r/tea';
const failure = (name) => Object.assign(new Error(name), { name });

function make({ share, write } = {}) {
  const store = createPageStore();
  const done = [];
  const act = (what, fails) => async (value) => {
    if (fails) throw failure(fails);
    done.push(`${what} ${typeof value === 'string' ? value : `${value.title} ${value.url}`}`);
  };
  const navigator = { ...(share !== undefined && { share: act('share', share) }), ...(write !== undefined && { clipboard: { writeText: act('copy', write) } }) };
  const surroundings = {
    location: { origin: 'https://talk.example' },
    navigator,
    prompt: (words, text) => done.push(`prompt ${text}`),
  };
  return { store, surroundings, done, notes: () => store.get().notices.list.map(({ sentence }) => sentence.key) };
}

for (const [what, invite, options, done, notes] of [
  ['copied', copyLink, { write: '' }, [`copy ${link}`], ['call.link-copied']],
  ['shown, where copying is not allowed', copyLink, { write: 'NotAllowedError' }, [`prompt ${link}`], []],
  ['shown, where there is no clipboard', copyLink, {}, [`prompt ${link}`], []],
  ['shared', shareLink, { share: '', write: '' }, [`share tea · LinkUp ${link}`], []],
  ['not copied by who closes the sheet', shareLink, { share: 'AbortError', write: '' }, [], []],
  ['copied, where sharing fails', shareLink, { share: 'NotAllowedError', write: '' }, [`copy ${link}`], ['call.link-copied']],
]) {
  test(`the link is ${what}`, async () => {
    const made = make(options);
    await invite(made.store, 'tea', made.surroundings);
    assert.deepEqual([made.done, made.notes()], [done, notes]);
  });
}

for (const [what, options, expected] of [
  ['there is', { share: '' }, true],
  ['there is none', {}, false],
]) {
  test(`a sheet to share with: ${what}`, () => assert.equal(canShare(make(options).surroundings), expected));
}

test('the server draws the link as the page has it', () => {
  assert.equal(codeAddress('tea', { location: { origin: 'https://talk.example:8443' } }), '/api/qr.svg?room=tea&origin=https%3A%2F%2Ftalk.example%3A8443');
});
