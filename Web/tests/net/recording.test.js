import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallLink } from '../../net/call-link.js';
import { Members } from '../../net/members.js';
import { RoomLink } from '../../net/room-link.js';
import { createPageStore } from '../../state/state.js';
import { ManualClock, settle } from '../clock.js';

const call = (more) => ({ stay: 's', away: false, audio: true, video: true, screen: false, recording: false, ...more });
const person = (id, more) => ({ id, name: id, role: 'member', away: false, hand: 0, call: call(more) });
const joined = (...members) => ({ self: 'me', key: 'k', room: { locked: false }, members, memberCount: members.length, call: { forgottenBy: [] }, iceServers: [], epoch: 1, messages: [] });
const silent = { audio: false, video: false, screen: false };
const refusal = (code, retryAfter) => ({ error: { code, retryAfter } });

/** A call whose server is the test: `requests` are those that wait for an answer. */
function make() {
  const clock = new ManualClock();
  const listeners = new Map();
  const requests = [];
  const socket = {
    connected: true,
    on: (name, listener) => listeners.set(name, [...(listeners.get(name) ?? []), listener]),
    connect: () => undefined,
    disconnect: () => undefined,
    emit: () => undefined,
    timeout: () => ({ emitWithAck: (name, value) => new Promise((resolve, reject) => requests.push({ name, value, resolve, reject })) }),
  };
  const store = createPageStore();
  const link = new RoomLink({ socket, room: 'tea', name: 'Me' }, { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout, random: () => 0.5 });
  const members = new Members({ link, store });
  const callLink = new CallLink(link, store);
  const told = [];
  store.watch(({ notices }) => notices.list.at(-1)?.sentence, (note) => note && told.push(note), { signal: new AbortController().signal });
  link.start();
  const deliver = (name, ...values) => listeners.get(name).forEach((listener) => listener(...values));
  const answer = async (value) => {
    requests.shift().resolve(value);
    await settle();
  };
  return { clock, requests, store, members, callLink, told, deliver, answer };
}

async function makeJoined(...members) {
  const made = make();
  await made.answer(joined(person('me'), ...members));
  return made;
}

test('who records says so, and knows when the server has taken it', async () => {
  const { callLink, requests, answer } = await makeJoined();
  let isTold;
  void callLink.setRecording(true).then((isTaken) => (isTold = isTaken));
  await settle();
  assert.deepEqual(requests.map(({ name, value }) => [name, value]), [['status', { ...silent, recording: true }]]);
  assert.equal(isTold, undefined);
  await answer({});
  assert.equal(isTold, true);
  assert.equal(await callLink.setRecording(true), true, 'once more');
  assert.equal(requests.length, 0);
});

test('a change of what is sent does not end it, and two of the same are said once', async () => {
  const { callLink, requests, answer } = await makeJoined();
  const both = Promise.all([callLink.setRecording(true), callLink.setRecording(true)]);
  await settle();
  assert.equal(requests.length, 1);
  await answer({});
  assert.deepEqual(await both, [true, true]);
  callLink.setStatus({ audio: true, video: false, screen: false });
  assert.deepEqual(requests[0].value, { audio: true, video: false, screen: false, recording: true });
});

test('a refusal that passes is tried again, unless it was changed meanwhile', async () => {
  const { callLink, requests, clock, answer } = await makeJoined();
  const first = callLink.setRecording(true);
  await settle();
  await answer(refusal('too-many-requests', 4000));
  assert.equal(await first, false);
  await clock.advance(3999);
  assert.equal(requests.length, 0);
  await clock.advance(1);
  assert.deepEqual(requests[0].value, { ...silent, recording: true });
  void callLink.setRecording(false);
  await settle();
  await answer(refusal('too-many-requests', 4000));
  await answer({});
  await clock.advance(60_000);
  assert.equal(requests.length, 0, 'the last that was said holds');
});

test('one that does not pass is not', async () => {
  const { callLink, requests, clock, answer } = await makeJoined();
  const first = callLink.setRecording(true);
  await settle();
  await answer(refusal('bad-request'));
  assert.equal(await first, false);
  await clock.advance(60_000);
  assert.equal(requests.length, 0);
});

test('it goes on over a connection that was lost, and is told to whoever was not there', async () => {
  const { callLink, requests, deliver, answer } = make();
  assert.equal(await callLink.setRecording(true), false, 'before one is in the call');
  assert.equal(requests[0].value.call.recording, false);
  await answer(joined(person('me')));
  assert.deepEqual(requests[0].value, { ...silent, recording: true }, 'as soon as one is in it');
  await answer({});
  deliver('disconnect');
  assert.equal(await callLink.setRecording(false), false);
  deliver('connect');
  assert.equal(requests[0].value.call.recording, false);
});

test('who begins and ceases to record is told, and who does on arrival', async () => {
  const { told, deliver } = await makeJoined(person('ana', { recording: true }), person('bea'));
  deliver('member', person('bea', { recording: true }));
  deliver('member', person('bea', { recording: true, audio: false }));
  deliver('member', person('me', { recording: true }));
  deliver('member', person('ana'));
  deliver('member-left', { id: 'bea', reason: 'left' });
  assert.deepEqual(told.map(({ key, values }) => `${key} ${values.name}`), ['note.records ana', 'note.records bea', 'note.records-no-more ana']);
});

test('who recorded before the connection was lost is not told of again', async () => {
  const { told, deliver, answer } = await makeJoined(person('ana', { recording: true }));
  deliver('disconnect');
  deliver('connect');
  await answer(joined(person('me'), person('ana', { recording: true }), person('cid', { recording: true })));
  assert.deepEqual(told.map(({ values }) => values.name), ['ana', 'cid']);
});

test('a hand that somebody else has lowered is told of, and one\'s own doing is not', async () => {
  const { told, deliver, members, requests, answer } = await makeJoined(person('ana'));
  const mine = (hand) => deliver('member', { ...person('me'), hand });
  mine(1);
  mine(0);
  assert.deepEqual(told.map(({ key }) => key), ['note.hand-lowered']);
  mine(2);
  void members.raiseHand(false);
  await settle();
  assert.deepEqual(requests[0].value, { raised: false });
  mine(0);
  await answer({});
  mine(3);
  mine(0);
  assert.equal(told.length, 2);
  void members.lowerHand('ana');
  void members.lowerHand();
  assert.deepEqual(requests.map(({ name, value }) => [name, value]), [['lower', { id: 'ana' }], ['lower', { all: true }]]);
});
