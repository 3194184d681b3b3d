import assert from 'node:assert/strict';
import { test } from 'node:test';
import en from '../../i18n/en.js';
import { codes } from '../../files/transfer.js';
import { describe } from '../../ui/transfers/words.js';

const row = { size: 4_000_000, progress: 1_000_000, code: 'none', waitsFor: 'answer', recipients: [], from: 'Ann' };
const to = (...all) => all.map(([name, state, code = 'none']) => ({ name, state, code }));
const plain = (text) => text.replace(/[\u2068\u2069]/g, '').replace(/\s/g, ' ');

for (const [state, recipients, expected] of [
  ['waiting', to(['Bea', 'asked']), '4.0 MB · waiting to be accepted'],
  ['waiting', to(['Bea', 'asked'], ['Cid', 'queued']), '4.0 MB · waiting to be accepted'],
  ['waiting', to(['Bea', 'queued'], ['Cid', 'queued']), '4.0 MB · waits for its turn'],
  ['waiting', to(['Bea', 'absent']), '4.0 MB · waits for a connection to Bea'],
  ['sending', to(['Bea', 'sending']), '1.0 MB of 4.0 MB'],
  ['sending', to(['Bea', 'sending'], ['Cid', 'asked']), '1.0 MB of 4.0 MB'],
  ['sending', to(['Bea', 'sending'], ['Cid', 'done']), '1.0 MB of 4.0 MB · 1 of 2, not yet: Bea'],
  ['waiting', to(['Bea', 'done'], ['Cid', 'done'], ['Dan', 'absent']), '4.0 MB · 2 of 3, not yet: Dan · waits for a connection to Dan'],
  ['waiting', to(['Bea', 'asked'], ['Cid', 'failed', 'refused']), '4.0 MB · not wanted by Cid'],
  ['done', to(['Bea', 'done'], ['Cid', 'done']), 'Sent, 4.0 MB'],
  ['partly', to(['Bea', 'done'], ['Cid', 'failed', 'left']), 'Sent to 1 of 2 · Cid left the call'],
  ['partly', to(['Bea', 'done'], ['Cid', 'cancelled', 'cancelled'], ['Dan', 'cancelled', 'cancelled']), 'Sent to 1 of 3 · cancelled by Cid and Dan'],
  ['failed', to(['Bea', 'failed', 'refused'], ['Cid', 'failed', 'lost']), 'Failed · not wanted by Bea · the connection to Cid was lost'],
  ['failed', to(['Bea', 'failed', 'unreadable']), 'Failed · the file could not be read'],
  ['cancelled', to(['Bea', 'cancelled']), 'Cancelled'],
  ['cancelled', to(['Bea', 'cancelled', 'cancelled']), 'Cancelled · cancelled by Bea'],
]) {
  test(`an own file, ${state}, ${recipients.map(({ state, code }) => `${state} ${code}`)}`, () => {
    assert.equal(plain(describe({ ...row, isOwn: true, state, recipients })), expected);
  });
}

for (const [state, more, expected] of [
  ['waiting', { question: { files: 1, bytes: 4_000_000 } }, 'Ann wants to send you 1 file, 4.0 MB'],
  ['waiting', { question: { files: 45, bytes: 120_000_000 } }, 'Ann wants to send you 45 files, 120 MB'],
  ['waiting', {}, '4.0 MB · from Ann · waits for your answer'],
  ['waiting', { waitsFor: 'room' }, '4.0 MB · from Ann · no room: save and dismiss other files first'],
  ['receiving', {}, '1.0 MB of 4.0 MB · from Ann'],
  ['done', {}, '4.0 MB · from Ann'],
  ['failed', { code: 'lost' }, 'Failed · the connection to Ann was lost; the file comes again when it is back'],
  ['failed', { code: 'left' }, 'Failed · Ann left the call'],
  ['failed', { code: 'unreadable' }, 'Failed · Ann could not read the file'],
  ['cancelled', { code: 'cancelled' }, 'Cancelled · cancelled by Ann · from Ann'],
  ['cancelled', {}, 'Cancelled · by you · from Ann'],
]) {
  test(`a file of somebody else, ${state}, ${Object.keys(more)}`, () => {
    assert.equal(plain(describe({ ...row, isOwn: false, state, ...more })), expected);
  });
}

test('a recording by this page is from nobody', () => {
  assert.equal(plain(describe({ ...row, isOwn: false, isRecording: true, from: '', state: 'done' })), '4.0 MB · Recording of the call');
});

test('there are words for every code', () => {
  for (const code of [...codes, 'cancelled', 'lost', 'left', 'none']) assert.ok(en[`files.end-${code}`], code);
});
