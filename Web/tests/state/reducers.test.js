import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colourCount, noColours, reduceColours } from '../../state/colours.js';
import { noConnection, reduceConnection } from '../../state/connection.js';
import { handOf, hasRaised, isHost, isModerator, mayLower, nobody, othersOf, recorderNames, reduceMembers, typingNames } from '../../state/members.js';
import { noMedia, reduceMedia } from '../../state/media.js';
import { noNotices, reduceNotices } from '../../state/notices.js';
import { closedPanel, reducePanel } from '../../state/panel.js';
import { noPeers, participantsOf, reducePeers } from '../../state/peers.js';
import { createPageStore } from '../../state/state.js';
import { isBusy, noTransfers, reduceTransfers, unsavedOf } from '../../state/transfers.js';

const run = (reduce, initial, events) => events.reduce(reduce, initial);
const table = (reduce, initial, view, rows) => {
  for (const [what, events, expected] of rows) test(what, () => assert.deepEqual(view(run(reduce, initial, events)), expected));
};

// Members

const member = (number, more = {}) => ({ id: `id-${number}`, name: `Name ${number}`, role: 'member', away: false, ...more });
const crowd = (count) => Array.from({ length: count }, (_, index) => member(index));
const members = (given, count) => ({ type: 'members', members: crowd(given), count });
const came = (number, more) => ({ type: 'member', member: member(number, more) });
const gone = (id) => ({ type: 'member-left', id });

table(reduceMembers, nobody, (state) => [state.list.length, state.count, othersOf(state)], [
  ['three members', [members(3)], [3, 3, 0]],
  ['three of three', [members(3, 3)], [3, 3, 0]],
  ['the first of many', [members(200, 1500)], [200, 1500, 1300]],
  ['more than are kept by name', [members(300)], [200, 300, 100]],
  ['a count that is none', [members(3, 'many')], [3, 3, 0]],
  ['a count of too few', [members(3, 1)], [3, 3, 0]],
  ['one comes', [members(2), came(7)], [3, 3, 0]],
  ['one who is there changes', [members(2), came(1, { away: true })], [2, 2, 0]],
  ['one comes to a full list', [members(200), came(999)], [200, 201, 1]],
  ['one goes', [members(2), gone('id-0')], [1, 1, 0]],
  ['one without a name goes', [members(200, 201), gone('x')], [200, 200, 0]],
  ['nobody goes', [members(2), gone('x')], [2, 2, 0]],
  ['they are counted anew', [members(2), { type: 'member-count', count: 12 }], [2, 12, 10]],
  ['they are counted too low', [members(2), { type: 'member-count', count: 1 }], [2, 2, 0]],
]);

test('a member that is what it was changes nothing', () => {
  const before = run(reduceMembers, nobody, [members(2)]);
  assert.equal(reduceMembers(before, came(1)), before);
  assert.equal(reduceMembers(before, came(1, { away: true })).list[0], before.list[0]);
  assert.equal(reduceMembers(before, came(1, { away: true })).list[1].away, true);
});

for (const [role, mayLock, mayChange] of [['host', true, true], ['moderator', true, false], ['member', false, false], ['guest', false, false]]) {
  test(`a ${role} may ${mayLock ? '' : 'not '}lock the room, and ${mayChange ? '' : 'not '}change what holds for it`, () => {
    const now = run(reduceMembers, nobody, [{ type: 'joined', self: 'id-1' }, members(1), came(1, { role })]);
    assert.deepEqual([isModerator(now), isHost(now)], [mayLock, mayChange]);
    assert.equal(isHost({ ...now, self: undefined }), false);
  });
}

table(reduceMembers, nobody, ({ isLocked, newcomersWait }) => [isLocked, newcomersWait], [
  ['nothing is known of the room', [], [false, false]],
  ['it is locked', [{ type: 'room', room: { locked: true, waiting: false } }], [true, false]],
  ['newcomers wait', [{ type: 'room', room: { locked: false, waiting: true } }], [false, true]],
]);

const raises = (number, hand) => came(number, { hand });

table(reduceMembers, nobody, ({ hands, list }) => list.map(({ id }) => handOf({ hands }, id)), [
  ['no hand is up', [members(3)], [0, 0, 0]],
  ['hands are in the order in which they were raised', [members(3), raises(2, 7), raises(0, 9)], [2, 0, 1]],
  ['heard in another order', [members(3), raises(0, 9), raises(2, 7)], [2, 0, 1]],
  ['the first is lowered', [members(3), raises(2, 7), raises(0, 9), raises(2, 0)], [1, 0, 0]],
  ['raised again it is the last', [members(2), raises(0, 1), raises(1, 2), raises(0, 0), raises(0, 3)], [2, 1]],
  ['who leaves takes the hand along', [members(2), raises(0, 1), raises(1, 2), gone('id-0')], [1]],
  ['after a reconnection it is what the server says', [members(2), raises(0, 1), { type: 'members', members: [member(0, { hand: 0 }), member(1, { hand: 4 })] }], [0, 1]],
  ['a server that knows nothing of hands', [{ type: 'members', members: [member(0, { hand: undefined })] }], [0]],
]);

for (const [own, other, hand, expected] of [
  ['host', 'host', 1, true], ['host', 'guest', 1, true], ['host', 'member', 0, false],
  ['moderator', 'host', 1, false], ['moderator', 'moderator', 1, true], ['moderator', 'member', 1, true],
  ['member', 'member', 1, false], ['guest', 'guest', 1, false],
]) {
  test(`a ${own} may ${expected ? '' : 'not '}lower the hand of a ${other} that is ${hand ? 'up' : 'down'}`, () => {
    const state = run(reduceMembers, nobody, [{ type: 'joined', self: 'id-0' }, members(2), came(0, { role: own, hand: 2 }), came(1, { role: other, hand })]);
    assert.equal(mayLower(state, state.list[1]), expected);
    assert.equal(mayLower(state, state.list[0]), false, 'of oneself');
  });
}

const records = (number, recording = true) => came(number, { call: { recording } });

table(reduceMembers, nobody, (state) => [state.recording, recorderNames(state)], [
  ['nobody records', [members(2), records(1, false), came(0)], [[], []]],
  ['two record', [members(3), records(2), records(1)], [['id-1', 'id-2'], ['Name 1', 'Name 2']]],
  ['one does when this member comes', [{ type: 'members', members: [member(0), member(1, { call: { recording: true } })] }], [['id-1'], ['Name 1']]],
  ['one ceases to', [members(3), records(2), records(1), records(2, false)], [['id-1'], ['Name 1']]],
  ['one leaves the call', [members(3), records(1), came(1)], [[], []]],
  ['one leaves the room', [members(3), records(1), gone('id-1')], [[], []]],
  ['it is oneself', [{ type: 'joined', self: 'id-0' }, members(2), records(0)], [['id-0'], []]],
  ['a peer that says something else', [members(1), records(0, 'yes')], [[], []]],
]);

test('hands that are what they were are the same', () => {
  const before = run(reduceMembers, nobody, [members(2), raises(0, 1)]);
  assert.equal(reduceMembers(before, came(1, { away: true })).hands, before.hands);
});

const me = { type: 'joined', self: 'id-0' };

for (const [what, events, told, expected] of [
  ['it goes up', [me, members(2)], member(1, { hand: 1 }), true],
  ['it is up still', [me, members(2), raises(1, 1)], member(1, { hand: 1, away: true }), false],
  ['it goes down', [me, members(2), raises(1, 1)], member(1, { hand: 0 }), false],
  ['one\'s own', [me, members(2)], member(0, { hand: 1 }), false],
  ['of somebody who comes with it, as after a reload', [me, members(1)], member(1, { hand: 1 }), false],
  ['before this page is in the room', [members(2)], member(1, { hand: 1 }), false],
]) {
  test(`a hand that is told of: ${what}`, () => assert.equal(hasRaised(run(reduceMembers, nobody, events), told), expected));
}

const types = (id, isActive = true) => ({ type: 'typing', id, isActive });

table(reduceMembers, nobody, ({ typing }) => typing, [
  ['two type', [types('a'), types('b'), types('a')], ['a', 'b']],
  ['one ceases', [types('a'), types('b'), types('a', false)], ['b']],
  ['one has written', [types('a'), { type: 'messages', messages: [{ author: 'a' }] }], []],
  ['one leaves', [types('a'), gone('a')], []],
  ['the server is lost', [types('a'), types('b'), { type: 'lost' }], []],
  ['a crowd types', crowd(50).map(({ id }) => types(id)), crowd(20).map(({ id }) => id)],
]);

test('who types has the name that it has in the list', () => {
  assert.deepEqual(typingNames(run(reduceMembers, nobody, [members(2), types('id-1'), types('unknown')])), ['Name 1']);
});

// Peers

const peer = (id, more = {}) => ({ id, name: `once ${id}`, connection: 'connected', route: undefined, stream: undefined, trouble: undefined, ...more });
const peers = (...ids) => ({ type: 'peers', peers: ids.map((id) => peer(id)) });
const both = (state, event) => ({ peers: reducePeers(state.peers, event), members: reduceMembers(state.members, event) });
const alone = { peers: noPeers, members: nobody };

const inCall = (name, away = false, call = away) => ({
  type: 'member',
  member: { ...member(0), id: 'a', name, away, call: { stay: 's', away: call, audio: false, video: true, screen: false } },
});

table(both, alone, (state) => participantsOf(state).map(({ name, isAway, status: { audio, video } }) => [name, isAway, audio, video]), [
  ['whom the server knows no more', [peers('a')], [['once a', true, true, true]]],
  ['what the list says', [peers('a'), inCall('Ana')], [['Ana', false, false, true]]],
  ['a new name', [peers('a'), inCall('Ana'), inCall('Anna')], [['Anna', false, false, true]]],
  ['away', [peers('a'), inCall('Ana', true)], [['Ana', true, false, true]]],
  ['another tab of theirs is there, that of the call is not', [peers('a'), inCall('Ana', false, true)], [['Ana', true, false, true]]],
  ['back', [peers('a'), inCall('Ana', true), inCall('Ana')], [['Ana', false, false, true]]],
  ['a server that began anew', [peers('a'), inCall('Ana'), { type: 'members', members: [] }], [['once a', true, true, true]]],
]);

test('whoever is in the call is in the list, however long that is', () => {
  const state = run(reduceMembers, nobody, [members(200), inCall('Ana')]);
  assert.equal(state.list.at(-1).name, 'Ana');
});

test('peers that are what they were are the same', () => {
  const before = reducePeers(noPeers, peers('a', 'b'));
  assert.equal(reducePeers(before, peers('a', 'b')), before);
  assert.equal(reducePeers(before, { type: 'peers', peers: [peer('a'), peer('b', { connection: 'failed' })] }).list[0], before.list[0]);
});

// Panel

const open = (tab) => ({ type: 'panel', isOpen: true, tab });
const close = { type: 'panel', isOpen: false };
const news = { type: 'messages', messages: [], news: 2 };
const sight = (isInSight) => ({ type: 'sight', isInSight });

table(reducePanel, closedPanel, ({ unread }) => unread, [
  ['messages come while it is closed', [news, news], 4],
  ['messages come to the eye', [open('chat'), news], 0],
  ['messages come beside the list of people', [open('people'), news], 2],
  ['messages come while the window is away', [open('chat'), sight(false), news], 2],
  ['and it comes back', [open('chat'), sight(false), news, sight(true)], 0],
  ['the chat is opened', [news, open('chat')], 0],
  ['it is closed again', [open('chat'), close, news], 2],
  ['older messages are no news', [{ type: 'messages', messages: [1] }], 0],
]);

table(reducePanel, closedPanel, ({ isHelpOpen, isCheckOpen, isMenuOpen }) => [isHelpOpen, isCheckOpen, isMenuOpen], [
  ['the test of the connection takes the place of the help', [{ type: 'help', isOpen: true }, { type: 'check', isOpen: true }], [false, true, false]],
  ['it ends with the call', [{ type: 'check', isOpen: true }, { type: 'left' }], [false, false, false]],
  ['the help takes the place of the menu', [{ type: 'menu', isOpen: true }, { type: 'help', isOpen: true }], [true, false, false]],
  ['so does the test', [{ type: 'menu', isOpen: true }, { type: 'check', isOpen: true }], [false, true, false]],
  ['the menu ends with the call', [{ type: 'menu', isOpen: true }, { type: 'left' }], [false, false, false]],
]);

table(reducePanel, closedPanel, ({ isOpen, tab, isHelpOpen, hasShortcuts }) => [isOpen, tab, isHelpOpen, hasShortcuts], [
  ['open at people', [open('people')], [true, 'people', false, true]],
  ['closed it keeps its tab', [open('people'), close], [false, 'people', false, true]],
  ['who leaves closes all, and keeps the choice of keys', [open('people'), { type: 'help', isOpen: true }, { type: 'shortcuts', isOn: false }, { type: 'left' }], [false, 'chat', false, false]],
]);

// Notices

const notice = (key) => ({ type: 'notice', sentence: { key } });

table(reduceNotices, noNotices, ({ list }) => list.map(({ id, sentence }) => `${id} ${sentence.key}`), [
  ['three at once', ['a', 'b', 'c', 'd'].map(notice), ['2 b', '3 c', '4 d']],
  ['one is over', [notice('a'), notice('b'), { type: 'notice-over', id: 1 }], ['2 b']],
  ['one that is over twice', [notice('a'), { type: 'notice-over', id: 1 }, { type: 'notice-over', id: 1 }], []],
  ['who leaves', [notice('a'), { type: 'left' }], []],
]);

// Transfers

const file = (id, state, more = {}) => ({ type: 'transfer', transfer: { id, state, isOwn: false, url: state === 'done' ? 'blob:' : undefined, ...more } });

table(reduceTransfers, noTransfers, ({ list }) => list.map(({ id, state }) => `${id} ${state}`), [
  ['the newest is first', [file('1', 'waiting'), file('2', 'waiting')], ['2 waiting', '1 waiting']],
  ['one goes on', [file('1', 'waiting'), file('2', 'waiting'), file('1', 'done')], ['2 waiting', '1 done']],
  ['one is dismissed', [file('1', 'done'), { type: 'transfer-dismissed', id: '1' }], []],
  ['in the next stay only what is not saved', [file('1', 'done'), file('2', 'failed'), file('3', 'done'), { type: 'transfer-saved', id: '3' }, { type: 'lobby' }], ['1 done']],
]);

test('of more than a hundred the oldest go that have nothing to save', () => {
  const events = Array.from({ length: 103 }, (_, index) => file(String(index), index % 2 === 0 ? 'done' : 'failed'));
  const { list } = run(reduceTransfers, noTransfers, events);
  assert.equal(list.length, 100);
  assert.deepEqual(list.slice(-4).map(({ id }) => id), ['6', '4', '2', '0']);
});

for (const [what, events, unsaved, busy] of [
  ['nothing', [], 0, false],
  ['one that came', [file('1', 'done')], 1, true],
  ['one that is saved', [file('1', 'done'), { type: 'transfer-saved', id: '1' }], 0, false],
  ['one of one\'s own', [file('1', 'done', { isOwn: true })], 0, false],
  ['one under way', [file('1', 'receiving')], 0, true],
  ['one that is asked about', [file('1', 'waiting')], 0, false],
  ['one that some got', [file('1', 'partly', { isOwn: true })], 0, false],
]) {
  test(`what would be lost: ${what}`, () => {
    const transfers = run(reduceTransfers, noTransfers, events);
    assert.deepEqual([unsavedOf(transfers).length, isBusy(transfers)], [unsaved, busy]);
  });
}

// Media

const media = (status) => ({ type: 'media', ...noMedia, problems: undefined, status: { audio: false, video: false, screen: false, ...status } });
const problem = (key) => ({ type: 'problem', problem: { key } });

table(reduceMedia, noMedia, ({ problems }) => problems.map(({ key }) => key), [
  ['a problem is told once', [problem('problem.camera-busy'), problem('problem.camera-busy')], ['problem.camera-busy']],
  ['it goes when its device works', [problem('problem.camera-busy'), problem('problem.microphone-busy'), media({ video: true })], ['problem.microphone-busy']],
  ['that it is another device is over when it is', [problem('problem.camera-replaced'), problem('problem.microphone-gone'), { type: 'problem-over', key: 'problem.camera-replaced' }], ['problem.microphone-gone']],
  ['that it is another device stays', [problem('problem.camera-replaced'), media({ video: true })], ['problem.camera-replaced']],
]);

// Connection

table(reduceConnection, noConnection, ({ screen, isConnected, clock, trouble, refusal }) => [screen, isConnected, clock, trouble?.key, refusal?.key], [
  ['into the call', [{ type: 'lobby', room: 'tea' }, { type: 'entering', name: 'A' }], ['call', true, 0, undefined, undefined]],
  ['lost', [{ type: 'lost' }], ['home', false, 0, undefined, undefined]],
  ['and back', [{ type: 'lost' }, { type: 'connected' }], ['home', true, 0, undefined, undefined]],
  ['put out', [{ type: 'left', refusal: { key: 'refusal.unknown' } }], ['left', true, 0, undefined, 'refusal.unknown']],
  ['a message on its way is no other clock', [{ type: 'clock', ahead: 900 }], ['home', true, 0, undefined, undefined]],
  ['two days are', [{ type: 'clock', ahead: -172_800_000 }], ['home', true, -172_800_000, undefined, undefined]],
  ['trouble, which ends', [{ type: 'trouble', trouble: { key: 'refusal.busy' } }, { type: 'trouble', trouble: undefined }], ['home', true, 0, undefined, undefined]],
]);

// Colours

for (const count of [2, 6, 8, 16]) {
  test(`${count} people have as many colours as there are`, () => {
    for (const letter of 'abcdefgh') {
      const names = Array.from({ length: count }, (_, index) => `${letter}${index * 7}`);
      const colours = run(reduceColours, noColours, names.map((name) => ({ type: 'member', member: { name } })));
      assert.equal(new Set(colours.values()).size, Math.min(count, colourCount));
    }
  });
}

test('whoever has a colour keeps it', () => {
  const before = reduceColours(noColours, { type: 'members', members: [{ name: 'Ada' }, { name: 'Bob' }] });
  const after = reduceColours(before, { type: 'members', members: [{ name: 'Cid' }, { name: 'Bob' }, { name: 'Ada' }] });
  for (const name of ['Ada', 'Bob']) assert.equal(after.get(name), before.get(name));
  assert.equal(reduceColours(after, { type: 'member', member: { name: 'Cid' } }), after);
});

// All together

test('an event that concerns nobody changes nothing, and the next stay begins anew', () => {
  const store = createPageStore();
  store.apply({ type: 'lobby', room: 'tea' });
  const before = store.get();
  store.apply({ type: 'connected' });
  assert.equal(store.get(), before);
  store.apply({ type: 'said', draft: { key: 'k', text: 't', time: 1, name: 'n' } });
  store.apply({ type: 'members', members: [{ id: 'a', name: 'A' }] });
  store.apply({ type: 'lobby', room: 'tea' });
  assert.deepEqual([store.get().timeline.drafts, store.get().members.list], [[], []]);
});
