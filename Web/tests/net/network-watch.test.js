import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchNetwork } from '../../net/network-watch.js';

function watch(line) {
  const target = new EventTarget();
  const end = new AbortController();
  let count = 0;
  watchNetwork({ target, line, signal: end.signal, onChange: () => (count += 1) });
  return { target, end, changes: () => count };
}

function becomes(line, values) {
  Object.assign(line, values).dispatchEvent(new Event('change'));
}

test('a network that is there again is a change', () => {
  const { target, changes } = watch(undefined);
  target.dispatchEvent(new Event('online'));
  assert.equal(changes(), 1);
});

test('another kind of line is a change; another estimate of its speed, or none, is not', () => {
  const line = Object.assign(new EventTarget(), { type: 'wifi', rtt: 50 });
  const { changes } = watch(line);
  becomes(line, { rtt: 100 });
  assert.equal(changes(), 0);
  becomes(line, { type: 'cellular' });
  assert.equal(changes(), 1);
  becomes(line, { type: 'none' });
  assert.equal(changes(), 1);
  becomes(line, { type: 'wifi' });
  assert.equal(changes(), 2);
});

test('a browser that does not tell the kind of its line tells no change by its speed', () => {
  const line = Object.assign(new EventTarget(), { rtt: 50 });
  const { changes } = watch(line);
  becomes(line, { rtt: 100 });
  assert.equal(changes(), 0);
});

test('after the end nothing is told', () => {
  const line = Object.assign(new EventTarget(), { type: 'wifi' });
  const { target, end, changes } = watch(line);
  end.abort();
  target.dispatchEvent(new Event('online'));
  becomes(line, { type: 'cellular' });
  assert.equal(changes(), 0);
});
