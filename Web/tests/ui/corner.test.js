import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cornerAt, cornerTowards } from '../../ui/stage/corner.js';

for (const [corner, key, leftToRight, rightToLeft] of [
  ['top-end', 'ArrowUp', 'top-end', 'top-end'],
  ['top-end', 'ArrowDown', 'bottom-end', 'bottom-end'],
  ['top-end', 'ArrowLeft', 'top-start', 'top-end'],
  ['top-end', 'ArrowRight', 'top-end', 'top-start'],
  ['bottom-start', 'ArrowUp', 'top-start', 'top-start'],
  ['bottom-start', 'ArrowRight', 'bottom-end', 'bottom-start'],
  ['bottom-start', 'ArrowLeft', 'bottom-start', 'bottom-end'],
  ['top-end', 'Enter', 'top-end', 'top-end'],
]) {
  test(`${key} from ${corner}`, () => {
    assert.deepEqual([cornerTowards(corner, key, false), cornerTowards(corner, key, true)], [leftToRight, rightToLeft]);
  });
}

for (const [x, y, leftToRight, rightToLeft] of [
  [110, 60, 'top-start', 'top-end'],
  [490, 60, 'top-end', 'top-start'],
  [110, 340, 'bottom-start', 'bottom-end'],
  [490, 340, 'bottom-end', 'bottom-start'],
  [299, 199, 'top-start', 'top-end'],
  [301, 201, 'bottom-end', 'bottom-start'],
  [-50, 900, 'bottom-start', 'bottom-end'],
]) {
  test(`the corner at ${x}, ${y}`, () => {
    const box = { left: 100, top: 50, width: 400, height: 300 };
    assert.deepEqual([cornerAt({ x, y }, box, false), cornerAt({ x, y }, box, true)], [leftToRight, rightToLeft]);
  });
}
