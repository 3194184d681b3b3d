import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chat } from '../../net/chat.js';
import { MemberKey } from '../../net/member-key.js';
import { othersOf } from '../../state/people.js';
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

const joined = { self: 'me', people: [{ id: 'me', name: 'Me' }], messages: [], more: false };
const refusal = (code, message = 'No.') => ({ error: { code, message } });

function makeChat(storage) {
  const clock = new ManualClock();
  const socket = new FakeSocket();
  const timing = { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout, random: () => 0.5 };
  const store = createPageStore();
  const heard = [];
  const onRefused = (reason) => heard.push(['refused', reason]);
  const chat = new Chat({ socket, store, room: 'tea', name: 'Me', onRefused, key: new MemberKey('chat', 'tea', storage) }, timing);
  const { signal } = new AbortController();
  store.watch(({ notices }) => notices.list.at(-1)?.sentence, (note) => note && heard.push(['note', note]), { signal });
  store.watch(({ connection }) => connection.trouble, (trouble, before) => (trouble || before) && heard.push(['trouble', trouble]), { signal });
  chat.start();
  return { chat, store, socket, clock, heard };
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
  await socket.answer({ message: { id: 1, author: 'me', name: 'Me', text: 'hello', time: 1, key } });
  assert.deepEqual([drafts(store), troubleOf(store)], [[], undefined]);
  assert.deepEqual(heard.map(([name]) => name), ['trouble', 'trouble']);
});

test('too many requests: after the time that the server says, without a word', async () => {
  const { chat, store, socket, clock, heard } = await makeJoinedChat();
  chat.say('hello');
  await socket.answer(refusal('too-many-requests', 'Too many requests: try again in 4.5 s.'));
  await clock.advance(4499);
  assert.equal(socket.requests.length, 0);
  await clock.advance(1);
  assert.deepEqual([socket.requests.length, heard], [1, []]);
});

test('what the server will never take is dropped, in words', async () => {
  const { chat, store, socket, heard } = await makeJoinedChat();
  chat.say('hello');
  await socket.answer(refusal('bad-request', 'Too long.'));
  assert.deepEqual([drafts(store), heard], [[], [['note', { key: 'chat.not-taken' }]]]);
});

for (const code of ['busy', 'internal', 'too-many-requests', 'room-full']) {
  test(`${code} to join: it is tried again, and the room stays`, async () => {
    const { chat, store, socket, clock, heard } = makeChat();
    for (const wait of [1000, 2000, 4000]) {
      await socket.answer(refusal(code, 'This chat is full.'));
      await clock.advance(wait - 1);
      assert.equal(socket.requests.length, 0);
      await clock.advance(1);
      assert.equal(socket.requests.length, 1);
    }
    assert.ok(heard.every(([name]) => name === 'trouble'));
    if (code === 'room-full') assert.equal(troubleOf(store), 'chat.without');
    if (code === 'busy') assert.equal(troubleOf(store), 'refusal.busy');
    await socket.answer({ ...joined, peopleCount: 12 });
    assert.deepEqual([troubleOf(store), store.get().people.count, othersOf(store.get().people)], [undefined, 12, 11]);
  });
}

test('a name that the server does not take leads out', async () => {
  const { socket, clock, heard } = makeChat();
  await socket.answer(refusal('bad-request', '`name` is wrong.'));
  await clock.advance(100_000);
  assert.deepEqual([heard, socket.requests.length], [[['refused', { key: 'refusal.bad-request' }]], 0]);
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
  const { chat, socket, clock } = makeChat();
  await socket.answer(refusal('busy'));
  chat.leave();
  await clock.advance(100_000);
  assert.equal(socket.requests.length, 0);
});

test('a connection that was lost comes back as the same person', async () => {
  const { socket } = makeChat();
  await socket.answer({ ...joined, resumeKey: 'secret' });
  socket.deliver('disconnect');
  socket.deliver('connect');
  assert.deepEqual(socket.requests.map(({ request }) => request.resume), ['secret']);
});

test('a namespace that is refused for a time is entered again', async () => {
  const { chat, store, socket, clock, heard } = makeChat();
  const refuse = (code, message) => {
    socket.active = false;
    socket.connected = false;
    socket.deliver('connect_error', Object.assign(new Error(message), { data: code && { code } }));
  };
  socket.deliver('connect_error', new Error('xhr poll error'));
  await clock.advance(100_000);
  assert.equal(socket.connects, 1, 'a connection that fails is made again by its manager');
  refuse('too-many-requests', 'Too many requests: try again in 2.5 s.');
  await clock.advance(2499);
  assert.equal(socket.connects, 1);
  await clock.advance(1);
  assert.equal(socket.connects, 2);
  refuse('busy', 'Later.');
  chat.leave();
  await clock.advance(100_000);
  assert.deepEqual([socket.connects, heard], [2, []]);
  refuse(undefined, 'Not allowed.');
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
  await first.socket.answer({ ...joined, resumeKey: 'secret' });
  // A tab that is duplicated now gets no key.
  assert.equal(storage.entries.size, 0);
  first.chat.suspend();
  const second = makeChat(storage);
  assert.equal(second.socket.requests[0].request.resume, 'secret');
  const message = { id: 1, author: 'me', name: 'Me', text: 'hello', time: 1 };
  await second.socket.answer({ ...joined, messages: [message, { ...message, id: 2, author: 'other' }] });
  const { items } = windowOf(second.store.get().timeline, 10);
  assert.deepEqual(items.filter(({ kind }) => kind === 'message').map(({ isOwn }) => isOwn), [true, false]);
  assert.equal(storage.entries.size, 0);
});

test('who has left comes as somebody new', async () => {
  const storage = makeStorage();
  const { chat, socket } = makeChat(storage);
  await socket.answer({ ...joined, resumeKey: 'secret' });
  chat.leave();
  chat.suspend();
  assert.equal(makeChat(storage).socket.requests[0].request.resume, undefined);
});

test('what comes while somebody is away counts as unread, what was there before does not', async () => {
  const { store, socket } = makeChat();
  const message = (id, author = 'other') => ({ id, author, name: author, text: 't', time: Date.now() });
  await socket.answer({ ...joined, messages: [message(1), message(2)] });
  assert.equal(store.get().panel.unread, 0);
  socket.deliver('message', message(3));
  socket.deliver('message', message(3));
  socket.deliver('disconnect');
  socket.deliver('connect');
  await socket.answer({ ...joined, messages: [message(3), message(4), message(5, 'me')] });
  assert.equal(store.get().panel.unread, 2);
});

test('a clock that is wrong: what is said has the time of the server', async () => {
  const { chat, store, socket } = await makeJoinedChat();
  const ahead = 2 * 24 * 3_600_000;
  socket.deliver('message', { id: 1, author: 'other', name: 'O', text: 't', time: Date.now() + ahead });
  chat.say('mine');
  assert.ok(Math.abs(store.get().timeline.drafts[0].time - Date.now() - ahead) < 1000);
});
