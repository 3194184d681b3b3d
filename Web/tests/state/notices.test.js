import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPageStore } from '../../state/state.js';

const member = (id, more = {}) => ({ id, name: `Name ${id}`, role: 'member', away: false, hand: 0, ...more });
const call = { stay: 's', away: false, audio: true, video: true, screen: false };
const told = (id, more) => ({ type: 'member', member: member(id, more) });
const list = (...members) => ({ type: 'members', members });
const message = (number, author, text = 'hello') => ({ number, author, name: `Name ${author}`, text, time: 0 });
const wrote = (news, ...messages) => ({ type: 'messages', messages, news });
const waits = (...ids) => ({ type: 'waiting-list', members: ids.map((id) => ({ id, name: `Name ${id}` })) });
const hidden = (isHidden = true) => ({ type: 'visibility', isHidden });
const here = [{ type: 'lobby', room: 'tea' }, { type: 'entering', name: 'Me' }, { type: 'joined', self: 'me' }, list(member('me', { call })), hidden()];
const inCall = [...here, { type: 'peers', peers: [{ id: 'a' }] }, list(member('me', { call }), member('a', { call }))];

function after(events) {
  const store = createPageStore();
  for (const event of events) store.apply(event);
  return store.get().notices;
}

for (const [what, events, unseen, news] of [
  ['nothing happens', here, 0, undefined],
  ['a message comes', [...here, wrote(1, message(1, 'a'))], 1, 'message Name a hello'],
  ['several come at once', [...here, wrote(2, message(1, 'a'), message(2, 'b'))], 2, 'message Name b hello'],
  ['one\'s own comes along', [...here, wrote(1, message(1, 'a'), message(2, 'me'))], 1, 'message Name a hello'],
  ['one\'s own, from another tab', [...here, wrote(0, message(1, 'me'))], 0, undefined],
  ['the history comes', [...here, { type: 'messages', messages: [message(1, 'a')], isReset: true }], 0, undefined],
  ['somebody comes into the empty call', [...here, told('a', { call })], 1, 'came Name a '],
  ['somebody comes into the room, and not into the call', [...here, told('a')], 0, undefined],
  ['and then into the call', [...here, told('a'), told('a', { call })], 1, 'came Name a '],
  ['another one comes', [...here, told('a', { call }), told('b', { call })], 1, 'came Name a '],
  ['somebody comes to two', [...inCall, told('b', { call })], 0, undefined],
  ['somebody in the call changes', [...here, told('a', { call }), told('a', { call: { ...call, audio: false } })], 1, 'came Name a '],
  ['oneself is told of', [...here, told('me', { call: { ...call, audio: false } })], 0, undefined],
  ['those who are connected come back to a server that began anew', [...inCall, list(member('me')), told('a', { call })], 0, undefined],
  ['before one is in the room', [...here.slice(0, 2), hidden(), told('a', { call })], 0, undefined],
  ['somebody waits', [...here, waits('x')], 1, 'waits Name x '],
  ['one more waits', [...here, waits('x'), waits('x', 'y')], 2, 'waits Name y '],
  ['one is let in', [...here, waits('x', 'y'), waits('y')], 2, 'waits Name y '],
  ['a hand goes up', [...inCall, told('a', { call, hand: 1 })], 1, 'hand Name a '],
  ['and down', [...inCall, told('a', { call, hand: 1 }), told('a', { call })], 1, 'hand Name a '],
  ['somebody records', [...inCall, told('a', { call: { ...call, recording: true } })], 1, 'records Name a '],
  ['and goes on to', [...inCall, told('a', { call: { ...call, recording: true } }), told('a', { call: { ...call, recording: true, audio: false } })], 1, 'records Name a '],
  ['and ceases to', [...inCall, told('a', { call: { ...call, recording: true } }), told('a', { call })], 1, 'records Name a '],
  ['one records oneself', [...inCall, told('me', { call: { ...call, recording: true } })], 0, undefined],
  ['one\'s own hand', [...inCall, told('me', { call, hand: 1 })], 0, undefined],
  ['all is seen', [...here, wrote(3, message(1, 'a')), hidden(false)], 0, 'message Name a hello'],
  ['and it is hidden again', [...here, wrote(3, message(1, 'a')), hidden(false), hidden(), wrote(1, message(2, 'a'))], 1, 'message Name a hello'],
  ['a message comes in sight', [...here, hidden(false), wrote(1, message(1, 'a'))], 0, 'message Name a hello'],
  ['one leaves', [...here, wrote(1, message(1, 'a')), { type: 'left' }], 0, undefined],
  ['after leaving', [...here, { type: 'left' }, wrote(1, message(1, 'a'))], 0, undefined],
]) {
  test(`news while the page is hidden: ${what}`, () => {
    const notices = after(events);
    const { kind, name, text } = notices.news ?? {};
    assert.deepEqual([notices.unseen, kind && `${kind} ${name} ${text}`], [unseen, news]);
  });
}

test('the same news again are other news', () => {
  const first = after([...here, wrote(1, message(1, 'a'))]).news;
  const store = createPageStore();
  for (const event of here) store.apply(event);
  const seen = [];
  store.watch(({ notices }) => notices.news, (news) => news && seen.push(news), { signal: new AbortController().signal });
  for (const number of [1, 2]) store.apply(wrote(1, message(number, 'a')));
  assert.deepEqual(seen, [first, first]);
});

test('a way that is chosen leaves the others', () => {
  assert.deepEqual(after([]).ways, { chime: true, system: false, whole: false });
  assert.deepEqual(after([{ type: 'ways', ways: { system: true } }, { type: 'ways', ways: { chime: false } }]).ways, { chime: false, system: true, whole: false });
});
