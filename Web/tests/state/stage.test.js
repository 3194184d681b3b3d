import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nobody, reduceMembers } from '../../state/members.js';
import { noPeers, reducePeers } from '../../state/peers.js';
import { hear, patience, silence } from '../../state/stage/speaker.js';
import { largeOf, lookedAtOf, nextLayout, noStage, pagesOf, placesOf, reduceStage } from '../../state/stage/stage.js';
import { isScreen, ownerOf, screenOf, tilesOf } from '../../state/stage/tiles.js';

const reduce = (state, event) => ({
  peers: reducePeers(state.peers, event),
  members: reduceMembers(state.members, event),
  stage: reduceStage(state.stage, event),
});
const alone = { peers: noPeers, members: nobody, stage: noStage };
const table = (what, view, rows) => {
  for (const [name, events, expected] of rows) test(`${what}: ${name}`, () => assert.deepEqual(view(events.reduce(reduce, alone)), expected));
};

const peer = (id) => ({ id, name: id, connection: 'connected', route: undefined, stream: undefined, trouble: undefined });
const peers = (...ids) => ({ type: 'peers', peers: ids.map(peer) });
/** Those whose screens have lines of their own. */
const able = (...ids) => ({ type: 'peers', peers: ids.map((id) => ({ ...peer(id), screen: `screen of ${id}` })) });
const shares = (id, screen = true) => ({
  type: 'member',
  member: { id, name: id, role: 'member', away: false, call: { stay: 's', away: false, audio: true, video: true, screen } },
});
const gone = (id) => ({ type: 'member-left', id });
const pin = (id) => ({ type: 'pinned', id });
const speaks = (id) => ({ type: 'speaker', id });
const layout = (name) => ({ type: 'layout', layout: name });

table('who is large', largeOf, [
  ['nobody is there', [], undefined],
  ['nobody is there, whatever the layout', [layout('spotlight')], undefined],
  ['nobody shares', [peers('a', 'b')], undefined],
  ['one shares', [peers('a', 'b'), shares('b')], 'b'],
  ['one who is not connected shares', [peers('a'), shares('b')], undefined],
  ['who shared last, though they came first', [peers('a', 'b'), shares('b'), shares('a')], 'a'],
  ['one stops', [peers('a', 'b'), shares('b'), shares('a'), shares('a', false)], 'b'],
  ['one leaves', [peers('a', 'b'), shares('b'), shares('a'), gone('a')], 'b'],
  ['oneself shares', [{ type: 'joined', self: 'me' }, peers('a'), shares('me')], undefined],
  ['oneself, for the person wants it', [peers('a'), shares('a'), pin('self')], 'self'],
  ['whom the person chose', [peers('a', 'b'), shares('a'), shares('b'), pin('a')], 'a'],
  ['whom the person chose, who left', [peers('a', 'b'), pin('a'), peers('b')], undefined],
  ['chosen no more', [peers('a', 'b'), pin('a'), pin(undefined)], undefined],
  ['who speaks is not, where all are alike', [peers('a', 'b'), speaks('b')], undefined],
  ['who speaks', [peers('a', 'b'), speaks('b'), layout('speaker')], 'b'],
  ['who speaks, in the spotlight', [peers('a', 'b'), speaks('b'), layout('spotlight')], 'b'],
  ['who came first, before anybody spoke', [peers('a', 'b'), layout('speaker')], 'a'],
  ['who came first, when who spoke has left', [peers('a', 'b'), speaks('b'), layout('speaker'), peers('a', 'c')], 'a'],
  ['a screen before who speaks', [peers('a', 'b'), speaks('b'), layout('speaker'), shares('a')], 'a'],
  ['whom the person chose before all', [peers('a', 'b', 'c'), speaks('b'), layout('spotlight'), shares('a'), pin('c')], 'c'],
  ['of two people it goes without saying', [peers('a'), speaks('a'), layout('speaker')], undefined],
  ['a screen of its own', [able('a', 'b'), shares('b')], 'b/screen'],
  ['the last screen of several', [able('a', 'b'), shares('b'), shares('a')], 'a/screen'],
  ['one that comes as a camera after it', [able('a'), shares('a'), { type: 'peers', peers: [...able('a').peers, peer('b')] }, shares('b')], 'b'],
  ['a screen that the person chose', [able('a', 'b'), shares('b'), pin('b/screen'), shares('a')], 'b/screen'],
  ['a person beside whose screen', [able('a', 'b'), shares('b'), pin('b')], 'b'],
  ['a chosen screen that is shared no more', [able('a', 'b'), shares('b'), pin('b/screen'), shares('b', false)], undefined],
  ['a chosen screen that is shared again', [able('a', 'b'), shares('b'), pin('b/screen'), shares('b', false), shares('a'), shares('b'), shares('a')], 'b/screen'],
  ['a chosen screen of who left', [able('a', 'b'), shares('b'), pin('b/screen'), gone('b'), able('a')], undefined],
  ['one that nobody has', [able('a', 'b'), pin('c/screen'), pin('/screen')], undefined],
  ['a server that was lost knows nobody yet, and media goes on', [able('a'), shares('a'), { type: 'members', members: [] }], 'a/screen'],
  ['who is back and shares no more', [able('a'), shares('a'), { type: 'members', members: [] }, shares('a', false)], undefined],
  ['who is back and shares', [able('a'), shares('a'), { type: 'members', members: [] }, shares('a')], 'a/screen'],
]);

test('tiles: a screen comes before the member whose it is, and each shows what is its own', () => {
  const state = [able('a', 'b'), shares('b'), { type: 'peers', peers: [...able('a', 'b').peers, peer('c')] }, shares('c')].reduce(reduce, alone);
  const rows = tilesOf(state).map(({ id, owner, isScreen, status, stream }) => [id, owner, isScreen, status.video, status.screen, stream]);
  assert.deepEqual(rows, [
    ['a', 'a', false, true, false, undefined],
    ['b/screen', 'b', true, false, true, 'screen of b'],
    ['b', 'b', false, true, false, undefined],
    ['c', 'c', false, true, true, undefined],
  ]);
});

test('ids of screens and of members are not taken for each other', () => {
  for (const id of ['a', 'q0Wn_-', 'self']) {
    assert.deepEqual([isScreen(id), isScreen(screenOf(id)), ownerOf(id), ownerOf(screenOf(id))], [false, true, id, id]);
  }
});

table('whom one looks at', lookedAtOf, [
  ['alone', [], 'self'],
  ['two people', [peers('a')], 'a'],
  ['nobody spoke', [peers('a', 'b')], 'a'],
  ['who spoke last', [peers('a', 'b'), speaks('b')], 'b'],
  ['who spoke last and left', [peers('a', 'b'), speaks('b'), peers('a')], 'a'],
  ['a screen', [peers('a', 'b'), speaks('a'), shares('b')], 'b'],
  ['whom the person chose', [peers('a', 'b'), shares('b'), pin('self')], 'self'],
]);

const places = (state) => {
  const { kind, main, seen } = placesOf(state);
  return `${kind} ${main ?? ''}: ${seen.join(' ')}`;
};

table('who is seen', places, [
  ['oneself alone', [], 'even : self'],
  ['two people', [peers('a')], 'pair a: a self'],
  ['two people, in whatever layout', [peers('a'), layout('speaker')], 'pair a: a self'],
  ['two people, one in the spotlight', [peers('a'), layout('spotlight')], 'pair a: a self'],
  ['three', [peers('a', 'b')], 'even : a b self'],
  ['two people and a screen', [peers('a'), shares('a')], 'large a: a self'],
  ['two people, oneself large', [peers('a'), pin('self')], 'large self: a self'],
  ['who speaks beside the others', [peers('a', 'b'), speaks('b'), layout('speaker')], 'large b: a b self'],
  ['who speaks alone', [peers('a', 'b'), speaks('b'), layout('spotlight')], 'pair b: b self'],
  ['two people and a screen of its own', [able('a'), shares('a')], 'large a/screen: a/screen a self'],
  ['two screens', [able('a', 'b'), shares('a'), shares('b')], 'large b/screen: a/screen a b/screen b self'],
  ['a screen alone in the spotlight', [able('a', 'b'), shares('a'), layout('spotlight')], 'pair a/screen: a/screen self'],
  ['oneself alone in the spotlight', [peers('a', 'b'), pin('self'), layout('spotlight')], 'pair self: self'],
]);

const turn = (page) => ({ type: 'page', page });
const pages = (state) => `${pagesOf(state).page + 1}/${pagesOf(state).count}: ${placesOf(state).seen.join(' ')}`;

const crowd = (count) => peers(...Array.from({ length: count }, (_, index) => String(index)));
const hides = { type: 'own', isHidden: true };

table('oneself hidden', places, [
  ['alone all the same', [hides], 'even : self'],
  ['two people', [peers('a'), hides], 'pair a: a'],
  ['two people and a screen', [peers('a'), shares('a'), hides], 'pair a: a'],
  ['three', [peers('a', 'b'), hides], 'even : a b'],
  ['in the spotlight', [peers('a', 'b'), layout('spotlight'), hides], 'pair a: a'],
  ['who was large is so no more', [peers('a', 'b'), pin('self'), hides], 'even : a b'],
  ['and is large again', [peers('a', 'b'), hides, pin('self')], 'large self: a b self'],
  ['and back', [peers('a', 'b'), hides, { type: 'own', isHidden: false }], 'even : a b self'],
  ['nine others on a page', [crowd(9), hides], 'even : 0 1 2 3 4 5 6 7 8'],
  ['ten others on two', [crowd(10), hides, { type: 'page', page: 1 }], 'even : 9'],
]);

test('the corner lasts until one leaves', () => {
  const moved = [{ type: 'corner', corner: 'bottom-start' }, layout('spotlight'), peers('a'), { type: 'lost' }].reduce(reduceStage, noStage);
  assert.deepEqual([moved.corner, reduceStage(moved, { type: 'left' }).corner], ['bottom-start', 'top-end']);
});

table('pages', pages, [
  ['alone', [], '1/1: self'],
  ['nine people', [crowd(8)], '1/1: 0 1 2 3 4 5 6 7 self'],
  ['ten people', [crowd(9)], '1/2: 0 1 2 3 4 5 6 7 self'],
  ['the second one', [crowd(9), turn(1)], '2/2: 8 self'],
  ['seventeen people', [crowd(16), turn(1)], '2/2: 8 9 10 11 12 13 14 15 self'],
  ['eighteen people', [crowd(17), turn(2)], '3/3: 16 self'],
  ['one that is no more', [crowd(17), turn(2), crowd(9)], '2/2: 8 self'],
  ['one that is no more, and comes back', [crowd(17), turn(2), crowd(3), crowd(17)], '3/3: 16 self'],
]);

table('pages', (state) => [pagesOf(state).count, placesOf(state).seen.length], [
  ['beside somebody large there are none, for the strip scrolls', [crowd(16), layout('speaker'), turn(1)], [1, 17]],
  ['beside a screen there are none', [crowd(16), { type: 'member', member: { ...shares('3').member } }, turn(1)], [1, 17]],
]);

test('layouts follow each other in a circle, and last until one leaves', () => {
  let stage = noStage;
  const seen = Array.from({ length: 4 }, () => (stage = reduceStage(stage, layout(nextLayout(stage)))).layout);
  assert.deepEqual(seen, ['speaker', 'spotlight', 'grid', 'speaker']);
  assert.equal(reduceStage(reduceStage(stage, peers('a')), { type: 'lost' }).layout, 'speaker');
  assert.equal(reduceStage(stage, { type: 'left' }), noStage);
});

// Who speaks. Levels come every 150 ms.

const step = 150;

/** @param {[number, (time: number) => Record<string, number>][]} scenes  how long, and how loud each is meanwhile */
function listen(...scenes) {
  let [hearing, time] = [silence, 0];
  const speakers = [undefined];
  for (const [length, levels] of scenes) {
    for (const end = time + length; time < end; time += step) {
      hearing = hear(hearing, new Map(Object.entries(levels(time))), time);
      if (hearing.speaker !== speakers.at(-1)) speakers.push(hearing.speaker);
    }
  }
  return speakers.slice(1);
}

const still = (more = {}) => () => ({ a: 0, b: 0, c: 0, ...more });
/** Words, and pauses of 300 ms between them. */
const talking = (id, level = 0.2) => (time) => ({ a: 0, b: 0, c: 0, [id]: time % 900 < 600 ? level : 0 });
const takingTurns = (time) => ({ a: Math.floor(time / step) % 2 ? 0.2 : 0.3, b: Math.floor(time / step) % 2 ? 0.3 : 0.2, c: 0 });
/** Not in step with each other, for a minute. */
const both = (time) => ({ a: 0.15 + 0.12 * Math.sin(time / 370), b: 0.15 + 0.12 * Math.sin(time / 530), c: 0 });

for (const [what, scenes, expected] of [
  ['nobody', [[10_000, still()]], []],
  ['a noise that is no speech', [[10_000, still({ a: 0.01 })]], []],
  ['one, not long enough', [[1200, still({ a: 0.3 })], [5000, still()]], []],
  ['one, long enough', [[1800, still({ a: 0.3 })]], ['a']],
  ['one, with pauses between words', [[6000, talking('a')]], ['a']],
  ['the last one stays while nobody speaks', [[4000, talking('a')], [60_000, still()]], ['a']],
  ['a cough changes nothing', [[4000, talking('a')], [450, still({ b: 0.9 })], [5000, talking('a')]], ['a']],
  ['another takes over', [[4000, talking('a')], [4000, talking('b')], [4000, talking('a')]], ['a', 'b', 'a']],
  ['two who take turns sample by sample', [[60_000, takingTurns]], ['a']],
  ['one is large and another is as loud', [[4000, talking('b')], [60_000, (time) => ({ ...talking('a', 0.22)(time), b: 0.2 })]], ['b']],
  ['one is clearly louder all the time', [[4000, talking('b', 0.1)], [5000, (time) => ({ ...talking('b', 0.1)(time), a: 0.4 })]], ['b', 'a']],
  ['who left is nobody', [[4000, talking('a')], [1000, () => ({ b: 0, c: 0 })]], ['a', undefined]],
  ['who came is heard', [[4000, () => ({ a: 0 })], [4000, talking('b')]], ['b']],
]) {
  test(`who speaks: ${what}`, () => assert.deepEqual(listen(...scenes), expected));
}

test('two who talk at once for a minute do not flicker', () => {
  const changes = listen([4000, talking('a')], [60_000, both]).length;
  assert.ok(changes <= 2, String(changes));
});

test('somebody is never large before the time', () => {
  let hearing = silence;
  for (let time = 0; time < patience; time += 10) {
    hearing = hear(hearing, new Map([['a', 1]]), time);
    assert.equal(hearing.speaker, undefined, String(time));
  }
});
