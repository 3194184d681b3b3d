/**
 * How much wider or taller than its picture a tile may be. The picture is then cropped, which uses the
 * space better than bars would.
 */
const crop = 1.3;

/**
 * The number of columns that makes tiles as large as they can be.
 *
 * @param {object} space
 * @param {number} space.count  of tiles
 * @param {number} space.width  of the whole, in pixels
 * @param {number} space.height
 * @param {number} space.gap  between two tiles
 * @param {number} [space.aspect]  width of a tile by its height
 * @returns {{ columns: number, rows: number, tileWidth: number, tileHeight: number }}
 */
export function fitTiles({ count, width, height, gap, aspect = 4 / 3 }) {
  let best = { columns: 1, rows: Math.max(count, 1), tileWidth: 0, tileHeight: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (width - gap * (columns - 1)) / columns;
    const cellHeight = (height - gap * (rows - 1)) / rows;
    const tileWidth = Math.min(cellWidth, cellHeight * aspect * crop);
    const tileHeight = Math.min(cellHeight, (cellWidth / aspect) * crop);
    if (tileWidth > 0 && tileHeight > 0 && shown(tileWidth, tileHeight, aspect) > shown(best.tileWidth, best.tileHeight, aspect)) {
      best = { columns, rows, tileWidth: Math.floor(tileWidth), tileHeight: Math.floor(tileHeight) };
    }
  }
  return best;
}

/**
 * The area of the largest picture of that aspect inside.
 *
 * @param {number} width
 * @param {number} height
 * @param {number} aspect
 */
function shown(width, height, aspect) {
  const fitted = Math.min(width, height * aspect);
  return (fitted * fitted) / aspect;
}
