import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chat } from '../../net/chat.js';
import { MemberKey } from '../../net/member-key.js';
import { Members } from '../../net/members.js';
import { RoomLink } from '../../net/room-link.js';
import { othersOf, typingNames } from '../../state/members.js';
import { createPageStore } from '../../state/state.js';
import { windowOf } from '../../state/timeline.js';
import { ManualClock, settle } from '../clock.js';

/** A socket that is connected, whose requests wait for the test to answer. */
class FakeSocket {
  connected = true;
  active = true;
  connects = 0;
  requests = [];
  sent = [];
  volatile = { emit: () => undefined };
  #listeners = new Map();

  on(name, listener) {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return this;
  }

  connect() {
    this.connects += 1;
    this.active = true;
  }

  disconnect() {
    this.connected = false;
  }

  emit(...event) {
    this.sent.push(event);
  }

  timeout() {
    return { emitWithAck: (name, request) => new Promise((answer) => this.requests.push({ name, request, answer })) };
  }

  deliver(name, argument) {
    for (const listener of this.#listeners.get(name) ?? []) listener(argument);
  }

  async answer(answer) {
    this.requests.shift().answer(answer);
    await settle();
  }
}

const me = { id: 'me', name: 'Me', role: 'host', away: false, hand: 0 };
const settings = { name: 'tea', locked: false, waiting: false, newcomers: 'member' };
const joined = { self: 'me', key: 'secret', room: settings, members: [me], memberCount: 1, messages: [], more: false, lastNumber: 0, epoch: 1 };
/** An answer to `join` with messages. */
const joinedWith = (...messages) => ({ ...joined, messages, lastNumber: messages.at(-1).number });
const refusal = (code, more) => ({ error: { code, ...more } });
const message = (number, author = 'other', more = {}) => ({ number, author, name: author, text: `text ${number}`, time: Date.now(), ...more });

function makeChat(storage) {
  const clock = new ManualClock();
  const socket = new FakeSocket();
  const timing = { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout, random: () => 0.5 };
  const store = createPageStore();
  const heard = [];
  const link = new RoomLink({ socket, room: 'tea', name: 'Me', key: new MemberKey('tea', storage) }, timing);
  const members = new Members({ link, store });
  const chat = new Chat({ link, store, name: 'Me' });
  link.on('refused', (reason) => heard.push(['refused', reason]));
  const { signal } = new AbortController();
  store.watch(({ notices }) => notices.list.at(-1)?.sentence, (note) => note && heard.push(['note', note]), { signal });
  store.watch(({ connection }) => connection.trouble, (trouble, before) => (trouble || before) && heard.push(['trouble', trouble]), { signal });
  link.start();
  const leave = () => {
    chat.leave();
    link.leave();
  };
  return { chat, link, members, store, socket, clock, heard, leave };
}

async function makeJoinedChat() {
  const made = makeChat();
  await made.socket.answer(joined);
  return made;
}

const drafts = (store) => store.get().timeline.drafts.map(({ text }) => text);
const troubleOf = (store) => store.get().connection.trouble?.key;

test('what the server cannot store stays, is said so, and is sent again', async () => {
  const { chat, store, socket, clock, heard } = await makeJoinedChat();
  chat.say('hello');
  await socket.answer(refusal('not-stored'));
  assert.deepEqual(drafts(store), ['hello']);
  assert.equal(troubleOf(store), 'refusal.not-stored');
  await clock.advance(999);
  assert.equal(socket.requests.length, 0);
  await clock.advance(1);
  await socket.answer(refusal('not-stored'));
  assert.equal(heard.length, 1, 'it is said once');
  // The second wait is longer; the person need not have the patience.
  await clock.advance(1500);
  assert.equal(socket.requests.length, 0);
  chat.retry();
  const { key } = socket.requests[0].request;
  await socket.answer({ message: message(1, 'me', { text: 'hello', key }) });
  assert.deepEqual([drafts(store), troubleOf(store)], [[], undefined]);
  assert.deepEqual(heard.map(([name]) => name), ['trouble', 'trouble']);
});

test('too many requests: after the time that the server says, without a word', async () => {
  const { chat, store, socket, clock, heard } = await makeJoinedChat();
  chat.say('hello');
  await socket.answer(refusal('too-many-requests', { retryAfter: 4500 }));
  await clock.advance(4499);
  assert.equal(socket.requests.length, 0);
  await clock.advance(1);
  assert.deepEqual([socket.requests.length, heard], [1, []]);
});

test('what the server will never take is dropped, in words', async () => {
  const { chat, store, socket, heard } = await makeJoinedChat();
  chat.say('hello');
  await socket.answer(refusal('bad-request', { argument: 'text', limit: 4000 }));
  assert.deepEqual([drafts(store), heard], [[], [['note', { key: 'chat.not-taken' }]]]);
});

for (const code of ['busy', 'internal', 'too-many-requests']) {
  test(`${code} to join: it is tried again, and the room stays`, async () => {
    const { chat, store, socket, clock, heard } = makeChat();
    for (const wait of [1000, 2000, 4000]) {
      await socket.answer(refusal(code));
      await clock.advance(wait - 1);
      assert.equal(socket.requests.length, 0);
      await clock.advance(1);
      assert.equal(socket.requests.length, 1);
    }
    assert.ok(heard.every(([name]) => name === 'trouble'));
    if (code === 'busy') assert.equal(troubleOf(store), 'refusal.busy');
    await socket.answer({ ...joined, memberCount: 12 });
    assert.deepEqual([troubleOf(store), store.get().members.count, othersOf(store.get().members)], [undefined, 12, 11]);
  });
}

for (const code of ['room-full', 'locked', 'denied', 'version']) {
  test(`${code} to join leads out, in words`, async () => {
    const { socket, clock, heard } = makeChat();
    await socket.answer(refusal(code));
    await clock.advance(100_000);
    assert.deepEqual([heard, socket.requests.length], [[['refused', { key: `refusal.${code}` }]], 0]);
  });
}

test('who has to wait says so, and joins when it is admitted', async () => {
  const { store, socket } = makeChat();
  store.apply({ type: 'entering', name: 'Me' });
  await socket.answer({ waiting: true, key: 'mine' });
  assert.equal(store.get().connection.screen, 'waiting');
  socket.deliver('admitted', {});
  assert.equal(socket.requests[0].request.key, 'mine');
  await socket.answer(joined);
  assert.equal(store.get().connection.screen, 'call');
  socket.deliver('waiting', { members: [{ id: 'x', name: 'Gil' }] });
  assert.deepEqual(store.get().members.waiting, [{ id: 'x', name: 'Gil' }]);
});

test('who waited and is denied is led out', async () => {
  const { socket, heard } = makeChat();
  await socket.answer({ waiting: true, key: 'mine' });
  socket.deliver('denied', {});
  assert.deepEqual(heard, [['refused', { key: 'refusal.denied' }]]);
});

test('a host lets in, refuses and locks', async () => {
  const { members, store, socket } = await makeJoinedChat();
  void members.admit('a');
  void members.deny('b');
  void members.lock(true);
  assert.deepEqual(socket.requests.map(({ name, request }) => [name, request]), [['admit', { id: 'a' }], ['deny', { id: 'b' }], ['lock', { locked: true }]]);
  await socket.answer(refusal('unknown-member'));
  await socket.answer(refusal('not-allowed'));
  assert.deepEqual(store.get().notices.list.map(({ sentence }) => sentence.key), ['refusal.not-allowed']);
});

test('a name that the server does not take leads out', async () => {
  const { socket, clock, heard } = makeChat();
  await socket.answer(refusal('bad-request', { argument: 'name' }));
  await clock.advance(100_000);
  assert.deepEqual([heard, socket.requests.length], [[['refused', { key: 'refusal.name' }]], 0]);
});

test('a new connection joins once, whatever was waited for', async () => {
  const { socket, clock } = makeChat();
  await socket.answer(refusal('busy'));
  socket.deliver('disconnect');
  socket.deliver('connect');
  await clock.advance(100_000);
  assert.deepEqual(socket.requests.map(({ name }) => name), ['join']);
});

test('after leaving nothing is tried again', async () => {
  const { socket, clock, leave } = makeChat();
  await socket.answer(refusal('busy'));
  leave();
  await clock.advance(100_000);
  assert.equal(socket.requests.length, 0);
});

test('a connection that was lost comes back as the same person', async () => {
  const { socket } = makeChat();
  await socket.answer(joined);
  socket.deliver('disconnect');
  socket.deliver('connect');
  assert.deepEqual(socket.requests.map(({ request }) => request.key), ['secret']);
});

test('a namespace that is refused for a time is entered again', async () => {
  const { socket, clock, heard, leave } = makeChat();
  const refuse = (error) => {
    socket.active = false;
    socket.connected = false;
    socket.deliver('connect_error', Object.assign(new Error('refused'), { data: error }));
  };
  socket.deliver('connect_error', new Error('xhr poll error'));
  await clock.advance(100_000);
  assert.equal(socket.connects, 0, 'a connection that fails is made again by its manager');
  refuse({ code: 'too-many-requests', retryAfter: 2500 });
  await clock.advance(2499);
  assert.equal(socket.connects, 0);
  await clock.advance(1);
  assert.equal(socket.connects, 1);
  refuse({ code: 'busy' });
  leave();
  await clock.advance(100_000);
  assert.deepEqual([socket.connects, heard], [1, []]);
  refuse(undefined);
  assert.deepEqual(heard, [['refused', { key: 'refusal.unknown' }]]);
});

/** What `sessionStorage` is. */
function makeStorage() {
  const entries = new Map();
  return {
    entries,
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
  };
}

test('after a reload this member is who it was, and its messages are its own', async () => {
  const storage = makeStorage();
  const first = makeChat(storage);
  await first.socket.answer(joined);
  // A tab that is duplicated now gets no key.
  assert.equal(storage.entries.size, 0);
  first.link.suspend();
  const second = makeChat(storage);
  assert.equal(second.socket.requests[0].request.key, 'secret');
  await second.socket.answer(joinedWith(message(1, 'me'), message(2)));
  const { items } = windowOf(second.store.get().timeline, 10);
  assert.deepEqual(items.filter(({ kind }) => kind === 'message').map(({ isOwn }) => isOwn), [true, false]);
  assert.equal(storage.entries.size, 0);
});

test('who has left comes as somebody new', async () => {
  const storage = makeStorage();
  const { link, socket, leave } = makeChat(storage);
  await socket.answer(joined);
  leave();
  link.suspend();
  assert.equal(makeChat(storage).socket.requests[0].request.key, undefined);
});

test('what comes while somebody is away counts as unread, what was there before does not', async () => {
  const { store, socket } = makeChat();
  await socket.answer(joinedWith(message(1), message(2)));
  assert.equal(store.get().panel.unread, 0);
  socket.deliver('message', message(3));
  socket.deliver('message', message(3));
  socket.deliver('disconnect');
  socket.deliver('connect');
  await socket.answer(joinedWith(message(3), message(4), message(5, 'me')));
  assert.equal(store.get().panel.unread, 2);
});

test('a clock that is wrong: what is said has the time of the server', async () => {
  const { chat, store, socket } = await makeJoinedChat();
  const ahead = 2 * 24 * 3_600_000;
  socket.deliver('message', message(1, 'other', { time: Date.now() + ahead }));
  chat.say('mine');
  assert.ok(Math.abs(store.get().timeline.drafts[0].time - Date.now() - ahead) < 1000);
});

const numbers = (store) => store.get().timeline.messages.map(({ number }) => number);

test('a hole in the numbers is fetched', async () => {
  const { store, socket } = makeChat();
  await socket.answer(joinedWith(message(1), message(2)));
  socket.deliver('message', message(6));
  socket.deliver('message', message(7));
  assert.deepEqual(socket.requests.map(({ name, request }) => [name, request]), [['history', { after: 2 }]]);
  await socket.answer({ messages: [message(3), message(4)], more: true });
  assert.deepEqual(socket.requests.map(({ request }) => request), [{ after: 4 }]);
  await socket.answer({ messages: [message(5), message(6)], more: false });
  assert.deepEqual([numbers(store), socket.requests.length], [[1, 2, 3, 4, 5, 6, 7], 0]);
  socket.deliver('message', message(8));
  assert.equal(socket.requests.length, 0);
});

test('what was missed while the server was lost is fetched, and counts as unread', async () => {
  const { store, socket } = makeChat();
  await socket.answer(joinedWith(message(1)));
  socket.deliver('disconnect');
  socket.deliver('connect');
  await socket.answer({ ...joinedWith(message(4), message(5)), more: true });
  await socket.answer({ messages: [message(2), message(3), message(4)], more: true });
  assert.deepEqual([numbers(store), store.get().panel.unread, socket.requests.length], [[1, 2, 3, 4, 5], 4, 0]);
});

test('a room that begins anew takes the place of what was there', async () => {
  const { store, socket } = makeChat();
  await socket.answer(joinedWith(message(1), message(2), message(3)));
  socket.deliver('disconnect');
  socket.deliver('connect');
  await socket.answer(joinedWith(message(1, 'other', { text: 'first again' })));
  assert.deepEqual(store.get().timeline.messages.map(({ text }) => text), ['first again']);
});

test('one\'s own message that comes as an event as well stands there once', async () => {
  const { chat, store, socket } = await makeJoinedChat();
  chat.say('hello');
  const { key } = socket.requests[0].request;
  socket.deliver('message', message(1, 'me', { text: 'hello', key }));
  await socket.answer({ message: message(1, 'me', { text: 'hello', key }) });
  assert.deepEqual([numbers(store), drafts(store), store.get().panel.unread], [[1], [], 0]);
});

test('a page that goes says so by a beacon, and one that is not in the room does not', async (context) => {
  const sent = [];
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { sendBeacon: (...words) => sent.push(words) }, configurable: true });
  context.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : delete globalThis.navigator));
  const { link, socket } = makeChat();
  link.suspend();
  assert.deepEqual(sent, []);
  socket.id = 'socket-1';
  await socket.answer(joined);
  link.suspend();
  // Browsers may close the connection before the page hears that it goes.
  socket.deliver('disconnect');
  Object.assign(socket, { connected: false, id: undefined });
  link.suspend();
  Object.assign(socket, { connected: true, id: 'socket-2' });
  socket.deliver('connect');
  await socket.answer(joined);
  link.suspend();
  assert.deepEqual(sent.map(([path]) => path), ['/api/leave', '/api/leave', '/api/leave']);
  const goodbyes = ['socket-1', 'socket-1', 'socket-2'].map((connection) => ({ room: 'tea', key: 'secret', connection }));
  assert.deepEqual(sent.map(([, words]) => JSON.parse(words)), goodbyes);
});

test('what is heard of members is in the list, with their names for who types', async () => {
  const { store, socket } = await makeJoinedChat();
  socket.deliver('member', { id: 'a', name: 'Ann', role: 'member', away: false, hand: 0 });
  socket.deliver('typing', { id: 'a', active: true });
  assert.deepEqual(typingNames(store.get().members), ['Ann']);
  socket.deliver('member', { id: 'a', name: 'Ann', role: 'member', away: true, hand: 0 });
  socket.deliver('room', { ...settings, locked: true });
  assert.deepEqual([store.get().members.list[1].away, store.get().members.isLocked], [true, true]);
  socket.deliver('member-left', { id: 'a', reason: 'left' });
  assert.deepEqual([store.get().members.count, store.get().members.typing], [1, []]);
});
