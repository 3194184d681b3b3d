import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPageStore } from '../../state/state.js';
import { mutedTrackOf } from '../../ui/call/muted.js';
import { listenForTalk, startsTalk } from '../../ui/call/talk.js';
import { ManualClock } from '../clock.js';

const target = (...kinds) => ({ matches: (selector) => kinds.some((kind) => selector.split(/,\s*/).includes(kind)) });
const press = (more) => ({ key: ' ', code: 'Space', shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, repeat: false, isComposing: false, keyCode: 32, target: target(), ...more });

function make({ isMuted = true, hasMicrophone = true } = {}) {
  const track = hasMicrophone ? { enabled: !isMuted } : undefined;
  const store = createPageStore();
  store.apply({ type: 'lobby', room: 'tea' });
  store.apply({ type: 'entering', name: 'A' });
  store.apply({ type: 'media', ...store.get().media, audioTrack: track });
  const clock = new ManualClock();
  const listeners = [];
  const end = new AbortController();
  const said = [];
  const surroundings = { addEventListener: (name, listener) => listeners.push({ name, listener }), setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout };
  const talk = (isHeard) => (said.push(isHeard), track && (track.enabled = isHeard));
  listenForTalk({ store, talk, signal: end.signal }, surroundings);
  const happen = (name, more) => {
    const event = { prevented: false, preventDefault: () => (event.prevented = true), ...press(more) };
    for (const each of listeners) if (each.name === name) each.listener(event);
    return event.prevented;
  };
  return { store, clock, happen, said, end, track };
}

for (const [what, event, expected] of [
  ['Space', {}, true],
  ['another key', { code: 'KeyM' }, false],
  ['Space that was held before', { repeat: true }, false],
  ['Space with Ctrl', { ctrlKey: true }, false],
  ['Space with Shift', { shiftKey: true }, false],
  ['Space with Alt', { altKey: true }, false],
  ['Space while composing', { isComposing: true }, false],
  ['Space in a text', { target: target('textarea') }, false],
  ['Space in a field', { target: { matches: (selector) => selector.startsWith('input:not') } }, false],
  ['Space on a button', { target: target('button') }, false],
  ['Space on a box to check', { target: target('input') }, false],
  ['Space in what it scrolls', { target: target('[tabindex]:not([tabindex="-1"]):not(.tile)') }, false],
  ['Space on the page', { target: {} }, true],
]) {
  test(`push to talk: ${what}`, () => assert.equal(startsTalk(press(event), make().store.get()), expected));
}

for (const [what, event] of [
  ['where shortcuts are switched off', { type: 'shortcuts', isOn: false }],
  ['in the help', { type: 'help', isOpen: true }],
  ['in the test of the connection', { type: 'check', isOpen: true }],
  ['where the call is elsewhere', { type: 'elsewhere', isElsewhere: true }],
  ['in the lobby', { type: 'lobby', room: 'tea' }],
  ['after leaving', { type: 'left' }],
]) {
  test(`push to talk is not ${what}`, () => {
    const { store } = make();
    store.apply(event);
    assert.equal(startsTalk(press(), store.get()), false);
  });
}

test('who is heard anyway, or has no microphone, is not muted by it', () => {
  assert.equal(startsTalk(press(), make({ isMuted: false }).store.get()), false);
  assert.equal(startsTalk(press(), make({ hasMicrophone: false }).store.get()), false);
});

for (const [what, end] of [
  ['the key is let go of', ({ happen }) => happen('keyup')],
  ['the window loses the focus', ({ happen }) => happen('blur', { target: {} })],
  ['the page is hidden', ({ happen }) => happen('visibilitychange', { target: {} })],
  ['the page goes', ({ happen }) => happen('pagehide', { target: {} })],
  ['a key is pressed that hides the end of others', ({ happen }) => happen('keydown', { code: 'MetaLeft', metaKey: true })],
  ['the call ends', ({ end: signal }) => signal.abort()],
]) {
  test(`it ends when ${what}`, () => {
    const made = make();
    assert.equal(made.happen('keydown'), true, 'it does not scroll');
    assert.equal(made.happen('keydown', { repeat: true }), true);
    assert.deepEqual(made.said, [true]);
    end(made);
    assert.deepEqual(made.said, [true, false]);
    made.happen('keyup');
    made.happen('blur', { target: {} });
    assert.deepEqual(made.said, [true, false], 'once');
  });
}

test('another key, or a field that loses the focus, does not end it', () => {
  const { happen, said } = make();
  happen('keydown');
  happen('keyup', { code: 'KeyX' });
  happen('blur', { target: target('button') });
  assert.deepEqual(said, [true]);
});

test('a key that repeated, and whose end was lost, ends it', async () => {
  const { happen, said, clock } = make();
  happen('keydown');
  for (let count = 0; count < 50; count += 1) {
    await clock.advance(100);
    happen('keydown', { repeat: true });
  }
  assert.deepEqual(said, [true]);
  await clock.advance(2000);
  assert.deepEqual(said, [true, false]);
});

test('a key that does not repeat is held for as long as it is', async () => {
  const { happen, said, clock } = make();
  happen('keydown');
  await clock.advance(60_000);
  assert.deepEqual(said, [true]);
  assert.equal(clock.pending, 0);
});

test('a microphone is listened to only while it is muted among others in this tab', () => {
  const { store, track } = make();
  const seen = [];
  const look = (event) => (event && store.apply(event), seen.push(mutedTrackOf(store.get()) === track));
  const others = { type: 'peers', peers: [{ id: 'a' }] };
  look();
  look(others);
  look({ type: 'elsewhere', isElsewhere: true });
  look({ type: 'elsewhere', isElsewhere: false });
  track.enabled = true;
  look();
  track.enabled = false;
  look({ type: 'peers', peers: [] });
  assert.deepEqual(seen, [false, true, false, true, false, false]);
});
