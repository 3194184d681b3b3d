import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noReactions, reactionCodes, reactionOf, reactionTime, reduceReactions } from '../../state/stage/reactions.js';
import english from '../../i18n/en.js';
import { pictures } from '../../ui/reactions/pictures.js';
import { wordsOf } from '../../ui/reactions/words.js';

const shown = (now, ...pairs) => ({ type: 'reactions', now, shown: pairs.map((pair) => ({ id: pair.split(' ')[0], code: pair.split(' ')[1] })) });
const over = (now) => ({ type: 'reactions-over', now });
const run = (events) => events.reduce(reduceReactions, noReactions);
const view = ({ list }) => list.map(({ id, code, count }) => `${id} ${code} ${count}`);

for (const [what, events, expected] of [
  ['nobody shows anything', [over(9)], []],
  ['two do', [shown(0, 'a yes', 'b heart')], ['a yes 1', 'b heart 1']],
  ['one claps for a while', [shown(0, 'a applause', 'a applause'), shown(5, 'a applause')], ['a applause 3']],
  ['another thing takes the place of the first', [shown(0, 'a applause', 'a applause', 'a party')], ['a party 1']],
  ['it is over', [shown(0, 'a yes'), shown(1, 'b yes'), over(reactionTime)], ['b yes 1']],
  ['not a moment too early', [shown(0, 'a yes'), over(reactionTime - 1)], ['a yes 1']],
  ['it begins anew with each', [shown(0, 'a yes'), shown(100, 'a yes'), over(reactionTime)], ['a yes 2']],
  ['who shows it leaves', [shown(0, 'a yes', 'b yes'), { type: 'member-left', id: 'a' }], ['b yes 1']],
  ['oneself leaves', [shown(0, 'a yes'), { type: 'left' }], []],
]) {
  test(`reactions: ${what}`, () => assert.deepEqual(view(run(events)), expected));
}

test('those of 40 people are shown, and a hundred are not counted', () => {
  const crowd = Array.from({ length: 41 }, (_, number) => `p${number} yes`);
  assert.equal(run([shown(0, ...crowd)]).list.length, 40);
  assert.equal(run([shown(0, ...crowd), shown(0, 'p39 yes')]).list.at(-1).count, 2);
  assert.equal(run(Array.from({ length: 120 }, () => shown(0, 'a yes'))).list[0].count, 99);
});

test('what is not over stays what it is', () => {
  const before = run([shown(0, 'a yes')]);
  assert.equal(reduceReactions(before, over(1)), before);
  assert.equal(reduceReactions(before, { type: 'member-left', id: 'x' }), before);
  assert.deepEqual([reactionOf(before, 'a')?.code, reactionOf(before, 'b'), reactionOf(before, undefined)], ['yes', undefined, undefined]);
});

test('each has a picture and a name', () => {
  assert.deepEqual(Object.keys(pictures), [...reactionCodes]);
  for (const code of reactionCodes) assert.ok(english[`reaction.${code}`], code);
});

const member = (id) => ({ id, name: id.toUpperCase() });
for (const [what, pairs, expected] of [
  ['nothing', [], ''],
  ['one', ['a heart'], 'A: Heart'],
  ['one, often', ['a heart', 'a heart'], 'A: Heart'],
  ['one\'s own', ['me heart'], ''],
  ['three of one kind, one of another', ['a yes', 'b wow', 'c yes', 'd yes'], 'A, C, and D: I agree B: Astonishment'],
  ['four of one kind', ['a yes', 'b yes', 'c yes', 'd yes'], '4 people: I agree'],
  ['one whose name is not known', ['x yes'], '1 person: I agree'],
]) {
  test(`read out: ${what}`, () => {
    const members = { self: 'me', list: ['a', 'b', 'c', 'd', 'me'].map(member) };
    assert.equal(wordsOf({ members, reactions: run([shown(0, ...pairs)]) }).replace(/[\u2068\u2069]/g, ''), expected);
  });
}
