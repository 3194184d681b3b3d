import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPageStore } from '../../state/state.js';
import { guardBack } from '../../ui/call/back.js';

/** A window with a history that goes at once. */
class FakeWindow {
  entries = [null];
  index = 0;
  #listeners = [];
  history = (() => {
    const window = this;
    return {
      get state() {
        return window.entries[window.index] ?? null;
      },
      pushState(state) {
        window.entries.splice(window.index + 1, Infinity, state);
        window.index += 1;
      },
      replaceState(state) {
        window.entries[window.index] = state;
      },
      back: () => this.go(-1),
      go: (steps) => this.go(steps),
    };
  })();

  go(steps) {
    this.index += steps;
    this.dispatch('popstate');
  }

  addEventListener(name, listener, { signal }) {
    this.#listeners.push({ name, listener, signal });
  }

  dispatch(name) {
    for (const each of this.#listeners) if (each.name === name && !each.signal.aborted) each.listener({});
  }
}

function make({ isSheet = true, window = new FakeWindow() } = {}) {
  const store = createPageStore();
  store.apply({ type: 'lobby', room: 'tea' });
  store.apply({ type: 'entering', name: 'A' });
  const end = new AbortController();
  guardBack({ store, isSheet: () => isSheet, signal: end.signal }, window);
  const open = (isOpen) => store.apply({ type: 'panel', isOpen });
  const place = () => window.history.state?.linkup ?? 'room';
  const notes = () => store.get().notices.list.map(({ sentence }) => sentence.key);
  return { store, window, end, open, place, notes };
}

test('Back closes the sheet, and the call stays', () => {
  const { store, window, open, place, notes } = make();
  open(true);
  assert.equal(place(), 'sheet');
  window.go(-1);
  assert.deepEqual([store.get().panel.isOpen, place(), notes()], [false, 'call', []]);
});

test('a sheet that is closed leaves no entry', () => {
  const { window, open, place } = make();
  open(true);
  open(false);
  assert.deepEqual([place(), window.index], ['call', 1]);
});

test('a panel beside the call is no entry', () => {
  const { store, window, open, place, notes } = make({ isSheet: false });
  open(true);
  assert.equal(place(), 'call');
  window.go(-1);
  assert.deepEqual([store.get().panel.isOpen, notes()], [true, ['call.back-asks']]);
});

test('Back asks, the second one leaves, and whoever goes on is asked again', () => {
  const { window, place, notes } = make();
  window.go(-1);
  assert.deepEqual([place(), notes()], ['room', ['call.back-asks']]);
  assert.equal(window.index, 0, 'another one leaves the page');
  window.dispatch('pointerdown');
  assert.equal(place(), 'call');
  window.go(-1);
  assert.equal(notes().length, 2);
});

for (const isOpen of [false, true]) {
  test(`the end of the call takes its entries away${isOpen ? ', and that of the sheet' : ''}`, () => {
    const { window, end, open, place } = make();
    open(isOpen);
    end.abort();
    assert.deepEqual([place(), window.index], ['room', 0]);
  });
}

test('a page that was loaded again in a call has one entry', () => {
  const window = new FakeWindow();
  window.entries = [null, { linkup: 'sheet' }];
  window.index = 1;
  const { place } = make({ window });
  assert.deepEqual([place(), window.index], ['call', 1]);
});
