import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reactions } from '../../net/reactions.js';
import { createPageStore } from '../../state/state.js';
import { ManualClock, settle } from '../clock.js';

function make({ answer = {} } = {}) {
  const clock = new ManualClock();
  const made = { clock, store: createPageStore(), requests: [], events: 0 };
  const listeners = new Map();
  const link = {
    timing: { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout },
    isJoined: true,
    hear: (name, listener) => listeners.set(name, listener),
    request: async (...request) => {
      made.requests.push(request);
      if (answer === undefined) throw new Error('no answer');
      return answer;
    },
  };
  made.link = link;
  made.store.apply({ type: 'joined', self: 'me' });
  made.reactions = new Reactions({ link, store: made.store, now: clock.now });
  made.hear = (id, reaction) => listeners.get('reaction')({ id, reaction });
  made.hearRaw = (value) => listeners.get('reaction')(value);
  made.store.watch(({ reactions }) => reactions, () => (made.events += 1), { signal: new AbortController().signal });
  made.events = 0;
  made.shown = () => made.store.get().reactions.list.map(({ id, code, count }) => `${id} ${code} ${count}`);
  return made;
}

test('a hall that claps changes the page a few times, and leaves nothing', async () => {
  const { hear, shown, clock, ...made } = make();
  for (let number = 0; number < 500; number += 1) hear(`p${number % 50}`, 'applause');
  assert.deepEqual([shown().length, clock.pending], [0, 1]);
  await clock.advance(200);
  assert.equal(shown().length, 40);
  await clock.advance(4400);
  assert.deepEqual([shown(), clock.pending], [[], 0], 'no timer runs on');
  assert.equal(made.store.get().reactions.list.length, 0);
});

test('they are gathered', async () => {
  const made = make();
  for (let number = 0; number < 100; number += 1) made.hear('a', 'yes');
  await made.clock.advance(200);
  assert.deepEqual(made.shown(), ['a yes 99']);
  assert.equal(made.events, 1);
});

test('what no client sends is shown to nobody', async () => {
  const made = make();
  for (const value of [undefined, null, 1, 'x', {}, [], { id: 1, reaction: 'yes' }, { id: 'a' }, { id: 'a', reaction: 'toString' }, { id: 'a', reaction: 7 }]) made.hearRaw(value);
  assert.equal(made.clock.pending, 0);
});

test('one shows it oneself when the server has taken it', async () => {
  const made = make();
  await made.reactions.react('party');
  assert.deepEqual(made.requests, [['react', { reaction: 'party' }]]);
  await made.clock.advance(200);
  assert.deepEqual(made.shown(), ['me party 1']);
});

for (const [what, answer, note] of [
  ['is asked too often', { error: { code: 'too-many-requests', retryAfter: 500 } }, undefined],
  ['does not answer', undefined, undefined],
  ['does not want it', { error: { code: 'bad-request' } }, 'refusal.bad-request'],
]) {
  test(`a server that ${what}`, async () => {
    const made = make({ answer });
    await made.reactions.react('party');
    await made.clock.advance(10_000);
    assert.deepEqual([made.shown(), made.store.get().notices.list[0]?.sentence.key], [[], note]);
    assert.equal(made.requests.length, 1, 'it is of no use later');
  });
}

test('nothing is asked of a server that is away, and nothing runs on after leaving', async () => {
  const made = make();
  made.link.isJoined = false;
  await made.reactions.react('party');
  assert.deepEqual(made.requests, []);
  made.hear('a', 'yes');
  made.reactions.leave();
  await settle();
  assert.equal(made.clock.pending, 0);
});
