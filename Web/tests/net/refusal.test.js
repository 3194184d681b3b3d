import assert from 'node:assert/strict';
import { test } from 'node:test';
import { supersedes } from '../../call/negotiation/signal-order.js';
import { refusalIn } from '../../net/refusal.js';

for (const [code, isPassing, trouble, key] of [
  ['internal', true, undefined, 'refusal.unknown'],
  ['too-many-requests', true, undefined, 'refusal.too-many-requests'],
  ['peer-busy', true, undefined, 'refusal.unknown'],
  ['busy', true, 'refusal.busy', 'refusal.busy'],
  ['not-stored', true, 'refusal.not-stored', 'refusal.not-stored'],
  ['room-full', false, undefined, 'refusal.room-full'],
  ['bad-request', false, undefined, 'refusal.bad-request'],
  ['unknown-member', false, undefined, 'refusal.unknown'],
  ['not-joined', true, undefined, 'refusal.unknown'],
  ['locked', false, undefined, 'refusal.locked'],
  ['denied', false, undefined, 'refusal.denied'],
  ['not-allowed', false, undefined, 'refusal.not-allowed'],
  ['version', false, undefined, 'refusal.version'],
  ['peer-away', false, undefined, 'refusal.unknown'],
  ['a-code-of-tomorrow', false, undefined, 'refusal.unknown'],
]) {
  test(`the refusal ${code} ${isPassing ? 'passes' : 'stays'}`, () => {
    const refusal = refusalIn({ error: { code, limit: 3 } });
    assert.deepEqual([refusal.code, refusal.isPassing, refusal.limit], [code, isPassing, 3]);
    assert.deepEqual([refusal.trouble?.key, refusal.sentence.key], [trouble, key]);
  });
}

for (const [retryAfter, wait] of [[300, 300], [12_000, 12_000], [99_999_000, 60_000], [-5, 0], ['soon', 0], [undefined, 0]]) {
  test(`how long to wait: ${retryAfter}`, () => assert.equal(refusalIn({ error: { code: 'too-many-requests', retryAfter } }).wait, wait));
}

test('a name that is not taken is said to be one', () => {
  assert.equal(refusalIn({ error: { code: 'bad-request', argument: 'name' } }).sentence.key, 'refusal.name');
});

test('an answer is no refusal, and none at all is one that passes', () => {
  for (const answer of [{}, { message: { id: 1 } }]) assert.equal(refusalIn(answer), undefined);
  for (const answer of [undefined, null, 'x']) assert.equal(refusalIn(answer).isPassing, true);
});

const offer = (epoch) => ({ epoch, description: { type: 'offer' } });
const answer = (epoch) => ({ epoch, description: { type: 'answer' } });
const candidate = (epoch, name, sdpMid = '0') => ({ epoch, candidate: { candidate: name, sdpMid } });
const end = (epoch) => ({ epoch, endOfCandidates: true });
const wish = (offerWanted) => ({ epoch: 1, offerWanted });

for (const [what, newer, older, expected] of [
  ['an offer by a later one', offer(1), offer(1), true],
  ['an offer by an answer', answer(1), offer(1), false],
  ['an answer by an offer', offer(1), answer(1), false],
  ['an answer by an answer', answer(1), answer(1), false],
  ['a description by a candidate', candidate(1, 'a'), offer(1), false],
  ['a candidate by a description', offer(1), candidate(1, 'a'), false],
  ['a candidate by the same', candidate(1, 'a'), candidate(1, 'a'), true],
  ['a candidate by another', candidate(1, 'b'), candidate(1, 'a'), false],
  ['a candidate by the same of another medium', candidate(1, 'a', '1'), candidate(1, 'a'), false],
  ['a candidate by the end', end(1), candidate(1, 'a'), false],
  ['the end by the end', end(1), end(1), true],
  ['the end by a candidate', candidate(1, 'a'), end(1), false],
  ['a wish by the same', wish('change'), wish('change'), true],
  ['a wish by one for more', wish('restart'), wish('change'), true],
  ['a wish by one for less', wish('change'), wish('restart'), false],
  ['a wish by an offer', offer(1), wish('restart'), false],
  ['an answer by a new connection', candidate(2, 'a'), answer(1), true],
  ['an offer by one of an old connection', offer(1), offer(2), false],
]) {
  test(`superseded: ${what}: ${expected}`, () => assert.equal(supersedes(newer, older), expected));
}
