import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPageStore } from '../../state/state.js';
import { announce } from '../../ui/call/announce.js';

const isolated = (text) => `\u2068${text}\u2069`;

function make({ ways = {}, permission = 'granted', fails = false } = {}) {
  const store = createPageStore();
  store.apply({ type: 'lobby', room: 'tea' });
  store.apply({ type: 'entering', name: 'Me' });
  store.apply({ type: 'joined', self: 'me' });
  store.apply({ type: 'ways', ways });
  const made = { store, shown: [], closed: 0, chimes: 0, focused: 0, time: 0 };
  class Notification {
    static permission = permission;
    constructor(title, { body, silent }) {
      if (fails) throw new TypeError('Illegal constructor');
      made.shown.push(`${title}: ${body}`);
      made.last = this;
      assert.equal(silent, true);
    }
    close() {
      made.closed += 1;
    }
  }
  const listeners = [];
  made.document = { title: '', visibilityState: 'visible', addEventListener: (_, listener) => listeners.push(listener) };
  made.end = new AbortController();
  const chime = { play: () => (made.chimes += 1), close: () => (made.isSilent = true) };
  announce({ store, signal: made.end.signal }, { document: made.document, Notification, focus: () => (made.focused += 1), now: () => made.time, chime });
  made.see = (isSeen) => {
    made.document.visibilityState = isSeen ? 'visible' : 'hidden';
    for (const listener of listeners) listener();
  };
  let number = 0;
  made.write = (text = 'a secret') => store.apply({ type: 'messages', messages: [{ number: (number += 1), author: 'a', name: 'Ana', text, time: 0 }], news: 1 });
  made.raise = (hand) => store.apply({ type: 'member', member: { id: 'a', name: 'Ana', role: 'member', away: false, hand } });
  return made;
}

const system = { system: true };

test('the title counts what happens, until it is seen', () => {
  const { document, see, write } = make();
  const titles = [document.title];
  for (const act of [write, () => see(false), write, write, () => see(true), write]) {
    act();
    titles.push(document.title);
  }
  assert.deepEqual(titles, ['tea · LinkUp', 'tea · LinkUp', 'tea · LinkUp', '(1) tea · LinkUp', '(2) tea · LinkUp', 'tea · LinkUp', 'tea · LinkUp']);
});

test('in sight nothing sounds and nothing is shown', () => {
  const made = make({ ways: system });
  made.write();
  assert.deepEqual([made.chimes, made.shown], [0, []]);
});

test('a sound in five seconds, and none where it is not wanted', () => {
  for (const [ways, expected] of [[{}, [1, 1, 2]], [{ chime: false }, [0, 0, 0]]]) {
    const made = make({ ways });
    made.see(false);
    const chimes = [0, 4999, 5000].map((time) => {
      made.time = time;
      made.write();
      return made.chimes;
    });
    assert.deepEqual(chimes, expected);
  }
});

test('a raised hand sounds in sight as well', () => {
  const made = make({ ways: system });
  for (const hand of [0, 1, 0]) made.raise(hand);
  assert.deepEqual([made.chimes, made.shown], [1, []]);
});

for (const [what, options, expected] of [
  ['by the name alone', { ways: system }, ['LinkUp: Ana']],
  ['as a whole, where that is wanted', { ways: { system: true, whole: true } }, [`LinkUp: ${isolated('Ana')}: ${isolated('a secret')}`]],
  ['not unless asked for', {}, []],
  ['not where it is not allowed', { ways: system, permission: 'denied' }, []],
]) {
  test(`the system tells: ${what}`, () => {
    const made = make(options);
    made.see(false);
    made.write();
    assert.deepEqual(made.shown, expected);
  });
}

test('of a long message the beginning is shown', () => {
  const made = make({ ways: { system: true, whole: true } });
  made.see(false);
  made.write('x'.repeat(4000));
  assert.ok(made.shown[0].length < 250);
});

test('what is told leads back, and goes when the page is seen', () => {
  const made = make({ ways: system });
  made.see(false);
  made.write();
  made.last.onclick();
  assert.deepEqual([made.focused, made.closed], [1, 1]);
  made.see(true);
  assert.equal(made.closed, 2);
});

test('a browser that keeps it from pages is asked once', () => {
  const made = make({ ways: system, fails: true });
  made.see(false);
  made.write();
  made.write();
  const { ways, list } = made.store.get().notices;
  assert.deepEqual([ways.system, list.map(({ sentence }) => sentence.key), made.document.title], [false, ['note.no-notifications'], '(2) tea · LinkUp']);
});

test('after the call the title is as before, and nothing sounds', () => {
  const made = make();
  made.see(false);
  made.write();
  made.end.abort();
  assert.deepEqual([made.document.title, made.isSilent], ['tea · LinkUp', true]);
});
