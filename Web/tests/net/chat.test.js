import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, settle } from '../clock.js';

const { Chat } = await import('../../net/chat.js');

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

function makeChat() {
  const clock = new ManualClock();
  const socket = new FakeSocket();
  const timing = { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout, random: () => 0.5 };
  const chat = new Chat({ socket, room: 'tea', name: 'Me' }, timing);
  const heard = [];
  for (const name of ['refused', 'note', 'trouble']) chat.on(name, (text) => heard.push([name, text ?? chat.trouble]));
  chat.start();
  return { chat, socket, clock, heard };
}

async function makeJoinedChat() {
  const made = makeChat();
  await made.socket.answer(joined);
  return made;
}

const drafts = (chat) => chat.timeline.items.filter(({ kind, id }) => kind === 'message' && id === undefined).map(({ text }) => text);

test('what the server cannot store stays, is said so, and is sent again', async () => {
  const { chat, socket, clock, heard } = await makeJoinedChat();
  chat.say('hello');
  await socket.answer(refusal('not-stored'));
  assert.deepEqual(drafts(chat), ['hello']);
  assert.equal(chat.trouble.key, 'refusal.not-stored');
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
  assert.deepEqual([drafts(chat), chat.trouble], [[], undefined]);
  assert.deepEqual(heard.map(([name]) => name), ['trouble', 'trouble']);
});

test('too many requests: after the time that the server says, without a word', async () => {
  const { chat, socket, clock, heard } = await makeJoinedChat();
  chat.say('hello');
  await socket.answer(refusal('too-many-requests', 'Too many requests: try again in 4.5 s.'));
  await clock.advance(4499);
  assert.equal(socket.requests.length, 0);
  await clock.advance(1);
  assert.deepEqual([socket.requests.length, heard], [1, []]);
});

test('what the server will never take is dropped, in words', async () => {
  const { chat, socket, heard } = await makeJoinedChat();
  chat.say('hello');
  await socket.answer(refusal('bad-request', 'Too long.'));
  assert.deepEqual([drafts(chat), heard], [[], [['note', { key: 'chat.not-taken' }]]]);
});

for (const code of ['busy', 'internal', 'too-many-requests', 'room-full']) {
  test(`${code} to join: it is tried again, and the room stays`, async () => {
    const { chat, socket, clock, heard } = makeChat();
    for (const wait of [1000, 2000, 4000]) {
      await socket.answer(refusal(code, 'This chat is full.'));
      await clock.advance(wait - 1);
      assert.equal(socket.requests.length, 0);
      await clock.advance(1);
      assert.equal(socket.requests.length, 1);
    }
    assert.ok(heard.every(([name]) => name === 'trouble'));
    if (code === 'room-full') assert.equal(chat.trouble.key, 'chat.without');
    if (code === 'busy') assert.equal(chat.trouble.key, 'refusal.busy');
    await socket.answer({ ...joined, peopleCount: 12 });
    assert.deepEqual([chat.trouble, chat.people.count, chat.people.others], [undefined, 12, 11]);
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
  const { chat, socket, clock, heard } = makeChat();
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
