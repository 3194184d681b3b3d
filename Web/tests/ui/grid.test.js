import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropLimit, fitTiles, layOut, pictureBox } from '../../ui/stage/grid.js';

for (const [count, width, height, columns] of [
  [1, 900, 600, 1],
  [2, 900, 600, 1],
  [2, 360, 600, 1],
  [3, 360, 640, 1],
  [4, 900, 600, 2],
  [5, 900, 600, 2],
  [9, 900, 600, 3],
  [3, 374, 690, 1],
  [4, 374, 690, 2],
  [6, 374, 690, 2],
  [8, 374, 690, 2],
  [12, 374, 690, 3],
  [6, 304, 440, 2],
  [6, 828, 290, 3],
]) {
  test(`${count} tiles in ${width}×${height} stand in ${columns} columns and fit`, () => {
    const fit = fitTiles({ count, width, height, gap: 12 });
    assert.equal(fit.columns, columns);
    assert.ok(fit.columns * fit.tileWidth + (fit.columns - 1) * 12 <= width);
    assert.ok(fit.rows * fit.tileHeight + (fit.rows - 1) * 12 <= height);
    assert.ok(fit.tileWidth > 80 && fit.tileHeight > 80);
  });
}

test('no space gives no tiles, and no error', () => {
  assert.equal(fitTiles({ count: 3, width: 0, height: 0, gap: 12 }).tileWidth, 0);
});

const screens = [[844, 390], [390, 844], [1280, 800], [1366, 768], [320, 480], [2000, 1100]];

for (const [width, height] of screens) {
  for (let count = 2; count <= 16; count += 1) {
    test(`one of ${count} is large in ${width}×${height}, and nothing is cut off`, () => {
      const layout = layOut({ kind: 'large', count, size: { width, height }, gap: 12 });
      assert.equal(layout.kind, 'large');
      const { main, small, isWide } = layout;
      assert.ok(isWide ? main.height === height && main.width + 12 + small.width <= width : main.width === width && main.height + 12 + small.height <= height);
      assert.ok(main.width * main.height > 0.6 * width * height, 'it is what one looks at');
      assert.ok(small.width >= 100 && small.height >= 60, 'faces can be told');
    });
  }

  test(`of two the other has all of ${width}×${height}, and oneself a corner`, () => {
    const layout = layOut({ kind: 'pair', count: 2, size: { width, height }, gap: 12 });
    assert.deepEqual([layout.kind, layout.main], ['pair', { width, height }]);
    assert.ok(layout.corner.width <= Math.max(width * 0.34, 104) && layout.corner.height <= height / 3);
  });
}

for (const [tile, picture] of [
  [[900, 650], [1280, 720]], [[374, 700], [1280, 720]], [[374, 700], [640, 480]], [[640, 360], [640, 360]],
  [[300, 300], [720, 1280]], [[300, 240], [1280, 720]], [[1000, 100], [640, 480]],
]) {
  const size = ([width, height]) => ({ width, height });
  test(`a picture of ${picture.join('×')} in ${tile.join('×')} loses no more than may be`, () => {
    const box = pictureBox(size(tile), size(picture));
    const aspect = picture[0] / picture[1];
    const seen = Math.min(box.width / box.height / aspect, (aspect * box.height) / box.width);
    assert.ok(seen >= 1 - cropLimit - 1e-9, String(seen));
    assert.ok(box.width <= tile[0] && box.height <= tile[1]);
    assert.ok(Math.abs(box.width - tile[0]) < 1e-9 || Math.abs(box.height - tile[1]) < 1e-9, 'it is as large as can be');
  });
  test(`of a screen of ${picture.join('×')} in ${tile.join('×')} nothing is cut off`, () => {
    const box = pictureBox(size(tile), size(picture), 0);
    assert.ok(Math.abs(box.width / box.height - picture[0] / picture[1]) < 1e-9);
  });
}

for (let count = 1; count <= 16; count += 1) {
  test(`${count} tiles that are alike are as wide as usual pictures, or up to square on an upright screen`, () => {
    for (const [width, height] of screens) {
      const { tileWidth, tileHeight } = fitTiles({ count, width, height, gap: 12 });
      const aspect = tileWidth / tileHeight;
      const least = height > width ? 1 : (16 / 9) * (1 - cropLimit);
      assert.ok(aspect > least - 0.03 && aspect < 16 / 9 / (1 - cropLimit) + 0.03, `${width}×${height}: ${aspect}`);
    }
  });
}
