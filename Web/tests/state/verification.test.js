import assert from 'node:assert/strict';
import { test } from 'node:test';
import english from '../../i18n/en.js';
import { nothingVerified, reduceVerification, verdictOf } from '../../state/quality/verification.js';

const run = (events, initial = nothingVerified) => events.reduce(reduceVerification, initial);
const digest = (digest, stay = 's', id = 'a') => ({ type: 'digest', id, stay, digest });
const compared = (isSame = true, id = 'a') => ({ type: 'compared', id, isSame });

for (const [what, events, expected, isAgain = false] of [
  ['nothing is there', [], 'none'],
  ['it is there', [digest('1')], 'open'],
  ['descriptions without one fingerprint', [digest(undefined)], 'unknown'],
  ['it is the same', [digest('1'), compared()], 'same'],
  ['it is told once more', [digest('1'), compared(), digest('1')], 'same'],
  ['a new connection of the same stay has another', [digest('1'), compared(), digest('2')], 'changed'],
  ['or has none', [digest('1'), compared(), digest(undefined)], 'changed'],
  ['and then the former again', [digest('1'), compared(), digest('2'), digest('1')], 'same'],
  ['they compare once more', [digest('1'), compared(), digest('2'), compared()], 'same'],
  ['and it is not the same', [digest('1'), compared(), digest('2'), compared(false)], 'refused'],
  ['it never was the same', [digest('1'), compared(false)], 'refused'],
  ['and stays so with another', [digest('1'), compared(false), digest('2')], 'refused'],
  ['they had looked wrong', [digest('1'), compared(false), compared()], 'same'],
  ['it is another before anybody compared', [digest('1'), digest('2')], 'open'],
  ['a new page of the peer', [digest('1'), compared(), digest('2', 't')], 'open', true],
  ['the page after that', [digest('1'), compared(), digest('2', 't'), digest('3', 'u')], 'open', true],
  ['a new page, though nobody had compared', [digest('1'), digest('2', 't')], 'open', false],
  ['a new page, compared', [digest('1'), compared(), digest('2', 't'), compared()], 'same', true],
  ['the peer has left and come back', [digest('1'), compared(), { type: 'peers', peers: [] }, digest('2')], 'changed'],
  ['what is not there is compared', [compared()], 'none'],
  ['what is not known is compared', [digest(undefined), compared()], 'unknown'],
  ['that of somebody else is compared', [digest('1'), digest('1', 's', 'b'), compared(true, 'b')], 'open'],
  ['the stay of this side ends', [digest('1'), compared(), { type: 'left' }], 'none'],
  ['and another begins', [digest('1'), compared(), { type: 'lobby' }, digest('2')], 'open'],
]) {
  test(`a code: ${what}`, () => {
    const state = run(events);
    assert.equal(verdictOf(state, 'a'), expected);
    assert.equal(state.peers.get('a')?.isAgain ?? false, isAgain);
    assert.ok(`verify.verdict-${expected}` in english);
  });
}

test('what changes nothing is the same state', () => {
  const state = run([digest('1'), compared()]);
  for (const event of [digest('1'), compared(), { type: 'help' }, { type: 'peers', peers: [] }]) assert.equal(reduceVerification(state, event), state);
});

test('the code that is shown goes with the peer', () => {
  const state = run([digest('1'), { type: 'verify', id: 'a' }]);
  assert.equal(run([{ type: 'peers', peers: [{ id: 'a' }] }], state).shown, 'a');
  assert.equal(run([{ type: 'peers', peers: [{ id: 'b' }] }], state).shown, undefined);
  assert.equal(run([{ type: 'verify', id: undefined }], state).shown, undefined);
});

test('so many are remembered', () => {
  const { peers } = run(Array.from({ length: 201 }, (_, index) => digest('1', 's', `id-${index}`)));
  assert.deepEqual([peers.size, peers.has('id-0'), peers.has('id-1'), peers.has('id-200')], [200, false, true, true]);
});
